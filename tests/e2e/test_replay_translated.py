"""What real vendors said, heard through the SDKs of the others: a sample of recordings from every protocol to every other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
import pytest

from tests.e2e.all_clients import (
    SPEAKS,
    Clients,
    Speaks,
    Told,
    anthropic_told,
    chat_told,
    gemini_told,
    responses_told,
)
from tests.e2e.sources import recorded_vendor
from tests.support import goldens
from tests.support.goldens import Golden, needs_goldens
from tests.support.server import Gateway
from tests.support.upstreams.replay import CHOOSE_MODEL, RECORDED

pytestmark = needs_goldens

WHOLE_SAMPLE = 8


@pytest.fixture(scope="module")
def clients(gateway: Gateway, loop: asyncio.Runner) -> Iterator[Clients]:
    opened = Clients.open(gateway, loop)
    yield opened
    opened.close()


def recorded(golden: Golden) -> Told:
    """What the vendor said, read by nobody's codec."""
    protocol, body = RECORDED[golden.protocol], golden.body
    if protocol == "chat":
        return chat_told(body["choices"][0]["message"])
    return {"responses": responses_told, "anthropic": anthropic_told, "gemini": gemini_told}[protocol](body)


def plain(golden: Golden) -> bool:
    """Whether the recording is an ordinary answer, which every protocol can tell: words and calls of the client's tools."""
    told = recorded(golden)
    drawn = b'"image' in orjson.dumps(golden.body) or b'"inlineData"' in orjson.dumps(golden.body)
    return bool(told.text or told.calls) and not drawn


def sample(file: str) -> list[Golden]:
    """Some whole answers of a file, from its beginning to its end."""
    whole = [golden for golden in goldens.load(file) if golden.ok and not golden.streamed and plain(golden)]
    step = max(1, len(whole) // WHOLE_SAMPLE)
    return whole[::step]


WHOLE = [golden for file in RECORDED for golden in sample(file)]
STREAMS = [
    golden
    for file in RECORDED
    for golden in goldens.load(file)
    if golden.ok and golden.streamed and "event: error" not in golden.body
]


def others(golden: Golden) -> list[Speaks]:
    """The protocols that the recording is not in. (In its own it passes as it is: not always as today's SDK wants it.)"""
    return [speaks for speaks in SPEAKS if speaks != RECORDED[golden.protocol]]


@pytest.mark.parametrize("golden", WHOLE, ids=lambda golden: f"{golden.protocol}-{golden}")
def test_answers_are_told_in_other_words(clients: Clients, golden: Golden) -> None:
    model = f"{recorded_vendor(golden)}/{CHOOSE_MODEL}{golden}@{golden.host}"
    for speaks in others(golden):
        assert clients.ask(speaks, "whole", model) == recorded(golden), speaks


@pytest.mark.parametrize("golden", STREAMS, ids=lambda golden: f"{golden.protocol}-{golden}")
def test_streams_are_told_in_other_words(clients: Clients, golden: Golden) -> None:
    model = f"{recorded_vendor(golden)}/{CHOOSE_MODEL}{golden}@{golden.host}"
    first, *rest = [clients.ask(speaks, "streamed", model) for speaks in others(golden)]
    assert first.text or first.calls
    assert rest == [first, first]

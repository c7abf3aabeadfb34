"""Recorded vendor traffic through the gateway, byte by byte on the express lane: what the client sent reaches the vendor,
what the vendor said reaches the client, apart from the model's name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.sources import recorded_vendor
from tests.support import goldens
from tests.support.goldens import Golden, needs_goldens
from tests.support.server import Gateway
from tests.support.upstreams.cuts import odd
from tests.support.upstreams.replay import CHOOSE_MODEL, RECORDED, ReplayUpstream
from tests.support.waiting import PATIENCE

pytestmark = needs_goldens

ALL = [golden for name in RECORDED for golden in goldens.load(name)]
ANTHROPIC_HEADERS = {"anthropic-version": "2023-06-01", "anthropic-beta": "files-api-2025-04-14,mcp-client-2025-04-04"}


@pytest.fixture(scope="module")
def replay(replay_upstream: ReplayUpstream) -> Iterator[ReplayUpstream]:
    """The upstream, its streams cut at odd places and its JSON spelled as no codec of ours would spell it."""
    before = replay_upstream.cut, replay_upstream.spell
    replay_upstream.cut, replay_upstream.spell = lambda body: odd(seed=7)(spaced(body)), spelled
    yield replay_upstream
    replay_upstream.cut, replay_upstream.spell = before


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as opened:
        yield opened


def names(golden: Golden) -> tuple[str, str]:
    """The name that the client uses for a recording's model, and the vendor's."""
    upstream = f"{CHOOSE_MODEL}{golden}@{golden.host}"
    return f"{recorded_vendor(golden)}/{upstream}", upstream


def spelled(body: Any) -> bytes:
    return json.dumps(body, indent=1).encode()


def spaced(stream: bytes) -> bytes:
    return stream.replace(b'"model":"', b'"model": "')


def encoded(golden: Golden, model: str) -> bytes:
    """The recorded request for another model."""
    body = golden.request if RECORDED[golden.protocol] == "gemini" else {**golden.request, "model": model}
    return spelled(body)


def path(golden: Golden, model: str) -> str:
    """Where the gateway takes such a request."""
    protocol = RECORDED[golden.protocol]
    if protocol == "gemini":
        return f"/v1beta/models/{model}:{golden.path.rpartition(':')[2]}"
    paths = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages?beta=true"}
    return paths[protocol]


def send(client: httpx.Client, golden: Golden) -> httpx.Response:
    """The recorded request through the gateway."""
    model, _ = names(golden)
    headers = ANTHROPIC_HEADERS if RECORDED[golden.protocol] == "anthropic" else {}
    content = encoded(golden, model)
    return client.post(path(golden, model), content=content, headers={**headers, "content-type": "application/json"})


def stays_as_it_is(golden: Golden) -> bool:
    """Whether a request needs nothing but another model's name. What refers to the vendor's memory does not."""
    return not any(golden.request.get(field) for field in ("previous_response_id", "conversation", "background"))


EXPRESS = [golden for golden in ALL if golden.ok and stays_as_it_is(golden)]


@pytest.mark.parametrize("golden", EXPRESS, ids=str)
def test_recorded_bytes_pass_unchanged(client: httpx.Client, replay: ReplayUpstream, golden: Golden) -> None:
    model, upstream_model = names(golden)
    answer = send(client, golden)
    assert answer.status_code == golden.status, answer.text
    sent, received = encoded(golden, upstream_model), replay.journal.last
    assert received.body.replace(b'"stream_options":{"include_usage":true},', b"", 1) == sent
    recorded = spaced(golden.body.encode()) if golden.streamed else spelled(golden.body)
    assert answer.content.replace(model.encode(), reported_model(golden)) == recorded


def reported_model(golden: Golden) -> bytes:
    """The model's name in a recorded answer; Gemini's `modelVersion` is not among what is replaced."""
    text = golden.body if golden.streamed else json.dumps(golden.body)
    found = re.search(r'"model":\s*"([^"]*)"', text)
    return found[1].encode() if found else b""


FAILED = [golden for golden in ALL if not golden.ok]


@pytest.mark.parametrize("golden", FAILED, ids=str)
def test_recorded_errors_keep_their_words(client: httpx.Client, replay: ReplayUpstream, golden: Golden) -> None:
    answer = send(client, golden)
    assert answer.status_code == golden.status
    assert words_of(golden.body) in answer.text


def words_of(body: Any) -> str:
    """The vendor's own words for a person, as they stand in JSON."""
    body = body[0] if isinstance(body, list) else body
    error = body.get("error") or body
    text = error if isinstance(error, str) else error.get("message") or error.get("detail")
    return json.dumps(text, ensure_ascii=False)[1:-1]


@pytest.mark.skipif(not ALL, reason="there are no recordings")
def test_nothing_was_asked_that_was_never_recorded(replay: ReplayUpstream) -> None:
    assert not replay.unmatched

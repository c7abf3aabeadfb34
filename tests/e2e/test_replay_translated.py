"""What real vendors said, heard through the SDKs of the others: a sample of recordings from every protocol to every other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import pytest

from tests.e2e.anthropic_clients import AnthropicClients
from tests.e2e.google_clients import GoogleClients
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import recorded_vendor
from tests.support import goldens
from tests.support.goldens import Golden, needs_goldens
from tests.support.server import Gateway
from tests.support.upstreams.replay import CHOOSE_MODEL, RECORDED

pytestmark = needs_goldens

Speaks = Literal["chat", "responses", "anthropic", "gemini"]
SPEAKS: tuple[Speaks, ...] = ("chat", "responses", "anthropic", "gemini")
WHOLE_SAMPLE = 8


@dataclass(frozen=True)
class Told:
    """What an answer comes down to in every protocol."""

    text: str
    calls: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Clients:
    """The SDKs of all vendors in front of one gateway."""

    openai: OpenAIClients
    anthropic: AnthropicClients
    google: GoogleClients

    def ask(self, speaks: Speaks, mode: Mode, model: str) -> Told:
        """Ask `model` anything in that protocol."""
        if speaks == "chat":
            message = (
                self.openai.chat(mode, model=model, messages=[{"role": "user", "content": "hi"}]).choices[0].message
            )
            return chat_told(message.to_dict(mode="json"))
        if speaks == "responses":
            return responses_told(self.openai.response(mode, model=model, input="hi").to_dict(mode="json"))
        if speaks == "anthropic":
            answer = self.anthropic.message(mode, model=model, messages=[{"role": "user", "content": "hi"}])
            return anthropic_told(answer.to_dict(mode="json"))
        said = self.google.generate(mode, model, "hi").model_dump(mode="json", by_alias=True, exclude_none=True)
        return gemini_told(said)


@pytest.fixture(scope="module")
def clients(gateway: Gateway, loop: asyncio.Runner, openai: OpenAIClients) -> Iterator[Clients]:
    opened = Clients(openai, AnthropicClients(gateway, loop), GoogleClients(gateway, loop))
    yield opened
    opened.anthropic.close()
    opened.google.close()


def chat_told(message: Any) -> Told:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    told = message.get("content") or ""
    if isinstance(told, list):
        told = "".join(part["text"] for part in told if part["type"] == "text")
    return Told(told, tuple((call["name"], orjson.loads(call.get("arguments") or "{}")) for call in calls))


def responses_told(response: Any) -> Told:
    items = response["output"]
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    calls = [item for item in items if item["type"] == "function_call"]
    return Told(
        "".join(part.get("text", "") for part in parts),
        tuple((call["name"], orjson.loads(call["arguments"])) for call in calls),
    )


def anthropic_told(message: Any) -> Told:
    blocks = message["content"]
    calls = [block for block in blocks if block["type"] == "tool_use"]
    return Told(
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        tuple((call["name"], call["input"]) for call in calls),
    )


def gemini_told(answer: Any) -> Told:
    candidates = answer.get("candidates") or [{}]
    parts = (candidates[0].get("content") or {}).get("parts") or []
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    return Told(
        "".join(part.get("text", "") for part in parts if not part.get("thought")),
        tuple((call["name"], call.get("args") or {}) for call in calls),
    )


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

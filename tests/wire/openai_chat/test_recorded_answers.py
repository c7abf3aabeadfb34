"""Every recorded answer and stream of every vendor reads, and loses nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.openai_chat import CODEC
from crawdad.wire.sse import SseSplitter
from tests.support.goldens import Golden, needs_goldens
from tests.wire.openai_chat.recordings import ANSWERS, GOLDENS, STREAMS, answer_of, profile_of, read_stream

pytestmark = needs_goldens


def check_grammar(events: list[StreamEvent]) -> None:
    """The grammar of `core.events`."""
    assert isinstance(events[0], MessageStart)
    assert isinstance(events[-1], MessageEnd)
    opened: list[int] = []
    closed: set[int] = set()
    for event in events[1:-1]:
        if isinstance(event, PartStart):
            assert event.index == len(opened)
            opened.append(event.index)
        else:
            assert isinstance(event, (PartDelta, PartEnd))
            assert event.index in opened and event.index not in closed
            if isinstance(event, PartEnd):
                closed.add(event.index)
    assert closed == set(opened)


def merged(events: list[StreamEvent]) -> ModelResponse:
    check_grammar(events)
    return fold(events)


def visible(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        return "".join(item["text"] for item in content if item["type"] == "text")
    return str(content)


def compare_choice(raw: dict[str, Any], answer: ModelResponse) -> None:
    message = raw["message"]
    assert answer.text == visible(message)
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    recorded = message.get("tool_calls") or []
    assert [(call.id, call.name) for call in calls] == [(c["id"], c["function"]["name"]) for c in recorded]
    assert [call.arguments for call in calls] == [c["function"].get("arguments", "") for c in recorded]
    thinking = "".join(part.text for part in answer.parts if isinstance(part, ThinkingPart))
    plain = message.get("reasoning_content") or message.get("reasoning")
    if plain:
        assert thinking == plain
    citations = [citation for part in answer.parts for citation in getattr(part, "citations", [])]
    assert [citation.raw for citation in citations] == (message.get("annotations") or [])
    assert (answer.stop.raw or "") == raw["finish_reason"]
    if calls:
        assert answer.stop.reason == "tool_use"


def compare_usage(raw: dict[str, Any], answer: ModelResponse) -> None:
    assert answer.usage.input_tokens == raw["prompt_tokens"]
    assert answer.usage.total_tokens == raw["total_tokens"]
    details = raw.get("prompt_tokens_details") or {}
    assert answer.usage.cache_read_tokens == (
        details.get("cached_tokens") or raw.get("prompt_cache_hit_tokens") or raw.get("num_cached_tokens") or 0
    )
    assert answer.usage.cost == raw.get("cost")


@pytest.mark.parametrize("golden", ANSWERS, ids=str)
def test_a_recorded_answer_loses_nothing(golden: Golden) -> None:
    answer = merged(CODEC.read_response(golden.body, profile_of(golden)))
    assert (answer.id, answer.model, answer.created) == tuple(golden.body[key] for key in ("id", "model", "created"))
    compare_choice(golden.body["choices"][0], answer)
    compare_usage(golden.body["usage"], answer)


def recorded_chunks(golden: Golden) -> list[dict[str, Any]]:
    lines = [line[5:] for line in golden.body.splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if "[DONE]" not in line]


@pytest.mark.parametrize("golden", STREAMS, ids=str)
def test_a_recorded_stream_loses_nothing(golden: Golden) -> None:
    chunks = recorded_chunks(golden)
    events, error = read_stream([golden.body.encode()])
    if any("error" in chunk for chunk in chunks):
        assert error is not None
        assert error.message() == chunks[-1]["error"]["message"]
        assert error.details["code"] == chunks[-1]["error"]["code"]
        return
    assert error is None
    answer = merged(events)
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert answer.text == "".join(delta.get("content") or "" for delta in deltas)
    arguments: dict[int, str] = {}
    for call in (call for delta in deltas for call in delta.get("tool_calls") or []):
        arguments[call["index"]] = arguments.get(call["index"], "") + call["function"]["arguments"]
    said = [part.arguments for part in answer.parts if isinstance(part, ToolCallPart)]
    assert said == list(arguments.values())
    thinking = "".join(part.text for part in answer.parts if isinstance(part, ThinkingPart))
    assert thinking == "".join(
        delta.get("reasoning") or "".join(item.get("text", "") for item in delta.get("reasoning_details") or [])
        for delta in deltas
    )
    usage = (
        next(chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage"))
        if golden.host != "api.groq.com"
        else chunks[-1]["x_groq"]["usage"]
    )
    compare_usage(usage, answer)


def cuts(data: bytes) -> list[list[bytes]]:
    third = [data[i : i + 3] for i in range(0, len(data), 3)]
    odd = [data[i : i + 997] for i in range(0, len(data), 997)]
    crlf = data.replace(b"\n", b"\r\n")
    return [
        [bytes([byte]) for byte in data],
        third,
        odd,
        [crlf],
        [crlf[i : i + 1013] for i in range(0, len(crlf), 1013)],
    ]


@pytest.mark.parametrize("golden", STREAMS, ids=str)
def test_any_cut_of_a_stream_gives_the_same_events(golden: Golden) -> None:
    data = golden.body.encode()
    events, error = read_stream([data])
    for chunks in cuts(data):
        other_events, other_error = read_stream(chunks)
        assert other_events == events
        assert str(other_error) == str(error)


@pytest.mark.parametrize("golden", [golden for golden in GOLDENS if not golden.ok], ids=str)
def test_a_recorded_error_keeps_the_vendors_words(golden: Golden) -> None:
    error = CODEC.read_error(golden.status, golden.headers, json.dumps(golden.body).encode())
    assert isinstance(error, GatewayError)
    assert error.message() == golden.body["error"]["message"]
    assert error.details["status"] == golden.status
    assert error.details.get("code") == golden.body["error"].get("code")
    assert CODEC.write_error(error) == (golden.status, golden.body)


@pytest.mark.parametrize("golden", STREAMS, ids=str)
def test_the_tap_learns_what_the_reader_reads(golden: Golden) -> None:
    tap, splitter = CODEC.tap({}), SseSplitter()
    for event in [*splitter.feed(golden.body.encode()), splitter.close()]:
        tap.feed(event)
    _, error = read_stream([golden.body.encode()])
    assert tap.finished == (error is None)
    if error is None:
        answer = answer_of(golden)
        assert tap.usage == answer.usage
        assert tap.model == answer.model
        assert tap.stop == (answer.stop.reason if answer.stop.raw else None)


@needs_goldens
def test_usage_of_a_whole_answer_on_the_express_lane() -> None:
    for golden in ANSWERS:
        assert CODEC.read_usage(golden.body) == answer_of(golden).usage

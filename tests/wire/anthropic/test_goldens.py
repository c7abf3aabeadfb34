"""Against what the vendor and real clients said: everything reads, streams read alike under any cut, requests round-trip."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import OpaquePart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import fold
from crawdad.wire.anthropic import CODEC, read_count_request, write_count_request
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import load, needs_goldens, trace
from tests.wire.anthropic.speaking import GOLDENS, NAME, answers, cuts, read_stream, read_whole, streams

pytestmark = needs_goldens


def test_every_answer_reads_with_all_its_content() -> None:
    for golden in answers():
        body = golden.body
        response = read_whole(body)
        assert response.id == body["id"], golden
        assert response.model == body["model"], golden
        assert response.protocol == NAME
        assert response.stop.raw == body["stop_reason"], golden
        assert len(response.parts) == len(body["content"]), golden
        for part, block in zip(response.parts, body["content"], strict=True):
            if block["type"] == "text":
                assert isinstance(part, TextPart) and part.text == block["text"], golden
                assert [citation.raw for citation in part.citations] == (block.get("citations") or []), golden
            elif block["type"] == "thinking":
                assert isinstance(part, ThinkingPart), golden
                assert (part.text, part.signature, part.origin) == (block["thinking"], block["signature"], NAME)
            elif block["type"] == "redacted_thinking":
                assert isinstance(part, ThinkingPart) and part.redacted and part.encrypted == block["data"]
            elif block["type"] == "tool_use":
                assert isinstance(part, ToolCallPart), golden
                assert (part.id, part.name, orjson.loads(part.arguments)) == (
                    block["id"],
                    block["name"],
                    block["input"],
                )
            else:
                assert isinstance(part, OpaquePart) and part.raw == block, golden


def test_every_usage_counts_cached_tokens_as_input() -> None:
    for golden in answers():
        raw, usage = golden.body["usage"], read_whole(golden.body).usage
        created, read = raw["cache_creation_input_tokens"], raw["cache_read_input_tokens"]
        assert usage.input_tokens == raw["input_tokens"] + created + read, golden
        assert (usage.cache_write_tokens, usage.cache_read_tokens) == (created, read), golden
        assert usage.output_tokens == raw["output_tokens"], golden


def test_every_error_keeps_the_vendors_words() -> None:
    faults = [golden for golden in GOLDENS if not golden.ok] + load("anthropic-count-tokens")
    assert faults
    for golden in faults:
        error = CODEC.read_error(golden.status, golden.headers, orjson.dumps(golden.body))
        assert error.message() == golden.body["error"]["message"]
        assert error.details["status"] == golden.status
        assert CODEC.write_error(error) == (golden.status, golden.body)
        with pytest.raises(GatewayError, match=golden.body["error"]["message"]):
            read_whole(golden.body)


def check_grammar(events: list[StreamEvent]) -> None:
    assert isinstance(events[0], MessageStart) and isinstance(events[-1], MessageEnd)
    started = [event.index for event in events if isinstance(event, PartStart)]
    ended = [event.index for event in events if isinstance(event, PartEnd)]
    assert started == list(range(len(started))) and sorted(ended) == started


def test_every_stream_reads_the_same_however_it_is_cut() -> None:
    for golden in streams():
        stream = golden.body.encode()
        events = read_stream([stream])
        check_grammar(events)
        for pieces in (*cuts(stream), *cuts(stream.replace(b"\n", b"\r\n"))):
            assert read_stream(pieces) == events, golden


def accumulate(stream: str) -> dict[str, Any]:
    """The whole message a stream adds up to, by the book and without our code."""
    message: dict[str, Any] = {}
    for line in stream.splitlines():
        if not line.startswith("data:"):
            continue
        event = orjson.loads(line[5:])
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "content_block_start":
            message["content"].append(event["content_block"] | {"json": ""})
        elif event["type"] == "content_block_delta":
            block, delta = message["content"][event["index"]], event["delta"]
            kind = delta["type"].removesuffix("_delta")
            if kind == "input_json":
                block["json"] += delta["partial_json"]
            elif kind == "citations":
                block["citations"].append(delta["citation"])
            else:
                block[kind] += delta[kind]
        elif event["type"] == "message_delta":
            message["usage"] |= event["usage"]
            message |= {key: value for key, value in event["delta"].items() if value is not None}
    for block in message["content"]:
        text = block.pop("json")
        if text:
            block["input"] = orjson.loads(text)
    return message


def test_every_stream_tells_the_same_as_the_whole_message_it_adds_up_to() -> None:
    for golden in streams():
        streamed, whole = fold(read_stream([golden.body.encode()])), read_whole(accumulate(golden.body))
        assert [plain(part) for part in streamed.parts] == [plain(part) for part in whole.parts], golden
        assert streamed.usage == whole.usage, golden
        assert streamed.stop == whole.stop, golden
        assert streamed.extra == whole.extra, golden


def plain(part: Any) -> Any:
    """A part with its arguments parsed: a stream may space its JSON differently."""
    if isinstance(part, ToolCallPart):
        return (part.id, part.name, orjson.loads(part.arguments or "{}"), part.extra)
    return part


def normal(body: Any) -> Any:
    """A request up to what the protocol calls equal.

    * a string as content, system or tool result is one text block; empty content is none
    * null is absent; `is_error: false` and `stream: false` are the defaults; an empty list of citations or tools is none
    """
    if isinstance(body, list):
        return [normal(item) for item in body]
    if not isinstance(body, dict):
        return body
    result = {key: normal(value) for key, value in body.items() if value is not None}
    for key in ("content", "system"):
        if isinstance(result.get(key), str) and ("role" in result or "tool_use_id" in result or key == "system"):
            result[key] = [{"type": "text", "text": result[key]}] if result[key] else []
        if result.get(key) == []:
            del result[key]
    for key, default in (("is_error", False), ("stream", False), ("citations", []), ("tools", [])):
        if result.get(key) == default:
            del result[key]
    return result


def round_trip(body: dict[str, Any]) -> dict[str, Any]:
    written = CODEC.write_request(CODEC.read_request(body), DEFAULT)
    assert written.notes == []
    return written.body


def test_every_recorded_request_round_trips() -> None:
    for golden in GOLDENS:
        assert normal(round_trip(golden.request)) == normal(golden.request), golden


def test_every_counted_request_round_trips() -> None:
    for golden in load("anthropic-count-tokens"):
        written = write_count_request(read_count_request(golden.request), DEFAULT)
        assert normal(written.body) == normal(golden.request)


def test_every_request_of_a_real_client_round_trips() -> None:
    count = 0
    for client in ("claude-code", "claude-code-tools", "llm", "vercel-ai"):
        for row in trace(client):
            if "/messages" in row["path"]:
                assert normal(round_trip(row["body"])) == normal(row["body"]), client
                count += 1
    assert count >= 8

"""Every recorded answer reads, alike under any cut, and survives being spoken again."""

from __future__ import annotations

import json
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import MediaPart, OpaquePart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.gemini import GEMINI
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import Golden, needs_goldens
from tests.wire.gemini.support import context, goldens, read, read_stream, respoken, sdk, strict

pytestmark = needs_goldens


def _chunks(golden: Golden) -> list[dict[str, Any]]:
    if not golden.streamed:
        return [golden.body]
    return [json.loads(line[6:]) for line in golden.body.splitlines() if line.startswith("data: ")]


def _grammar(events: list[StreamEvent]) -> None:
    assert isinstance(events[0], MessageStart)
    assert isinstance(events[-1], MessageEnd)
    started: list[int] = []
    open_parts: set[int] = set()
    for event in events[1:-1]:
        if isinstance(event, PartStart):
            started.append(event.index)
            open_parts.add(event.index)
        elif isinstance(event, PartDelta):
            assert event.index in open_parts
        else:
            assert isinstance(event, PartEnd)
            open_parts.remove(event.index)
    assert not open_parts
    assert started == list(range(len(started)))


def _said(response: ModelResponse) -> dict[str, Any]:
    """Everything an answer says, in a form to compare."""
    return {
        "text": [part.text for part in response.parts if isinstance(part, TextPart) and part.text],
        "thoughts": [part.text for part in response.parts if isinstance(part, ThinkingPart)],
        "signatures": [
            part.signature
            for part in response.parts
            if isinstance(part, (TextPart, ThinkingPart, ToolCallPart)) and part.signature
        ],
        "calls": [
            (part.id, part.name, json.loads(part.arguments))
            for part in response.parts
            if isinstance(part, ToolCallPart)
        ],
        "opaque": [part.raw for part in response.parts if isinstance(part, OpaquePart)],
        "media": [(part.media_type, part.data) for part in response.parts if isinstance(part, MediaPart)],
        "citations": [
            (item.url, item.title, item.start, item.end, item.cited_text)
            for part in response.parts
            if isinstance(part, TextPart)
            for item in part.citations
        ],
        "logprobs": [item for part in response.parts if isinstance(part, TextPart) for item in part.logprobs],
        "stop": response.stop,
        "usage": response.usage,
        "extra": response.extra,
    }


def test_every_answer_reads_and_keeps_what_it_says() -> None:
    for golden in goldens():
        if not golden.ok:
            continue
        events = read(golden)
        _grammar(events)
        response = fold(events)
        parts = [
            part
            for chunk in _chunks(golden)
            for candidate in chunk.get("candidates", [])
            for part in candidate.get("content", {}).get("parts", [])
        ]
        text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
        assert response.text == text, golden
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        assert [(call["name"], call["args"]) for call in calls] == [
            (part.name, json.loads(part.arguments)) for part in response.parts if isinstance(part, ToolCallPart)
        ], golden
        usage = _chunks(golden)[-1].get("usageMetadata", {})
        if "totalTokenCount" in usage:
            assert response.usage.total_tokens == usage["totalTokenCount"], golden


def test_every_error_keeps_the_vendors_words() -> None:
    errors = [golden for golden in goldens() if not golden.ok]
    assert errors
    for golden in errors:
        error = GEMINI.read_error(golden.status, golden.headers, json.dumps(golden.body).encode())
        assert error.message() == golden.body["error"]["message"]
        assert error.details["status"] == golden.status
        assert error.details["type"] == golden.body["error"]["status"]
        assert GEMINI.write_error(error) == (golden.status, golden.body)


def test_every_stream_reads_the_same_under_any_cut() -> None:
    for golden in goldens():
        if not golden.streamed:
            continue
        whole = read(golden)
        for end in ("\n", "\r\n", "\r"):
            raw = "".join(line + end for line in golden.body.splitlines()).encode()
            assert read_stream([raw]) == whole, (golden, end)
            assert read_stream(raw[i : i + 1] for i in range(len(raw))) == whole, (golden, end)
            for size in (2, 3, 7, 1021):
                assert read_stream(raw[i : i + size] for i in range(0, len(raw), size)) == whole, (golden, end, size)


def test_a_stream_without_its_end_is_broken() -> None:
    for golden in goldens():
        if golden.streamed:
            cut = golden.body.rindex("finishReason")
            try:
                read_stream([golden.body[:cut].rpartition("data:")[0].encode()])
            except GatewayError as error:
                assert "middle" in error.message()
            else:
                raise AssertionError(golden)


def test_spoken_again_whole_nothing_is_lost_and_the_sdk_agrees() -> None:
    for golden in goldens():
        if not golden.ok:
            continue
        response = fold(read(golden))
        body = GEMINI.write_response(response, context())
        parsed = strict(body)
        assert parsed.model_version == "client-model"
        again = fold(GEMINI.read_response(body, DEFAULT))
        assert _said(again) == _said(response), golden


def test_an_unstreamed_answer_goes_back_as_it_came() -> None:
    """Accepted: the client's model name and our response id; an index of 0 that Vertex leaves out; a signature on an empty
    text that moves to the text before it; the parts that a candidate without any lacks."""
    for golden in goldens():
        if golden.streamed or not golden.ok or not golden.body.get("candidates"):
            continue
        body = GEMINI.write_response(fold(read(golden)), context())
        expected = json.loads(json.dumps(golden.body))
        expected |= {"modelVersion": "client-model", "responseId": "r1"}
        for candidate in expected["candidates"]:
            candidate.setdefault("index", 0)
            candidate["content"] = {"parts": [], "role": "model", **candidate.get("content", {})}
            parts: list[dict[str, Any]] = []
            for part in candidate["content"]["parts"]:
                before = parts[-1] if parts else {}
                if "text" in part and "text" in before and "thought" not in before:
                    before["text"] += part["text"]
                    before |= {key: value for key, value in part.items() if key != "text"}
                else:
                    parts.append(part)
            candidate["content"]["parts"] = parts
        assert body == expected, golden


def test_spoken_again_as_a_stream_nothing_is_lost() -> None:
    for golden in goldens():
        if not golden.ok:
            continue
        events = read(golden)
        before = _said(fold(read(golden)))
        after = _said(respoken(events))
        assert after == before, golden


def test_the_sdk_reads_the_stream() -> None:
    for golden in goldens():
        if not golden.ok:
            continue
        events = read(golden)
        response = fold(read(golden))
        writer = GEMINI.stream_writer(context())
        raw = b"".join(writer.ping() + writer.send(event) for event in events)
        chunks = list(sdk(raw).models.generate_content_stream(model="m", contents="x"))
        for line in raw.split(b"\r\n"):
            if line.startswith(b"data: "):
                strict(json.loads(line[6:]))
        parts = [
            part
            for chunk in chunks
            for candidate in chunk.candidates or []
            for part in (candidate.content.parts if candidate.content else None) or []
        ]
        assert "".join(part.text or "" for part in parts if not part.thought) == response.text, golden
        calls = [part.function_call for part in parts if part.function_call]
        expected = [part for part in response.parts if isinstance(part, ToolCallPart)]
        assert [(call.name, call.args) for call in calls] == [(c.name, json.loads(c.arguments)) for c in expected], (
            golden
        )
        last = chunks[-1]
        if last.candidates:
            assert last.candidates[0].finish_reason == response.stop.raw, golden
        else:
            assert last.prompt_feedback is not None
            assert last.prompt_feedback.block_reason == response.stop.raw, golden
        if last.usage_metadata and last.usage_metadata.total_token_count:
            assert last.usage_metadata.total_token_count == response.usage.total_tokens


def test_the_array_form_is_one_json_document() -> None:
    for golden in goldens():
        if not golden.ok:
            continue
        writer = GEMINI.array_writer(context())
        raw = b"".join(writer.ping() + writer.send(event) for event in read(golden))
        assert isinstance(json.loads(raw), list)
        assert _said(fold(GEMINI.read_response(json.loads(raw), DEFAULT))) == _said(fold(read(golden))), golden
        assert _said(fold(read_stream([raw]))) == _said(fold(read(golden))), golden


def test_a_tap_learns_what_the_reader_learns() -> None:
    for golden in goldens():
        if not golden.streamed:
            continue
        tap = GEMINI.tap({})
        for event in golden.body.split("\r\n\r\n"):
            tap.feed((event + "\r\n\r\n").encode())
        response = fold(read(golden))
        response.usage.web_searches = 0
        assert (tap.usage, tap.stop, tap.model) == (response.usage, response.stop.reason, response.model)
        assert tap.finished

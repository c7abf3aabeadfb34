"""Answers of other vendors, spoken to Gemini clients, as Google's own SDK reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai import errors, types

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import (
    MessageEnd,
    MessageStart,
    PartDelta,
    PartEnd,
    PartStart,
    Stop,
    StopReason,
    StreamEvent,
)
from crawdad.core.parts import (
    Citation,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
)
from crawdad.core.response import fold, unfold
from crawdad.core.text import Text
from crawdad.core.usage import Usage
from crawdad.wire.gemini import GEMINI
from crawdad.wire.gemini.stops import WRITE
from crawdad.wire.seals import unseal
from tests.wire.gemini.support import context, sdk, strict


def _events(*parts: Part, stop: StopReason = "end", usage: Usage | None = None) -> list[StreamEvent]:
    events: list[StreamEvent] = [MessageStart("up", "claude", 1, "anthropic")]
    for index, part in enumerate(parts):
        events += [PartStart(index, part), PartEnd(index)]
    return [*events, MessageEnd(Stop(stop), usage or Usage(10, 5))]


def _streamed(events: list[StreamEvent]) -> list[types.GenerateContentResponse]:
    writer = GEMINI.stream_writer(context())
    raw = b"".join(writer.send(event) for event in events)
    for line in raw.split(b"\r\n"):
        if line.startswith(b"data: "):
            strict(json.loads(line[6:]))
    return list(sdk(raw).models.generate_content_stream(model="m", contents="x"))


def _whole(events: list[StreamEvent]) -> types.GenerateContentResponse:
    body = GEMINI.write_response(fold(events), context())
    strict(body)
    return sdk(json.dumps(body).encode()).models.generate_content(model="m", contents="x")


def _parts(chunks: list[types.GenerateContentResponse]) -> list[types.Part]:
    found: list[types.Part] = []
    for chunk in chunks:
        for candidate in chunk.candidates or []:
            found += (candidate.content.parts if candidate.content else None) or []
    return [part for part in found if part.text != ""]


def test_a_chat_with_everything() -> None:
    parts: list[Part] = [
        ThinkingPart("hm"),
        TextPart("See "),
        ToolCallPart("c1", "f", '{"a": [1]}'),
        ToolCallPart("", "g", "", namespace="ns"),
        MediaPart("image", data="AAAA", media_type="image/png"),
        OpaquePart("anthropic", "server_tool_use", {"x": 1}),
        RefusalPart("I must not."),
    ]
    for read in (_parts(_streamed(_events(*parts, stop="tool_use"))), _parts([_whole(_events(*parts))])):
        thought, text, call, other, picture, refusal = read
        assert (thought.text, thought.thought) == ("hm", True)
        assert (text.text, text.thought) == ("See ", None)
        assert call.function_call is not None
        assert (call.function_call.id, call.function_call.name, call.function_call.args) == ("c1", "f", {"a": [1]})
        assert other.function_call is not None
        assert (other.function_call.id, other.function_call.name, other.function_call.args) == (None, "ns__g", {})
        assert picture.inline_data is not None
        assert (picture.inline_data.mime_type, picture.inline_data.data) == ("image/png", b"\x00\x00\x00")
        assert refusal.text == "I must not."


def test_deltas_go_out_as_they_come_and_calls_when_they_are_complete() -> None:
    writer = GEMINI.stream_writer(context())
    sent = [
        writer.send(event)
        for event in (
            MessageStart("up", "gpt", 1, "openai-chat"),
            PartStart(0, TextPart()),
            PartDelta(0, "Hel"),
            PartStart(1, ToolCallPart("c", "f")),
            PartDelta(1, '{"a"'),
            PartDelta(0, "lo"),
            PartDelta(1, ":1}"),
            PartEnd(1),
            PartEnd(0),
            MessageEnd(Stop("tool_use"), Usage(1, 2)),
        )
    ]
    assert [bool(data) for data in sent] == [False, False, True, False, False, True, False, True, False, True]
    assert all(data.startswith(b"data: {") and data.endswith(b"}\r\n\r\n") for data in sent if data)
    first = json.loads(sent[2][6:])
    assert first == {
        "candidates": [{"content": {"parts": [{"text": "Hel"}], "role": "model"}, "index": 0}],
        "modelVersion": "client-model",
        "responseId": "r1",
    }
    assert json.loads(sent[7][6:])["candidates"][0]["content"]["parts"] == [
        {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}
    ]


def test_the_writer_leaves_the_events_parts_alone() -> None:
    """Whoever folds the same events grows the parts; growing them twice would double the answer."""
    call, text, thought = ToolCallPart("c", "f"), TextPart(), ThinkingPart(origin="anthropic")
    events: list[StreamEvent] = [
        MessageStart("", "", None, "anthropic"),
        PartStart(0, call),
        PartDelta(0, "{}"),
        PartEnd(0),
        PartStart(1, text),
        PartDelta(1, "a", citations=[Citation("url", "https://a")]),
        PartEnd(1),
        PartStart(2, thought),
        PartDelta(2, "a", signature="s"),
        PartEnd(2),
        MessageEnd(),
    ]
    writer = GEMINI.stream_writer(context())
    for event in events:
        writer.send(event)
    assert (call, text, thought) == (ToolCallPart("c", "f"), TextPart(), ThinkingPart(origin="anthropic"))


def test_a_truncated_call_is_still_a_call() -> None:
    part = _parts(_streamed(_events(ToolCallPart("c", "f", '{"a":'), stop="max_tokens")))[0]
    assert part.function_call is not None
    assert part.function_call.args == {"input": '{"a":'}


@pytest.mark.parametrize("reason", list(WRITE))
def test_every_stop_reason(reason: StopReason) -> None:
    for last in (_streamed(_events(TextPart("x"), stop=reason))[-1], _whole(_events(TextPart("x"), stop=reason))):
        assert last.candidates is not None
        assert last.candidates[0].finish_reason == WRITE[reason]


def test_usage_in_googles_convention() -> None:
    usage = Usage(
        100,
        50,
        cache_read_tokens=40,
        reasoning_tokens=20,
        tool_input_tokens=10,
        image_output_tokens=5,
        audio_input_tokens=3,
    )
    events = _events(TextPart("x"), usage=usage)
    for last in (_streamed(events)[-1], _whole(events)):
        counts = last.usage_metadata
        assert counts is not None
        assert (counts.prompt_token_count, counts.tool_use_prompt_token_count) == (90, 10)
        assert (counts.candidates_token_count, counts.thoughts_token_count) == (30, 20)
        assert (counts.total_token_count, counts.cached_content_token_count) == (150, 40)
    body = GEMINI.write_response(fold(events), context())
    assert GEMINI.read_usage(body) == usage
    assert "usageMetadata" not in GEMINI.write_response(fold(_events(usage=Usage())), context())


def test_citations_of_others_in_bytes() -> None:
    citations = [
        Citation("url", "https://a", "A", start=0, end=6),
        Citation("document", None, "B", cited_text="c", file_id="f"),
    ]
    events = _events(
        TextPart("Zürich"), TextPart(" ok", citations=[citations[0]]), TextPart("!", citations=[citations[1]])
    )
    for last in (_streamed(events)[-1], _whole(events)):
        assert last.candidates is not None
        grounding = last.candidates[0].grounding_metadata
        assert grounding is not None
        assert grounding.grounding_chunks is not None
        assert grounding.grounding_supports is not None
        web, document = grounding.grounding_chunks
        assert web.web is not None
        assert (web.web.uri, web.web.title) == ("https://a", "A")
        assert document.retrieved_context is not None
        assert document.retrieved_context.text == "c"
        segments = [support.segment for support in grounding.grounding_supports]
        assert [(s.start_index, s.end_index, s.text) for s in segments if s] == [(7, 10, " ok"), (10, 11, "!")]


def test_log_probabilities_of_others() -> None:
    token = TokenLogprob("x", -0.5, [120], [TokenLogprob("x", -0.5), TokenLogprob("y", -1.5)])
    delta: list[StreamEvent] = [
        MessageStart("", "", None, "openai-chat"),
        PartStart(0, TextPart()),
        PartDelta(0, "x", logprobs=[token]),
        PartEnd(0),
        MessageEnd(),
    ]
    for last in (_streamed(delta)[-1], _whole(_events(TextPart("x", logprobs=[token])))):
        assert last.candidates is not None
        result = last.candidates[0].logprobs_result
        assert result is not None
        assert result.chosen_candidates is not None
        assert result.chosen_candidates[0].log_probability == -0.5
        assert result.top_candidates is not None
        assert len(result.top_candidates[0].candidates or []) == 2


def test_several_choices() -> None:
    events: list[StreamEvent] = [
        MessageStart("", "", None, "openai-chat"),
        PartStart(0, TextPart("a"), 0),
        PartStart(1, TextPart("b"), 1),
        PartEnd(0),
        PartEnd(1),
        MessageEnd(Stop("end"), Usage(1, 2), [Stop("max_tokens")]),
    ]
    for last in (_streamed(events)[-1], _whole(events)):
        assert [c.finish_reason for c in last.candidates or []] == ["STOP", "MAX_TOKENS"]
    assert [c.index for c in _whole(events).candidates or []] == [0, 1]


def test_failing() -> None:
    error = GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
    writer = GEMINI.stream_writer(context())
    raw = writer.send(PartStart(0, TextPart("x"))) + writer.fail(error, "zh")
    stream = sdk(raw).models.generate_content_stream(model="m", contents="x")
    assert next(iter(stream)).text == "x"
    with pytest.raises(errors.ServerError, match="上游在回答途中中断了"):
        next(iter(stream))
    for begun in (False, True):
        array = GEMINI.array_writer(context())
        data = (array.send(PartStart(0, TextPart("x"))) if begun else array.ping()) + array.fail(error)
        elements: list[dict[str, Any]] = json.loads(data)
        assert elements[-1]["error"]["status"] == "UNAVAILABLE"
        assert len(elements) == 1 + begun


def test_unfolded_answers_read_alike() -> None:
    response = fold(_events(ThinkingPart("t", signature="s", origin="anthropic"), TextPart("x")))
    assert [part.text for part in _parts(_streamed(unfold(response)))] == ["t", "x"]


def test_foreign_signatures_are_sealed_into_the_last_piece_of_a_thought() -> None:
    events: list[StreamEvent] = [
        MessageStart("", "", None, "anthropic"),
        PartStart(0, ThinkingPart(origin="anthropic")),
        PartDelta(0, "deep"),
        PartDelta(0, signature="sig"),
        PartEnd(0),
        MessageEnd(),
    ]
    writer = GEMINI.stream_writer(context())
    sent = [json.loads(data[6:]) for event in events if (data := writer.send(event))]
    parts = [chunk["candidates"][0]["content"]["parts"][0] for chunk in sent]
    assert parts[0] == {"text": "deep", "thought": True}
    assert parts[1]["thought"] is True
    opened = unseal(parts[1]["thoughtSignature"])
    assert opened is not None
    assert (opened["p"], opened["sig"]) == ("anthropic", "sig")

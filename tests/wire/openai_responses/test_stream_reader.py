"""Streams of upstreams, read: the vendor's own, those of vendors who leave events out, and broken ones."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from crawdad.core.response import fold
from crawdad.wire.openai_responses import CODEC
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import DEFAULT
from tests.wire.openai_responses.speech import read_stream, sse, whole

CREATED: JsonObject = {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-test", "created_at": 7}}
USAGE = {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14}


def completed(output: Any = (), **fields: Any) -> JsonObject:
    response = {"id": "resp_1", "model": "gpt-test", "status": "completed", "output": list(output), "usage": USAGE}
    return {"type": "response.completed", "response": {**response, **fields}}


def added(item: JsonObject, index: int = 0) -> JsonObject:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: JsonObject, index: int = 0) -> JsonObject:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def event(kind: str, index: int = 0, **fields: Any) -> JsonObject:
    return {"type": f"response.{kind}", "item_id": "i", "output_index": index, **fields}


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": ""}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
TEXT = {"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}


def grammatical(events: list[StreamEvent]) -> bool:
    """Every part starts once, in order, and ends once, and nothing is said of it outside."""
    open_parts: set[int] = set()
    following = 0
    for item in events:
        if isinstance(item, PartStart):
            assert item.index == following
            following += 1
            open_parts.add(item.index)
        elif isinstance(item, PartDelta):
            assert item.index in open_parts
        elif isinstance(item, PartEnd):
            open_parts.remove(item.index)
        elif isinstance(item, MessageEnd):
            assert not open_parts
    return True


def parts_of(*events: JsonObject) -> list[Any]:
    read = read_stream(sse(CREATED, *events, completed()))
    assert grammatical(read)
    return fold(read).parts


def test_text_with_citations_and_logprobs() -> None:
    annotation = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 2}
    logprob = {"token": "He", "logprob": -0.1, "bytes": [72, 101], "top_logprobs": [{"token": "Hi", "logprob": -2}]}
    (text,) = parts_of(
        added({**MESSAGE, "phase": "commentary"}),
        event("content_part.added", content_index=0, part={**TEXT, "text": ""}),
        event("output_text.delta", content_index=0, delta="He", logprobs=[logprob]),
        event("output_text.annotation.added", content_index=0, annotation_index=0, annotation=annotation),
        event("output_text.delta", content_index=0, delta="llo", logprobs=[]),
        event("output_text.done", content_index=0, text="Hello", logprobs=[]),
        event("content_part.done", content_index=0, part={**TEXT, "annotations": [annotation]}),
        done({**MESSAGE, "content": [{**TEXT, "annotations": [annotation]}]}),
    )
    assert isinstance(text, TextPart) and text.text == "Hello"
    assert [citation.raw for citation in text.citations] == [annotation]
    assert (text.logprobs[0].token, text.logprobs[0].utf8, text.logprobs[0].top[0].token) == ("He", [72, 101], "Hi")
    assert text.extra["item"]["phase"] == "commentary"


def test_a_refusal() -> None:
    events = read_stream(
        sse(
            CREATED,
            added(MESSAGE),
            event("content_part.added", content_index=0, part={"type": "refusal", "refusal": ""}),
            event("refusal.delta", content_index=0, delta="I "),
            event("refusal.delta", content_index=0, delta="will not."),
            event("refusal.done", content_index=0, refusal="I will not."),
            event("content_part.done", content_index=0, part={"type": "refusal", "refusal": "I will not."}),
            done({**MESSAGE, "content": [{"type": "refusal", "refusal": "I will not."}]}),
            completed(),
        )
    )
    answer = fold(events)
    assert answer.parts[0] == RefusalPart("I will not.", answer.parts[0].extra)  # type: ignore[union-attr]
    assert answer.stop.reason == "refusal"


def test_reasoning_as_a_summary() -> None:
    final = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
        "encrypted_content": "gAAAfinal+/=",
    }
    (thinking,) = parts_of(
        added({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAfirst"}),
        event("reasoning_summary_part.added", summary_index=0, part={"type": "summary_text", "text": ""}),
        event("reasoning_summary_text.delta", summary_index=0, delta="one"),
        event("reasoning_summary_text.done", summary_index=0, text="one"),
        event("reasoning_summary_part.added", summary_index=1, part={"type": "summary_text", "text": ""}),
        event("reasoning_summary_text.delta", summary_index=1, delta="tw"),
        event("reasoning_summary_text.delta", summary_index=1, delta="o"),
        done(final),
    )
    assert thinking == ThinkingPart("one\n\ntwo", encrypted="gAAAfinal+/=", summary=True, id="rs_1", origin=NAME)


def test_reasoning_in_full_and_reasoning_that_is_only_encrypted() -> None:
    full, secret = parts_of(
        added({"type": "reasoning", "id": "rs_1"}),
        event("reasoning_text.delta", content_index=0, delta="think"),
        event("reasoning_summary_text.delta", summary_index=0, delta="the same in short"),
        done({"type": "reasoning", "id": "rs_1", "content": [{"type": "reasoning_text", "text": "thinking"}]}),
        added({"type": "reasoning", "id": "rs_2", "summary": []}, 1),
        done({"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gB"}, 1),
    )
    assert (full.text, full.summary, full.origin) == ("thinking", False, NAME)
    assert (secret.text, secret.encrypted, secret.id) == ("", "gB", "rs_2")


def test_parallel_calls_that_interleave() -> None:
    one, two = parts_of(
        added(CALL),
        added({**CALL, "id": "fc_2", "call_id": "c2", "name": "g", "namespace": "n"}, 1),
        event("function_call_arguments.delta", 0, delta='{"a"'),
        event("function_call_arguments.delta", 1, delta="{}"),
        event("function_call_arguments.delta", 0, delta=":1}"),
        event("function_call_arguments.done", 1, arguments="{}"),
        done({**CALL, "id": "fc_2", "call_id": "c2", "name": "g", "namespace": "n", "arguments": "{}"}, 1),
        done({**CALL, "arguments": '{"a":1}'}),
    )
    assert (one.id, one.name, one.arguments) == ("c1", "f", '{"a":1}')
    assert (two.id, two.name, two.namespace, two.arguments) == ("c2", "g", "n", "{}")
    assert one.extra["id"] == "fc_1"


def test_a_custom_call() -> None:
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "patch", "input": ""}
    (call,) = parts_of(
        added(item),
        event("custom_tool_call_input.delta", delta="*** "),
        event("custom_tool_call_input.delta", delta="Begin"),
        event("custom_tool_call_input.done", input="*** Begin"),
        done({**item, "input": "*** Begin"}),
    )
    assert call == ToolCallPart("c1", "patch", "*** Begin", custom=True, extra={"id": "ctc_1"})


def test_server_side_items_come_whole_and_in_place() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}
    image = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "iVBO"}
    first, second, third = parts_of(
        added({"type": "web_search_call", "id": "ws_1", "status": "in_progress"}),
        event("web_search_call.searching"),
        done(search),
        added({**image, "result": None}, 1),
        event("image_generation_call.partial_image", 1, partial_image_b64="i", partial_image_index=0),
        done(image, 1),
        done({"type": "something_new", "id": "x"}, 2),
    )
    assert first == OpaquePart(NAME, "web_search_call", search)
    assert isinstance(second, MediaPart) and second.data == "iVBO"
    assert isinstance(third, OpaquePart) and third.kind == "something_new"


@pytest.mark.parametrize(
    ("fields", "reason", "raw"),
    [
        ({"status": "completed"}, "end", "completed"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "max_tokens", None),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter", None),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered"}}, "other", "steered"),
        ({"status": "incomplete", "incomplete_details": None}, "other", None),
        ({"status": "queued"}, "other", "queued"),
        ({"status": "in_progress"}, "other", "in_progress"),
        ({"status": "cancelled"}, "other", "cancelled"),
        ({"status": "complete"}, "end", "completed"),
        ({}, "end", "completed"),
    ],
    ids=str,
)
def test_every_stop(fields: JsonObject, reason: str, raw: str | None) -> None:
    answer = whole({"id": "r", "model": "m", "output": [], **fields})
    assert answer.stop.reason == reason
    if raw is not None:
        assert answer.stop.raw == raw


def test_the_name_of_the_closing_event_counts() -> None:
    closing = completed(incomplete_details={"reason": "max_output_tokens"}, status="in_progress")
    closing["type"] = "response.incomplete"
    assert fold(read_stream(sse(CREATED, closing))).stop.reason == "max_tokens"


@pytest.mark.parametrize(
    "events",
    [
        [
            added(MESSAGE),
            event("output_text.delta", content_index=0, delta="Hello"),
            done({**MESSAGE, "content": [TEXT]}),
        ],
        [event("output_text.delta", content_index=0, delta="Hello")],
        [
            event("output_text.delta", content_index=0, delta="He"),
            event("output_text.delta", content_index=0, delta="llo"),
        ],
        [done({**MESSAGE, "content": [TEXT]})],
        [added(MESSAGE), done({**MESSAGE, "content": [TEXT]})],
        [added(MESSAGE), event("output_text.delta", content_index=0, delta="He"), done({**MESSAGE, "content": [TEXT]})],
        [added(MESSAGE), event("content_part.done", content_index=0, part=TEXT), done({**MESSAGE, "content": [TEXT]})],
        [
            added(MESSAGE),
            event("content_part.added", content_index=0, part={**TEXT, "text": ""}),
            event("output_text.delta", content_index=0, delta=""),
            event("output_text.delta", content_index=0, delta=None),
            event("output_text.delta", content_index=0, delta="Hello"),
            event("never.heard.of", delta="x"),
        ],
    ],
)
def test_vendors_leave_events_out(events: list[JsonObject]) -> None:
    (text,) = parts_of(*events)
    assert isinstance(text, TextPart) and text.text == "Hello"


def test_a_vendor_that_sends_nothing_but_the_end() -> None:
    reading = read_stream(sse(completed([{**MESSAGE, "content": [TEXT]}, {**CALL, "arguments": "{}"}])))
    assert grammatical(reading)
    answer = fold(reading)
    assert (answer.text, answer.id, answer.stop.reason) == ("Hello", "resp_1", "tool_use")


@pytest.mark.parametrize(
    "deltas",
    [
        ['{"a"', ":1}"],
        ['{"a":1}'],
        ['{"a"', "", ":1}"],
        ['{"a"'],
        [],
        ['{"a": 1}'],
    ],
)
def test_arguments_come_to_what_the_closing_event_says(deltas: list[str]) -> None:
    (call,) = parts_of(
        added(CALL),
        *(event("function_call_arguments.delta", delta=delta) for delta in deltas),
        done({**CALL, "arguments": '{"a":1}'}),
    )
    assert call.arguments.replace(" ", "") == '{"a":1}'


@pytest.mark.parametrize("deltas", [[":1}", '{"a"'], ['{"a"', '{"a"', ":1}"], ['{"b":1}']])
def test_arguments_that_do_not_add_up_are_an_error(deltas: list[str]) -> None:
    events = [event("function_call_arguments.delta", delta=delta) for delta in deltas]
    with pytest.raises(GatewayError) as caught:
        parts_of(added(CALL), *events, done({**CALL, "arguments": '{"a":1}'}))
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_an_event_sent_twice_is_told_once() -> None:
    twice = event("function_call_arguments.delta", delta="1", sequence_number=4)
    (call,) = parts_of(added(CALL), twice, twice, event("function_call_arguments.delta", delta="2", sequence_number=5))
    assert call.arguments == "12"
    same = event("output_text.delta", content_index=0, delta="ha")
    (text,) = parts_of(same, same)
    assert text.text == "haha"  # without numbers nobody can know


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "lots",
        {},
        {"input_tokens": -3, "output_tokens": "9", "input_tokens_details": None},
        {"input_tokens": 1.0, "output_tokens_details": {"reasoning_tokens": []}},
    ],
    ids=str,
)
def test_strange_usage_is_read(usage: Any) -> None:
    answer = fold(read_stream(sse(CREATED, completed(usage=usage))))
    assert answer.usage.output_tokens in (None, 0)
    assert answer.usage.input_tokens in (None, 0, 1)


def test_usage_in_full() -> None:
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {
            "cached_tokens": 60,
            "cache_write_tokens": 30,
            "cache_write_tokens_details": {"ttl_30m_tokens": 10, "ttl_12h_tokens": 20},
        },
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 150,
    }
    response = completed(usage=usage, service_tier="flex", tool_usage={"web_search": {"num_requests": 2}})["response"]
    read = CODEC.read_usage(response)
    assert (read.input_tokens, read.cache_read_tokens, read.cache_write_tokens) == (100, 60, 30)
    assert (read.cache_write_1h_tokens, read.output_tokens, read.reasoning_tokens) == (20, 50, 40)
    assert (read.service_tier, read.web_searches, read.total_tokens) == ("flex", 2, 150)


def error_of(*events: JsonObject) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        read_stream(sse(*events))
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "server_error", "message": "Sorry."}, ErrorKind.UPSTREAM_ERROR),
        ({"code": "rate_limit_exceeded", "message": "Slow down."}, ErrorKind.RATE_LIMITED),
        ({"code": "context_length_exceeded", "message": "Too long."}, ErrorKind.CONTEXT_TOO_LONG),
        ({"code": "insufficient_quota", "message": "Pay."}, ErrorKind.PAYMENT),
        ({"code": "invalid_prompt", "message": "No."}, ErrorKind.BAD_REQUEST),
        ({"code": "image_too_large", "message": "Big."}, ErrorKind.BAD_REQUEST),
        ({"code": "server_is_overloaded", "message": "Later."}, ErrorKind.OVERLOADED),
        ({"code": None, "message": "What?"}, ErrorKind.UPSTREAM_ERROR),
    ],
    ids=lambda value: str(value),
)
def test_errors_in_the_stream_keep_the_vendors_words(error: JsonObject, kind: ErrorKind) -> None:
    failed = {"type": "response.failed", "response": {"id": "r", "status": "failed", "error": error, "output": []}}
    for caught in (
        error_of(CREATED, failed),
        error_of(CREATED, {"type": "error", **error, "param": None, "sequence_number": 2}),
        error_of(CREATED, {"type": "error", "error": {"type": "x", **error}}),
        error_of({"type": "error", **error}),
    ):
        assert (caught.kind, caught.message()) == (kind, error["message"])


def test_an_error_without_any_words() -> None:
    assert error_of(CREATED, {"type": "response.failed", "response": {}}).kind is ErrorKind.UPSTREAM_ERROR
    assert error_of(CREATED, {"type": "error"}).message()


def test_what_came_before_an_error_is_given_first() -> None:
    stream = sse(CREATED, event("output_text.delta", content_index=0, delta="Hel"), {"type": "error", "message": "no"})
    reader = CODEC.stream_reader(DEFAULT)
    told = reader.feed(stream)
    assert any(isinstance(item, PartDelta) and item.text == "Hel" for item in told)
    with pytest.raises(GatewayError, match="no"):
        reader.close()
    with pytest.raises(GatewayError, match="no"):
        reader.feed(b"data: {}\n\n")


@pytest.mark.parametrize(
    "stream", [b"", b": ping\n\n", sse(CREATED), sse(CREATED, added(MESSAGE)), b"data: [DONE]\n\n"]
)
def test_a_stream_that_stops_in_the_middle_is_broken(stream: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        read_stream(stream)
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


@pytest.mark.parametrize("data", [b"{", b"[]", b"1", b'{"type":"response.completed"}', b'{"a":"\xff"}', b"<html>"])
def test_nonsense_is_broken(data: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        read_stream(b"data: " + data + b"\n\n")
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_what_comes_after_the_end_is_ignored() -> None:
    stream = sse(CREATED, completed()) + b"data: [DONE]\n\ndata: {garbage\n\n"
    assert fold(read_stream(stream)).stop.reason == "end"


def test_comments_and_a_missing_last_blank_line() -> None:
    stream = b": ping\n\n" + sse(CREATED) + b": ping\n\n" + sse(completed()).rstrip(b"\n")
    assert fold(read_stream(stream)).id == "resp_1"


def test_open_items_are_bounded() -> None:
    with pytest.raises(GatewayError):
        read_stream(sse(*(added(MESSAGE, number) for number in range(5000))))


def test_a_200_with_an_error_body() -> None:
    for body in ({"error": {"message": "bad key", "code": "invalid_api_key"}}, {"error": "bad key"}):
        with pytest.raises(GatewayError, match="bad key"):
            CODEC.read_response(body, DEFAULT)
    failed = {"id": "r", "status": "failed", "output": [], "error": {"code": "server_error", "message": "Sorry."}}
    with pytest.raises(GatewayError, match="Sorry"):
        CODEC.read_response(failed, DEFAULT)
    nothings: list[Any] = [None, [], {}, {"output": {}}, {"output": [3]}, {"output": [{"type": "function_call"}]}]
    for nothing in nothings:
        with pytest.raises(GatewayError) as caught:
            CODEC.read_response(nothing, DEFAULT)
        assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_seals_of_a_gateway_further_up_stay_closed() -> None:
    token = "Y3Jhd2RhZDE6eyJwIjoiYW50aHJvcGljIiwic2lnIjoieCJ9"
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": token}
    part = whole({"id": "r", "output": [item]}).parts[0]
    assert isinstance(part, ThinkingPart) and (part.encrypted, part.origin) == (token, NAME)


def test_the_tap_sees_errors_and_never_raises() -> None:
    tap = CODEC.tap({})
    for piece in (b"", b"data: {\n\n", b"event: response.completed\ndata: []\n\n", b"event: response.completed\n\n"):
        tap.feed(piece)
    assert not tap.finished
    tap.feed(sse({"type": "error", "message": "x"}))
    assert (tap.stop, tap.finished) == ("error", False)
    tap = CODEC.tap({})
    tap.feed(sse({"type": "response.failed", "response": {"status": "failed", "usage": USAGE}}))
    assert (tap.stop, tap.finished, tap.usage.input_tokens) == ("error", True, 10)

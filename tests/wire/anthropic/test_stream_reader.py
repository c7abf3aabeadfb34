"""Streams as vendors really send them, and as they should not (attacks 29 and 30)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import PartDelta
from crawdad.core.parts import OpaquePart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.anthropic import CODEC, stream_reader
from crawdad.wire.profile import DEFAULT
from tests.wire.anthropic.speaking import read_stream, sse

START = {
    "type": "message_start",
    "message": {"id": "m", "model": "c", "usage": {"input_tokens": 9, "output_tokens": 1}},
}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}
STOP = {"type": "message_stop"}


def begin(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def grow(index: int, **delta: Any) -> dict[str, Any]:
    kind = {"text": "text", "thinking": "thinking", "partial_json": "input_json", "signature": "signature"}
    return {
        "type": "content_block_delta",
        "index": index,
        "delta": {"type": kind[next(iter(delta))] + "_delta", **delta},
    }


def end(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


TEXT = {"type": "text", "text": ""}
CALL = {"type": "tool_use", "id": "t", "name": "look", "input": {}}


def answer(*events: dict[str, Any]) -> ModelResponse:
    return fold(read_stream([sse(*events)]))


def test_a_stream_without_message_stop_is_complete_once_the_reason_was_told() -> None:
    assert answer(START, begin(0, TEXT), grow(0, text="hi"), END).text == "hi"


def test_a_stream_that_stops_before_is_cut_short() -> None:
    silent = {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {}}
    for events in ([], [START], [START, begin(0, TEXT), grow(0, text="hi"), end(0)], [START, silent]):
        with pytest.raises(GatewayError) as raised:
            answer(*events)
        assert raised.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_message_stop_alone_is_no_answer() -> None:
    with pytest.raises(GatewayError):
        answer(STOP)


def test_a_last_event_without_its_blank_line_is_read() -> None:
    assert fold(read_stream([sse(START, begin(0, TEXT), grow(0, text="hi"), END, STOP)[:-2]])).text == "hi"


def test_a_last_event_that_did_not_come_in_full_counts_as_not_sent() -> None:
    assert fold(read_stream([sse(START, begin(0, TEXT), grow(0, text="hi"), END, STOP)[:-5]])).text == "hi"
    with pytest.raises(GatewayError, match="stopped in the middle"):
        read_stream([sse(START, begin(0, TEXT), grow(0, text="hi"))[:-5]])


def test_missing_starts_and_stops_are_made_good() -> None:
    response = answer(grow(0, text="a"), begin(1, TEXT), grow(1, text="b"), grow(2, thinking="c"), END, STOP)
    assert response.parts == [TextPart("a"), TextPart("b"), ThinkingPart("c", origin=CODEC.name)]


def test_a_block_that_starts_twice_becomes_two() -> None:
    response = answer(START, begin(0, TEXT), grow(0, text="a"), begin(0, TEXT), grow(0, text="b"), END, STOP)
    assert [part.text for part in response.parts] == ["a", "b"]  # type: ignore[union-attr]


def test_text_after_the_stop_of_its_block_is_not_lost() -> None:
    assert answer(START, begin(0, TEXT), end(0), end(0), grow(0, text="late"), END, STOP).text == "late"


def test_blocks_may_interleave() -> None:
    events = [begin(0, CALL), begin(1, {**CALL, "id": "u"}), grow(1, partial_json='{"b"'), grow(0, partial_json="{}")]
    response = answer(START, *events, grow(1, partial_json=":1}"), end(1), end(0), END, STOP)
    assert [(part.id, part.arguments) for part in response.parts] == [("t", "{}"), ("u", '{"b":1}')]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("block", "pieces", "arguments"),
    [
        ({"input": {}}, [], "{}"),
        ({"input": {"a": 1}}, [], '{"a":1}'),
        ({"input": {"a": 1}}, ['{"a"', ":1}"], '{"a":1}'),
        ({"input": {}}, ["", "", '{"a":1}', ""], '{"a":1}'),
        ({"input": '{"a":1}'}, [], '{"a":1}'),
        ({}, ["{}"], "{}"),
    ],
)
def test_arguments_come_whole_or_in_pieces(block: dict[str, Any], pieces: list[str], arguments: str) -> None:
    start = {"type": "tool_use", "id": "t", "name": "look", **block}
    response = answer(START, begin(0, start), *(grow(0, partial_json=piece) for piece in pieces), end(0), END, STOP)
    (part,) = response.parts
    assert isinstance(part, ToolCallPart) and part.arguments == arguments


def test_a_missing_stop_reason_is_told_by_the_answer() -> None:
    silent = {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {}}
    assert answer(START, begin(0, CALL), end(0), silent, STOP).stop.reason == "tool_use"
    assert answer(START, STOP).stop.reason == "end"


def test_server_side_calls_are_kept_with_their_input() -> None:
    use = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"url": "u"}]}
    pieces = [grow(0, partial_json='{"query"'), grow(0, partial_json=':"q"}')]
    response = answer(START, begin(0, use), *pieces, end(0), begin(1, found), end(1), END, STOP)
    assert response.parts == [
        OpaquePart(CODEC.name, "server_tool_use", {**use, "input": {"query": "q"}}),
        OpaquePart(CODEC.name, "web_search_tool_result", found),
    ]


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        ({"input_tokens": 9, "output_tokens": 1}, {"output_tokens": 5}, (9, 5, 0)),
        ({}, {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 2}, (9, 5, 2)),
        ({"input_tokens": 9, "cache_read_input_tokens": 3}, {"input_tokens": 0, "output_tokens": 5}, (12, 5, 3)),
        ({"input_tokens": 9}, {"input_tokens": 1, "cache_read_input_tokens": 8, "output_tokens": 5}, (9, 5, 8)),
        ({"input_tokens": 9, "output_tokens": 3}, None, (9, 3, 0)),
        ({"input_tokens": "many"}, {"output_tokens": -5}, (0, 0, 0)),
        (None, "nonsense", (None, None, 0)),
    ],
)
def test_usage_of_every_quality(first: Any, last: Any, counts: tuple[int | None, int | None, int]) -> None:
    start = {"type": "message_start", "message": {"id": "m", "model": "c", "usage": first}}
    usage = answer(start, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last}, STOP).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == counts


def test_noise_is_passed_over() -> None:
    noise = b': hello\n\nevent: ping\ndata: {"type": "ping"}\n\nevent: tomorrow\ndata: {"type": "new", "x": 1}\n\n'
    stream = noise + sse(START, begin(0, TEXT)) + noise + sse(grow(0, text="hi"), end(0), END, STOP)
    assert fold(read_stream([stream + b"data: [DONE]\n\n" + sse(grow(0, text="after"))])).text == "hi"


def test_an_error_event_raises_with_the_vendors_words() -> None:
    fault = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}
    with pytest.raises(GatewayError, match="Overloaded") as raised:
        answer(START, begin(0, TEXT), grow(0, text="hi"), fault)
    assert raised.value.kind is ErrorKind.OVERLOADED
    assert CODEC.write_error(raised.value) == (529, fault)


@pytest.mark.parametrize("framing", [b"data: %b\n\n", b"%b"])
def test_a_fault_told_in_another_form_is_still_told(framing: bytes) -> None:
    with pytest.raises(GatewayError, match="no such model"):
        read_stream([framing % orjson.dumps({"error": {"message": "no such model"}})])


@pytest.mark.parametrize("data", [b"{", b"[]", b'"x"', b"{}}", b'{"type":"content_block_start"}', b"\xff"])
def test_what_makes_no_sense_is_an_unreadable_upstream(data: bytes) -> None:
    with pytest.raises(GatewayError) as raised:
        read_stream([sse(START), b"data: " + data + b"\n\n"])
    assert raised.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GatewayError, match="too many open blocks"):
        answer(START, *(begin(index, TEXT) for index in range(5000)))
    monkeypatch.setattr(stream_reader, "MAX_EVENT_BYTES", 100)
    use = {"type": "server_tool_use", "id": "s", "name": "x", "input": {}}
    with pytest.raises(GatewayError, match="block too large"):
        answer(START, begin(0, use), *(grow(0, partial_json="x" * 10) for _ in range(20)))


def test_a_tap_learns_what_the_reader_learns() -> None:
    tap = CODEC.tap({})
    text = grow(0, text="message_delta message_stop")
    for event in (START, begin(0, TEXT), text, end(0), END, STOP):
        assert not tap.finished or event is STOP
        tap.feed(sse(event))
    assert (tap.model, tap.stop, tap.finished) == ("c", "end", True)
    assert (tap.usage.input_tokens, tap.usage.output_tokens) == (9, 5)


@pytest.mark.parametrize(
    "event",
    [b"", b"data: {", b'data: "message_start"', b"event: message_delta\n\n", b"data: \xffmessage_stop\n\n",
     b'data: {"type":"message_start","message":3}\n\n', b'data: {"type":"message_delta","delta":[],"usage":[]}\n\n'],
)  # fmt: skip
def test_a_tap_never_raises(event: bytes) -> None:
    tap = CODEC.tap({})
    tap.feed(event)
    assert not tap.finished and not tap.usage.known


def test_a_tap_is_not_deceived_by_what_the_model_says() -> None:
    tap = CODEC.tap({})
    tap.feed(b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"message_stop"}}\n\n')
    assert not tap.finished


def test_usage_of_a_whole_answer_never_raises() -> None:
    assert CODEC.read_usage({"usage": {"input_tokens": 3, "output_tokens": 4}}).total_tokens == 7
    assert not CODEC.read_usage({"usage": 3}).known and not CODEC.read_usage({}).known


@pytest.mark.parametrize("body", [None, [], "x", {}, {"content": 3}, {"content": [3]}])
def test_a_whole_answer_that_makes_no_sense_is_unreadable(body: Any) -> None:
    with pytest.raises(GatewayError) as raised:
        CODEC.read_response(body, DEFAULT)
    assert raised.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_a_success_that_carries_a_fault_is_a_fault() -> None:
    fault = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
    with pytest.raises(GatewayError, match="slow down") as raised:
        CODEC.read_response(fault, DEFAULT)
    assert raised.value.kind is ErrorKind.RATE_LIMITED


@pytest.mark.parametrize("last", [sse({"type": "error", "error": {"type": "overloaded_error"}}), b"data: {half\n\n"])
def test_what_came_before_an_error_in_one_piece_is_told_first(last: bytes) -> None:
    """However a network cuts a stream, the client hears what the model said before it failed."""
    reader = CODEC.stream_reader(DEFAULT)
    told = reader.feed(sse(START, begin(0, TEXT), grow(0, text="said")) + last)
    assert [event.text for event in told if isinstance(event, PartDelta)] == ["said"]
    with pytest.raises(GatewayError):
        reader.feed(b"")
    with pytest.raises(GatewayError):
        reader.close()

"""Streams as vendors really send them: fragments out of order, repeated, cut short, broken."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import PartStart
from crawdad.core.parts import RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.openai_chat import CODEC, PROFILES
from tests.wire.openai_chat.recordings import read_stream

DONE = b"data: [DONE]\n\n"


def event(*choices: Any, **fields: Any) -> bytes:
    body = {"id": "1", "created": 1, "model": "m", "choices": list(choices), **fields}
    return b"data: " + orjson.dumps(body) + b"\n\n"


def delta(finish: str | None = None, **fields: Any) -> bytes:
    return event({"index": 0, "delta": fields, "finish_reason": finish})


def answer(*events: bytes) -> ModelResponse:
    got, error = read_stream([b"".join(events)])
    assert error is None, error
    return fold(got)


def fault(*events: bytes) -> GatewayError:
    _, error = read_stream([b"".join(events)])
    assert error is not None
    return error


def call(index: int | None = None, **fields: Any) -> bytes:
    entry = {} if index is None else {"index": index}
    if "id" in fields:
        entry["id"] = fields.pop("id")
    return delta(tool_calls=[{**entry, "function": fields}])


def calls_of(response: ModelResponse) -> list[tuple[str, str, str]]:
    return [(part.id, part.name, part.arguments) for part in response.parts if isinstance(part, ToolCallPart)]


END = delta("tool_calls")
F, G = ("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [
                call(0, id="a", name="f", arguments=""),
                call(1, id="b", name="g", arguments=""),
                call(1, arguments='{"y"'),
                call(0, arguments='{"x"'),
                call(0, arguments=":1}"),
                call(1, arguments=":2}"),
            ],
            id="interleaved",
        ),
        pytest.param(
            [call(0, id="a", name="f", arguments='{"x":1}'), call(0, id="b", name="g", arguments='{"y":2}')],
            id="every call has index 0",
        ),
        pytest.param(
            [call(id="a", name="f", arguments='{"x":1}'), call(id="b", name="g", arguments='{"y":2}')], id="no index"
        ),
        pytest.param(
            [
                call(id="a", name="f"),
                call(arguments='{"x":1}'),
                call(id="b", name="g"),
                call(arguments='{"y":'),
                call(arguments="2}"),
            ],
            id="no index, fragments",
        ),
        pytest.param(
            [
                call(0, id="a", name="f", arguments='{"x":1}'),
                call(0, id="a", name="f", arguments='{"x":1}'),
                call(1, id="b", name="g", arguments='{"y":2}'),
                call(1, arguments='{"y":2}'),
            ],
            id="sent twice",
        ),
        pytest.param(
            [
                call(0, id="a", name="f", arguments="{}"),
                call(0, arguments='{"x":1}'),
                call(1, id="b", name="g", arguments=""),
                call(1, arguments=None),
                call(1, arguments='{"y":2}'),
                call(1, arguments=""),
            ],
            id="empty before the real ones",
        ),
        pytest.param(
            [
                call(0, id="a", arguments='{"x"'),
                call(0, name="f", arguments=":1}"),
                call(1, id="b", name="g", arguments={"y": 2}),
            ],
            id="name after arguments, arguments as an object",
        ),
    ],
)
def test_fragments_of_calls(events: list[bytes]) -> None:
    assert calls_of(answer(*events, END, DONE)) == [F, G]


def test_parallel_calls_without_ids_under_one_index() -> None:
    events = [call(0, id="", name="f", arguments='{"x":1}'), call(0, id="", name="f", arguments='{"x":2}')]
    assert calls_of(answer(*events, END, DONE)) == [("", "f", '{"x":1}'), ("", "f", '{"x":2}')]


def test_no_arguments_are_an_empty_object() -> None:
    assert calls_of(answer(call(0, id="a", name="f", arguments="{}"), END, DONE)) == [("a", "f", "{}")]


def test_the_deprecated_function_call() -> None:
    events = [delta(function_call={"name": "f", "arguments": ""}), delta(function_call={"arguments": '{"x":1}'})]
    response = answer(*events, delta("function_call"), DONE)
    assert calls_of(response) == [("", "f", '{"x":1}')]
    assert response.stop.reason == "tool_use"


def test_custom_calls() -> None:
    start = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "p", "input": ""}}
    more = {"index": 0, "type": "custom", "custom": {"input": "{}"}}
    response = answer(delta(tool_calls=[start]), delta(tool_calls=[more]), delta(tool_calls=[more]), END, DONE)
    part = response.parts[0]
    assert isinstance(part, ToolCallPart)
    assert (part.custom, part.arguments) == (True, "{}{}")


def test_a_forced_call_is_a_call_whatever_the_vendor_says() -> None:
    response = answer(call(0, id="a", name="f", arguments="{}"), delta("stop"), DONE)
    assert (response.stop.reason, response.stop.raw) == ("tool_use", "stop")


def test_thinking_and_text_take_turns() -> None:
    events = [
        delta(reasoning_content="a"),
        delta(content="b"),
        delta(reasoning="c"),
        delta(content="d"),
        delta(refusal="e"),
    ]
    parts = answer(*events, delta("stop"), DONE).parts
    assert [(type(part), part.text) for part in parts if not isinstance(part, ToolCallPart)] == [  # type: ignore[union-attr]
        (ThinkingPart, "a"),
        (TextPart, "b"),
        (ThinkingPart, "c"),
        (TextPart, "d"),
        (RefusalPart, "e"),
    ]


def test_mistrals_content_parts() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    events = [delta(content=thinking), delta(content=thinking), delta(content="said")]
    parts = answer(*events, delta("stop"), DONE).parts
    assert [part.text for part in parts if isinstance(part, ThinkingPart)] == ["hmhm"]
    assert parts[1] == TextPart("said")


def test_half_a_character_has_probabilities_but_no_text() -> None:
    token = {"token": "\\xf0", "logprob": -0.5, "bytes": [240], "top_logprobs": []}
    choice = {"index": 0, "delta": {"content": ""}, "logprobs": {"content": [token]}, "finish_reason": None}
    part = answer(event(choice), delta(content="🦞"), delta("stop"), DONE).parts[0]
    assert isinstance(part, TextPart)
    assert part.text == "🦞"
    assert part.logprobs[0].utf8 == [240]


def test_the_end_without_done_and_done_without_a_reason() -> None:
    assert answer(delta(content="x"), delta("stop")).text == "x"
    assert answer(delta(content="x"), DONE).stop.reason == "end"
    assert answer(delta(content="x"), delta("stop"), b"data: [DONE]").text == "x"


def test_what_comes_after_done_is_ignored() -> None:
    assert answer(delta(content="x"), delta("stop"), DONE, b"data: garbage\n\n", DONE).text == "x"


CUT = delta(content="y")[:40]


def test_a_last_event_that_was_cut_off_counts_as_not_sent() -> None:
    assert answer(delta(content="x"), delta("stop"), event(usage={"prompt_tokens": 1})[:50]).text == "x"


@pytest.mark.parametrize(
    "events", [[], [delta(content="x")], [delta(content="x"), CUT], [b": ping\n\n"], [DONE], [event(id="")]]
)
def test_a_stream_that_stops_in_the_middle_is_an_error(events: list[bytes]) -> None:
    error = fault(*events)
    assert error.kind is ErrorKind.UPSTREAM_BROKEN
    assert "middle" in error.message()


def test_every_choice_must_have_ended() -> None:
    two = event({"index": 0, "delta": {"content": "x"}}, {"index": 1, "delta": {"content": "y"}})
    assert fault(two, delta("stop")).kind is ErrorKind.UPSTREAM_BROKEN


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: 5\n\n", b"data: []\n\n", b"data: \xff\n\n"])
def test_unreadable_events(data: bytes) -> None:
    assert fault(delta(content="x"), data).kind is ErrorKind.UPSTREAM_BROKEN


def test_an_absurd_choice_index_is_refused() -> None:
    assert fault(event({"index": 10**9, "delta": {"content": "x"}})).kind is ErrorKind.UPSTREAM_BROKEN


def test_events_before_an_error_are_not_lost() -> None:
    stream = delta(content="x") + b'data: {"error": {"message": "boom", "code": 502}}\n\n'
    events, error = read_stream([stream])
    assert any(isinstance(one, PartStart) for one in events)
    assert error is not None
    assert (error.message(), error.details["status"]) == ("boom", 502)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"error": {"message": "boom", "type": "server_error"}}, ErrorKind.UPSTREAM_ERROR),
        ({"error": {"message": "boom", "code": "rate_limit_exceeded"}}, ErrorKind.RATE_LIMITED),
        ({"error": {"message": "boom", "code": 429}, "choices": []}, ErrorKind.RATE_LIMITED),
        ({"error": "boom"}, ErrorKind.UPSTREAM_ERROR),
        ({"object": "error", "message": "boom", "code": 400}, ErrorKind.BAD_REQUEST),
        ({"choices": [{"index": 0, "error": {"message": "boom", "code": 503}}]}, ErrorKind.OVERLOADED),
    ],
)
def test_errors_in_mid_stream_keep_the_vendors_words(data: Any, kind: ErrorKind) -> None:
    error = fault(delta(content="x"), b"data: " + orjson.dumps(data) + b"\n\n")
    assert (error.kind, error.message()) == (kind, "boom")


@pytest.mark.parametrize("field", ["annotations", "reasoning_details"])
def test_what_is_nested_too_deeply_to_be_told_again_is_refused(field: str) -> None:
    deep = b"[" * 300 + b"]" * 300
    chunk = b'{"id":"1","choices":[{"index":0,"delta":{"%s":[{"x":%s}]}}]}' % (field.encode(), deep)
    assert fault(b"data: " + chunk + b"\n\n").kind is ErrorKind.UPSTREAM_BROKEN


@pytest.mark.parametrize(
    "usage", [None, {}, "7", [], {"prompt_tokens": -3, "completion_tokens": "2"}, {"prompt_tokens": None}]
)
def test_odd_usage_does_no_harm(usage: Any) -> None:
    response = answer(delta(content="x"), delta("stop"), event(usage=usage), DONE)
    assert response.usage.total_tokens == 0


@pytest.mark.parametrize(
    "chunk",
    [
        event(usage={"prompt_tokens": 5, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}),
        event(usage={"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}),
        event(x_groq={"usage": {"prompt_tokens": 5, "completion_tokens": 2, "cached_tokens": 4}}),
        event({"index": 0, "usage": {"prompt_tokens": 5, "completion_tokens": 2, "cached_tokens": 4}}),
    ],
    ids=["deepseek", "openai", "groq", "moonshot"],
)
def test_usage_wherever_it_stands(chunk: bytes) -> None:
    usage = answer(delta(content="x"), delta("stop"), chunk, DONE).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (5, 2, 4)


def test_thinking_outside_the_completion_is_counted_in() -> None:
    details = {"reasoning_tokens": 7}
    raw = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 14, "completion_tokens_details": details}
    usage = answer(delta(content="x"), delta("stop"), event(usage=raw), DONE).usage
    assert (usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (9, 7, 14)


def test_azures_first_chunk_says_nothing() -> None:
    first = b'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]}\n\n'
    response = answer(first, delta(content="x"), delta("stop"), DONE)
    assert (response.id, response.model) == ("1", "m")
    assert response.extra["prompt_filter_results"] == []


@pytest.mark.parametrize("body", [None, [], 5, {}, {"choices": None}, {"choices": []}, {"error": {"message": "boom"}}])
def test_a_whole_answer_that_is_none(body: Any) -> None:
    with pytest.raises(GatewayError):
        CODEC.read_response(body, PROFILES["openai"])


def test_an_error_with_status_200_keeps_the_vendors_words() -> None:
    with pytest.raises(GatewayError, match="boom") as caught:
        CODEC.read_response({"error": {"message": "boom", "code": 429}}, PROFILES["openrouter"])
    assert caught.value.kind is ErrorKind.RATE_LIMITED
    assert CODEC.write_error(caught.value) == (429, {"error": {"message": "boom", "code": 429}})

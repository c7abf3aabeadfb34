"""Replies are what the official SDK expects, in its strict mode, and lose nothing of what the upstream said."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Citation, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.openai_chat import CODEC, profile_for
from tests.support.goldens import Golden, needs_goldens
from tests.wire.openai_chat.recordings import (
    ANSWERS,
    STREAMS,
    answer_of,
    chunks_of,
    context,
    profile_of,
    read_stream,
    written_stream,
)
from tests.wire.openai_chat.sdk import accumulate, client_of, parse_chunks, parse_whole

USAGE = {"include_usage": True}


def test_the_strict_mode_is_strict() -> None:
    with pytest.raises(openai.APIResponseValidationError):
        parse_whole({"id": "x", "object": "chat.completion", "choices": [], "model": "m", "created": "then"})


def citations_of(answer: ModelResponse) -> list[Citation]:
    return [citation for part in answer.parts if isinstance(part, TextPart) for citation in part.citations]


def compare(seen: ChatCompletion, answer: ModelResponse) -> None:
    """The SDK's view against ours."""
    assert seen.model == "asked-for"
    assert seen.id == "chatcmpl-r1"
    choice = seen.choices[0]
    message: Any = choice.message
    assert (message.content or "") == answer.text
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    assert [(call.function.name, call.function.arguments) for call in message.tool_calls or []] == [
        (call.name, call.arguments) for call in calls
    ]
    for call, part in zip(message.tool_calls or [], calls, strict=True):
        assert call.id == part.id or (not part.id and call.id.startswith("call_r1_"))
    assert [annotation.model_dump() for annotation in message.annotations or []] == [
        citation.raw for citation in citations_of(answer)
    ]
    thinking = "".join(part.text for part in answer.parts if isinstance(part, ThinkingPart))
    assert (getattr(message, "reasoning_content", None) or "") == thinking
    if answer.stop.raw:
        assert choice.finish_reason == answer.stop.raw
    assert seen.usage is not None
    assert seen.usage.prompt_tokens == answer.usage.input_tokens
    assert seen.usage.completion_tokens == answer.usage.output_tokens
    assert seen.usage.prompt_tokens_details is not None
    assert seen.usage.prompt_tokens_details.cached_tokens == answer.usage.cache_read_tokens
    assert seen.usage.completion_tokens_details is not None
    assert seen.usage.completion_tokens_details.reasoning_tokens == answer.usage.reasoning_tokens


def same(again: ModelResponse, answer: ModelResponse) -> None:
    """What our own reader makes of the reply: the same parts and counts."""
    assert again.text == answer.text
    thoughts = [[part for part in one.parts if isinstance(part, ThinkingPart)] for one in (again, answer)]
    for part in (part for parts in thoughts for part in parts):
        part.extra.pop("index", None)  # a stream numbers the items anew
    assert thoughts[0] == thoughts[1]
    assert [part.arguments for part in again.parts if isinstance(part, ToolCallPart)] == [
        part.arguments for part in answer.parts if isinstance(part, ToolCallPart)
    ]
    again.usage.service_tier = answer.usage.service_tier  # vendors have tiers that OpenAI's clients do not know
    assert again.usage == answer.usage
    assert again.stop == answer.stop or answer.stop.raw is None


@needs_goldens
@pytest.mark.parametrize("golden", ANSWERS, ids=str)
def test_every_recorded_answer_as_a_whole_reply(golden: Golden) -> None:
    answer = answer_of(golden)
    body = CODEC.write_response(answer, context())
    compare(parse_whole(body), answer)
    same(fold(CODEC.read_response(body, profile_of(golden))), answer)


@needs_goldens
@pytest.mark.parametrize("golden", ANSWERS, ids=str)
def test_every_recorded_answer_as_a_stream(golden: Golden) -> None:
    stream = written_stream(CODEC.read_response(golden.body, profile_of(golden)), context(stream_options=USAGE))
    answer = answer_of(golden)
    parse_chunks(stream)
    compare(accumulate(stream), answer)
    events, error = read_stream([stream])
    assert error is None
    same(fold(events), answer)


@needs_goldens
@pytest.mark.parametrize("golden", STREAMS, ids=str)
def test_every_recorded_stream_as_a_stream_and_whole(golden: Golden) -> None:
    events, error = read_stream([golden.body.encode()])
    if error is not None:
        return
    answer = answer_of(golden)
    stream = written_stream(events, context(stream_options=USAGE))
    parse_chunks(stream)
    compare(accumulate(stream), answer)
    body = CODEC.write_response(answer, context())
    compare(parse_whole(body), answer)


HELLO = {
    "id": "x",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


def test_usage_is_told_exactly_when_asked_for() -> None:
    events = CODEC.read_response(HELLO, profile_for(""))
    silent = chunks_of(written_stream(events, context()))
    assert all("usage" not in chunk and chunk["choices"] for chunk in silent)
    asked = chunks_of(written_stream(events, context(stream_options=USAGE)))
    assert [chunk["usage"] for chunk in asked[:-1]] == [None] * (len(asked) - 1)
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"]["total_tokens"] == 5


def test_a_stream_has_the_shape_of_the_vendors_own() -> None:
    stream = written_stream(CODEC.read_response(HELLO, profile_for("")), context())
    chunks = chunks_of(stream)
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hello"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "stop"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert stream.endswith(b"data: [DONE]\n\n")


def test_an_error_in_mid_stream_reaches_the_sdk_in_words() -> None:
    writer = CODEC.stream_writer(context())
    events = CODEC.read_response(HELLO, profile_for(""))
    stream = b"".join(writer.send(event) for event in events[:2]) + writer.ping()
    stream += writer.fail(GatewayError(ErrorKind.OVERLOADED, "too busy", {"status": 529}))
    with pytest.raises(openai.APIError, match="too busy"):
        parse_chunks(stream)
    with pytest.raises(GatewayError, match="too busy"):
        raise read_stream([stream])[1] or AssertionError


def test_several_choices_stay_apart() -> None:
    body = {
        **HELLO,
        "choices": [
            {"index": number, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            for number, (text, reason) in enumerate([("one", "stop"), ("two", "length"), ("three", "stop")])
        ],
    }
    events = CODEC.read_response(body, profile_for(""))
    seen = accumulate(written_stream(events, context(stream_options=USAGE)))
    assert [(c.message.content, c.finish_reason) for c in seen.choices] == [
        ("one", "stop"),
        ("two", "length"),
        ("three", "stop"),
    ]
    whole = parse_whole(CODEC.write_response(fold(CODEC.read_response(body, profile_for(""))), context()))
    assert [c.message.content for c in whole.choices] == ["one", "two", "three"]


def test_an_error_before_the_reply_is_the_sdks_own_exception() -> None:
    import orjson

    error = GatewayError(ErrorKind.RATE_LIMITED, "slow down")
    status, body = CODEC.write_error(error)
    with (
        client_of(orjson.dumps(body), "application/json", status) as client,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert caught.value.code == "rate_limit_exceeded"

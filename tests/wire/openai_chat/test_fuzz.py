"""Whatever comes, the codec parses it or raises `GatewayError`."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.core.response import fold
from crawdad.wire.openai_chat import CODEC, PROFILES
from tests.wire.openai_chat.recordings import context, read_stream, written_stream

KEYS = st.sampled_from(
    [
        "role",
        "content",
        "type",
        "text",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "id",
        "index",
        "image_url",
        "url",
        "file",
        "file_data",
        "input_audio",
        "data",
        "reasoning_details",
        "reasoning",
        "signature",
        "refusal",
        "audio",
        "images",
        "annotations",
        "url_citation",
        "logprobs",
        "token",
        "logprob",
        "delta",
        "message",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "prompt_tokens_details",
        "error",
        "code",
        "model",
        "custom",
        "input",
        "tools",
        "tool_choice",
        "stop",
        "stream_options",
        "response_format",
        "json_schema",
        "thinking",
        "extra_content",
        "google",
        "thought_signature",
        "choices",
    ]
)
WORDS = st.sampled_from(
    [
        "user",
        "assistant",
        "system",
        "tool",
        "function",
        "text",
        "image_url",
        "file",
        "input_audio",
        "custom",
        "allowed_tools",
        "reasoning.text",
        "stop",
        "thinking",
        "refusal",
        "json_schema",
        "reasoning.encrypted",
        "data:image/png;base64,AA",
        "{}",
        "auto",
        "required",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False) | WORDS | st.text(max_size=5)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)
OBJECT = st.dictionaries(KEYS, ANY, max_size=6)
MESSAGE = st.fixed_dictionaries(
    {"role": WORDS}, optional={key: ANY for key in ("content", "tool_calls", "reasoning_details", "name", "audio")}
)
CHOICE = st.fixed_dictionaries(
    {}, optional={"index": ANY, "delta": OBJECT, "message": OBJECT, "finish_reason": ANY, "logprobs": ANY}
)
LIMITS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LIMITS
@given(st.fixed_dictionaries({"model": st.just("m"), "messages": st.lists(MESSAGE, max_size=3)}), OBJECT)
def test_any_request_reads_and_writes_or_is_refused(body: dict[str, Any], more: dict[str, Any]) -> None:
    with contextlib.suppress(GatewayError):
        request = CODEC.read_request({**more, **body})
        for name in ("openai", "mistral", "deepseek", "openrouter"):
            orjson.dumps(CODEC.write_request(request, PROFILES[name]).body)
        request.protocol = "gemini"
        orjson.dumps(CODEC.write_request(request, PROFILES["groq"]).body)


@LIMITS
@given(OBJECT)
def test_any_object_is_a_request_or_is_refused(body: dict[str, Any]) -> None:
    with contextlib.suppress(GatewayError):
        CODEC.read_request(body)


@LIMITS
@given(
    ANY
    | st.fixed_dictionaries({"choices": st.lists(CHOICE, max_size=3)}, optional={"usage": ANY, "error": ANY, "id": ANY})
)
def test_any_answer_reads_and_is_told_again_or_is_refused(body: Any) -> None:
    with contextlib.suppress(GatewayError):
        written_stream(CODEC.read_response(body, PROFILES["openai"]), context())
        orjson.dumps(CODEC.write_response(fold(CODEC.read_response(body, PROFILES["openai"])), context()))
    if isinstance(body, dict):
        CODEC.read_usage(body)


@LIMITS
@given(st.lists(st.fixed_dictionaries({"choices": st.lists(CHOICE, max_size=2)}, optional={"usage": ANY}), max_size=4))
def test_any_stream_of_chunks(bodies: list[dict[str, Any]]) -> None:
    stream = b"".join(b"data: " + orjson.dumps(body) + b"\n\n" for body in bodies)
    events, error = read_stream([stream])
    again, same_error = read_stream([stream[at : at + 7] for at in range(0, len(stream), 7)])
    assert (again, str(same_error)) == (events, str(error))
    tap = CODEC.tap({})
    for body in bodies:
        tap.feed(b"data: " + orjson.dumps(body) + b"\n\n")


@LIMITS
@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"data: ", b"\n\n", b"\r\n", b"[DONE]", b'{"choices":[']), max_size=8
    )
)
def test_any_bytes_in_a_stream(chunks: list[bytes]) -> None:
    read_stream(chunks)
    tap = CODEC.tap({})
    for chunk in chunks:
        tap.feed(chunk)


@LIMITS
@given(st.integers(300, 700), st.binary(max_size=60) | ANY.map(orjson.dumps))
def test_any_error_body(status: int, body: bytes) -> None:
    error = CODEC.read_error(status, {"retry-after": body[:5].decode("latin-1")}, body)
    assert error.details["status"] == status
    orjson.dumps(CODEC.write_error(error)[1])
    CODEC.stream_writer(context()).fail(error)

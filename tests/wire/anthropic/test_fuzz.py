"""Any bytes, any JSON: it reads, or it raises `GatewayError`, and nothing else."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartEnd, PartStart
from crawdad.core.response import fold
from crawdad.wire.anthropic import CODEC
from crawdad.wire.profile import DEFAULT, Profile
from tests.wire.anthropic.speaking import context, read_stream, write_stream

NUMBERS = st.integers(-(2**53), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(
    [
        "text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use",
        "compaction", "search_result", "user", "assistant", "system", "auto", "any", "tool", "enabled", "disabled",
        "adaptive", "json_schema", "base64", "url", "file", "content", "error", "ephemeral", "omitted", "custom",
        "message_start", "message_delta", "message_stop", "content_block_start", "content_block_delta",
        "content_block_stop", "text_delta", "input_json_delta", "signature_delta", "citations_delta", "end_turn",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "type", "text", "content", "role", "source", "data", "media_type", "url", "file_id", "id", "name", "input",
        "tool_use_id", "is_error", "thinking", "signature", "citations", "cache_control", "ttl", "title", "message",
        "usage", "input_tokens", "output_tokens", "cache_creation", "cache_read_input_tokens", "server_tool_use",
        "stop_reason", "stop_sequence", "delta", "index", "content_block", "partial_json", "citation", "error",
        "input_schema", "strict", "budget_tokens", "display", "effort", "format", "schema", "encrypted_index",
        "output_tokens_details", "details", "stop_details", "tool_name",
    ]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6),
    max_leaves=25,
)
TOP = st.sampled_from(
    [
        "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences",
        "tools", "tool_choice", "thinking", "output_config", "output_format", "metadata", "service_tier", "container",
    ]
)  # fmt: skip
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": JSON})
REQUEST = st.dictionaries(TOP, JSON, max_size=8) | st.fixed_dictionaries(
    {"model": st.just("m"), "messages": st.lists(MESSAGE, max_size=4)}, optional={"tools": JSON, "thinking": JSON}
)
BLOCK = st.fixed_dictionaries({"type": WORDS}, optional={"text": JSON, "input": JSON, "id": JSON, "citations": JSON})
EVENT = st.fixed_dictionaries(
    {"type": WORDS},
    optional={
        "index": st.integers(0, 3) | JSON,
        "content_block": BLOCK | JSON,
        "delta": st.fixed_dictionaries({"type": WORDS}, optional={"text": JSON, "partial_json": JSON}) | JSON,
        "message": JSON,
        "usage": JSON,
    },
)


@settings(max_examples=100, deadline=None)
@given(REQUEST)
def test_any_request(body: dict[str, Any]) -> None:
    with contextlib.suppress(GatewayError):
        request = CODEC.read_request(body)
        for protocol in (CODEC.name, "openai-chat"):
            request.protocol = protocol
            for profile in (DEFAULT, Profile(adaptive_thinking=False, strict_tools=False)):
                with contextlib.suppress(GatewayError):
                    orjson.dumps(CODEC.write_request(request, profile).body)


@settings(max_examples=100, deadline=None)
@given(JSON | st.fixed_dictionaries({"content": st.lists(BLOCK, max_size=4)}, optional={"usage": JSON, "model": JSON}))
def test_any_whole_answer(body: Any) -> None:
    with contextlib.suppress(GatewayError):
        response = fold(CODEC.read_response(body, DEFAULT))
        orjson.dumps(CODEC.write_response(response, context()))
    if isinstance(body, dict):
        CODEC.read_usage(body)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENT | JSON, max_size=12), st.booleans())
def test_any_stream_keeps_the_grammar(events: list[Any], finished: bool) -> None:
    stream = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)
    if finished:
        stream += (
            b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: {"type":"message_stop"}\n\n'
        )
    with contextlib.suppress(GatewayError):
        told = read_stream([stream])
        assert isinstance(told[0], MessageStart) and isinstance(told[-1], MessageEnd)
        starts = [event.index for event in told if isinstance(event, PartStart)]
        assert starts == list(range(len(starts)))
        assert sorted(event.index for event in told if isinstance(event, PartEnd)) == starts
        write_stream(told)
    tap = CODEC.tap({})
    for event in stream.split(b"\n\n"):
        tap.feed(event + b"\n\n")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.binary(max_size=40) | st.sampled_from([b"data: {", b"}\n\n", b"\r\n\r", b"event: error\n"]), max_size=9)
)
def test_any_bytes(chunks: list[bytes]) -> None:
    with contextlib.suppress(GatewayError):
        read_stream(chunks)
    CODEC.tap({}).feed(b"".join(chunks))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(100, 599), st.binary(max_size=30) | JSON.map(lambda value: orjson.dumps(value)), st.text(max_size=12)
)
def test_any_error(status: int, body: bytes, retry: str) -> None:
    error = CODEC.read_error(status, {"retry-after": retry, "date": retry}, body)
    assert CODEC.write_error(error)[0] >= 400

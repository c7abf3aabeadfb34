"""Whatever comes in, it parses or raises `GatewayError`, nothing else."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.core.response import fold
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_responses import CODEC, EventWriter, input_items, output_to_input
from crawdad.wire.openai_responses.stream_reader import _HANDLERS
from crawdad.wire.profile import DEFAULT
from tests.wire.openai_responses.speech import read_stream
from tests.wire.openai_responses.test_request_reader import ITEMS
from tests.wire.openai_responses.test_stream_reader import grammatical
from tests.wire.openai_responses.test_tools import TOOLS

WORDS = [
    "message",
    "function_call",
    "custom_tool_call",
    "function_call_output",
    "reasoning",
    "image_generation_call",
    "web_search_call",
    "output_text",
    "refusal",
    "input_text",
    "input_image",
    "input_file",
    "input_audio",
    "summary_text",
    "user",
    "assistant",
    "system",
    "function",
    "custom",
    "namespace",
    "allowed_tools",
    "json_schema",
    "auto",
    "completed",
    "incomplete",
    "failed",
    "data:;base64,",
    "call_1",
]
KEYS = [
    "type",
    "role",
    "content",
    "id",
    "call_id",
    "name",
    "namespace",
    "arguments",
    "input",
    "output",
    "text",
    "refusal",
    "summary",
    "encrypted_content",
    "result",
    "status",
    "annotations",
    "logprobs",
    "image_url",
    "file_data",
    "input_audio",
    "format",
    "data",
    "tools",
    "function",
    "parameters",
    "strict",
    "mode",
    "effort",
    "schema",
    "delta",
    "item",
    "part",
    "response",
    "output_index",
    "content_index",
    "summary_index",
    "sequence_number",
    "error",
    "message",
    "code",
    "usage",
    "incomplete_details",
    "reason",
    "input_tokens",
    "annotation",
    "token",
    "bytes",
    "top_logprobs",
]

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([1e400, -0.5, 10**15])
    | st.sampled_from(WORDS)
    | st.text(max_size=4)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
fields = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)


def mutated(samples: list[Any]) -> st.SearchStrategy[Any]:
    """A sample, or one with some of its fields replaced by anything."""
    changed = st.builds(lambda sample, changes: {**sample, **changes}, st.sampled_from(samples), fields)
    return st.sampled_from(samples) | changed


bodies = st.fixed_dictionaries(
    {"model": st.just("m"), "input": values | st.lists(mutated(ITEMS) | values, max_size=4)},
    optional={
        "tools": st.lists(mutated(TOOLS) | values, max_size=3) | values,
        "tool_choice": values,
        "text": values,
        "reasoning": values,
        "instructions": values,
        "include": values,
        "metadata": values,
        "temperature": values,
        "conversation": values,
        "prompt": values,
        "stream": values,
    },
)


@settings(max_examples=100, deadline=None)
@given(bodies)
def test_any_request(body: Any) -> None:
    with contextlib.suppress(GatewayError):
        asked = CODEC.read_request(body)
        once = CODEC.write_request(asked, DEFAULT).body
        orjson.dumps(once)
        assert CODEC.write_request(CODEC.read_request(once), DEFAULT).body == once
        EventWriter(ReplyContext("m", "r1", 1, asked))
    orjson.dumps(input_items(body, "r1"))


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(
        {"output": st.lists(mutated(ITEMS) | values, max_size=4) | values},
        optional={
            "status": values,
            "usage": values,
            "error": values,
            "incomplete_details": values,
            "created_at": values,
        },
    )
    | values
)
def test_any_whole_answer(body: Any) -> None:
    with contextlib.suppress(GatewayError):
        events = CODEC.read_response(body, DEFAULT)
        assert grammatical(events)
        context = ReplyContext("m", "r1", 1, CODEC.read_request({"model": "m", "input": ""}))
        response = CODEC.write_response(fold(events), context)
        orjson.dumps(response)
        with contextlib.suppress(GatewayError):
            CODEC.read_request({"model": "m", "input": output_to_input(response["output"])})
    if isinstance(body, dict):
        CODEC.read_usage(body)


OUTPUT = [item for item in ITEMS if item.get("role", "assistant") == "assistant" and "type" in item]
PARTS = [{"type": "output_text", "text": "xx", "annotations": [{}]}, {"type": "refusal", "refusal": "xx"}]
LIVELY = [kind for kind in _HANDLERS if not kind.endswith(("failed", "cancelled", "incomplete", "completed", "error"))]
stream_events = st.builds(
    lambda kind, index, place, item, part, more: {
        "type": kind,
        "output_index": index,
        "content_index": place,
        "item": item,
        "part": part,
        "delta": "x",
        "text": "xx",
        **more,
    },
    st.sampled_from(LIVELY),
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from(OUTPUT) | mutated(OUTPUT),
    st.sampled_from(PARTS) | mutated(PARTS),
    st.just({}) | st.just({"summary_index": 1}) | fields,
)
endings = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["response.completed", "response.incomplete", "response.failed"]),
        "response": st.fixed_dictionaries({"output": st.lists(st.sampled_from(OUTPUT), max_size=2)}) | values,
    }
)


@settings(max_examples=100, deadline=None)
@given(st.lists(stream_events, max_size=12), endings | values, st.integers(1, 50))
def test_any_stream_of_events(events: list[Any], ending: Any, size: int) -> None:
    stream = b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in [*events, ending])
    told = outcome([stream])
    assert outcome([stream[place : place + size] for place in range(0, len(stream), size)]) == told


def outcome(chunks: list[bytes]) -> Any:
    """What a reader tells until it ends or raises, and how that was."""
    reader = CODEC.stream_reader(DEFAULT)
    told = []
    try:
        for chunk in chunks:
            told += reader.feed(chunk)
        told += reader.close()
    except GatewayError as error:
        return told, str(error)
    assert grammatical(told)
    context = ReplyContext("m", "r1", 1, CODEC.read_request({"model": "m", "input": ""}))
    writer = CODEC.stream_writer(context)
    for event in told:
        writer.send(event)
    return told, "end"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_bytes(chunks: list[bytes]) -> None:
    with contextlib.suppress(GatewayError):
        read_stream(chunks)
    tap = CODEC.tap({})
    for chunk in chunks:
        tap.feed(chunk)
        CODEC.read_error(500, {}, chunk)


@settings(max_examples=60, deadline=None)
@given(st.integers(100, 599), values, st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=12)))
def test_any_error(status: int, body: Any, headers: dict[str, str]) -> None:
    error = CODEC.read_error(status, headers, orjson.dumps(body))
    assert error.details["status"] == status
    for language in ("en", "zh"):
        answered, written = CODEC.write_error(error, language)
        assert answered == status or answered >= 400
        orjson.dumps(written)

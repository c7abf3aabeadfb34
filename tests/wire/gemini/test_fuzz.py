"""Whatever comes in: it is read, or it is a `GatewayError`."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.core.response import fold
from crawdad.wire.gemini import GEMINI
from crawdad.wire.gemini.count_tokens import read_count, read_count_request
from crawdad.wire.gemini.embeddings import read_batch_request, read_embed_request, read_embeddings
from crawdad.wire.gemini.models import read_model_list
from crawdad.wire.gemini.schema import to_openapi
from crawdad.wire.profile import DEFAULT
from tests.wire.gemini.support import GEMINI3, LEGACY, answer, context, read_stream, sse

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
_WORDS = st.sampled_from(
    [
        "contents",
        "parts",
        "role",
        "text",
        "thought",
        "thoughtSignature",
        "thought_signature",
        "functionCall",
        "functionResponse",
        "name",
        "args",
        "id",
        "response",
        "inlineData",
        "data",
        "mimeType",
        "fileData",
        "fileUri",
        "systemInstruction",
        "tools",
        "functionDeclarations",
        "parameters",
        "parametersJsonSchema",
        "toolConfig",
        "functionCallingConfig",
        "mode",
        "allowedFunctionNames",
        "generationConfig",
        "temperature",
        "topK",
        "stopSequences",
        "thinkingConfig",
        "thinkingBudget",
        "responseSchema",
        "responseMimeType",
        "candidates",
        "content",
        "finishReason",
        "index",
        "usageMetadata",
        "promptTokenCount",
        "promptFeedback",
        "blockReason",
        "groundingMetadata",
        "groundingChunks",
        "groundingSupports",
        "segment",
        "startIndex",
        "endIndex",
        "groundingChunkIndices",
        "web",
        "uri",
        "citationMetadata",
        "citations",
        "logprobsResult",
        "chosenCandidates",
        "topCandidates",
        "token",
        "logProbability",
        "partialArgs",
        "jsonPath",
        "stringValue",
        "willContinue",
        "error",
        "code",
        "message",
        "details",
        "type",
        "properties",
        "items",
        "anyOf",
        "allOf",
        "enum",
        "required",
        "$ref",
        "requests",
        "embedding",
        "values",
        "models",
    ]
)
_JSON = st.recursive(
    _SCALARS | st.sampled_from(["user", "model", "STOP", "$.a[0].b", "AAAA", "object", "#"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)
_OBJECTS = st.dictionaries(_WORDS, _JSON, max_size=6)
_QUICK = settings(max_examples=100, deadline=None)


@_QUICK
@given(_OBJECTS)
def test_requests(body: dict[str, Any]) -> None:
    for shaped in (body, {"contents": [{"role": "model", "parts": [body]}]}, {**body, "contents": "x"}):
        with contextlib.suppress(GatewayError):
            request = GEMINI.read_request(shaped, model="m")
            orjson.dumps(GEMINI.write_request(request, DEFAULT).body)
            request.protocol = "other"
            for profile in (LEGACY, GEMINI3):
                with contextlib.suppress(GatewayError):
                    orjson.dumps(GEMINI.write_request(request, profile).body)


@_QUICK
@given(_JSON, _OBJECTS)
def test_answers(body: Any, part: dict[str, Any]) -> None:
    for shaped in (body, {"candidates": [body]}, answer(part, body), answer({"text": "é"}, part, **part)):
        with contextlib.suppress(GatewayError):
            events = GEMINI.read_response(shaped, DEFAULT)
            response = fold(events)
            orjson.dumps(GEMINI.write_response(response, context()))
        if isinstance(shaped, dict):
            GEMINI.read_usage(shaped)


@_QUICK
@given(st.lists(_OBJECTS, max_size=4), st.integers(1, 9))
def test_streams_of_strange_objects(chunks: list[dict[str, Any]], size: int) -> None:
    raw = sse(*(answer(chunk, finish=None, **chunk) for chunk in chunks), answer())
    outcomes = []
    for pieces in ([raw], [raw[i : i + size] for i in range(0, len(raw), size)]):
        try:
            events = read_stream(pieces)
            writer = GEMINI.stream_writer(context())
            outcomes.append((events, b"".join(map(writer.send, events))))
        except GatewayError as error:
            outcomes.append(([], str(error).encode()))
    assert outcomes[0] == outcomes[1]


@_QUICK
@given(st.binary(max_size=200), st.sampled_from([b"", b"data: ", b"data: {", b"[", b'{"error":']))
def test_streams_of_bytes(raw: bytes, start: bytes) -> None:
    with contextlib.suppress(GatewayError):
        read_stream([start + raw, b"\r\n\r\n"])
    GEMINI.tap({}).feed(start + raw)
    GEMINI.read_error(500, {"retry-after": raw.decode("latin-1")}, raw)


@_QUICK
@given(_OBJECTS)
def test_schemas_and_other_operations(body: dict[str, Any]) -> None:
    for read in (
        read_count_request,
        read_embed_request,
        read_batch_request,
        read_count,
        read_embeddings,
        read_model_list,
    ):
        with contextlib.suppress(GatewayError):
            read(body)
    with contextlib.suppress(GatewayError):
        to_openapi(body, "p")


def test_deep_nesting() -> None:
    deep: Any = {}
    for _ in range(400):
        deep = {
            "parts": [deep],
            "functionResponse": {"response": deep, "parts": []},
            "functionCall": {"name": "f", "args": deep},
        }
    for body in (
        {"contents": deep},
        {"contents": [{"parts": [deep]}]},
        {"contents": "x", "systemInstruction": deep},
        {
            "contents": "x",
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"properties": {"a": deep}}}]}],
        },
    ):
        with contextlib.suppress(GatewayError):
            GEMINI.read_request(body, model="m")
    with contextlib.suppress(GatewayError):
        GEMINI.stream_writer(context()).send(GEMINI.read_response(answer(deep), DEFAULT)[-1])

"""Embeddings in every contract, against recordings and the vendors' own types."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types as google
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import EmbeddingRequest, EmbeddingResponse
from crawdad.core.usage import Usage
from crawdad.wire.media import embeddings as wire
from tests.support.goldens import load, needs_goldens

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["input", "data", "embedding", "index", "usage", "content", "parts", "requests"]), inner
        )
    ),
    max_leaves=12,
)


@needs_goldens
def test_recorded_answers_read_and_are_said_again_without_loss() -> None:
    seen = 0
    for golden in load("openai-embeddings"):
        if not golden.ok:
            continue
        response = wire.read_openai_response(golden.body)
        assert len(response.vectors) == len(golden.body["data"])
        said = wire.write_openai_response(response, golden.body["model"], "float")
        parsed = CreateEmbeddingResponse.model_validate(said, strict=True)
        recorded = golden.body["data"][0]["embedding"]
        if isinstance(recorded, list):
            assert parsed.data[0].embedding == recorded
        else:
            assert wire.pack(parsed.data[0].embedding) == recorded
        assert parsed.usage.total_tokens == golden.body["usage"]["total_tokens"]
        seen += 1
    assert seen >= 4


@needs_goldens
def test_recorded_requests_read() -> None:
    for golden in load("openai-embeddings"):
        request = wire.read_openai_request(golden.request, golden.request["model"])
        assert request.inputs


def test_base64_vectors_unpack_to_what_was_packed() -> None:
    assert wire.read_openai_response({"data": [{"index": 0, "embedding": wire.pack([0.5, -2.0])}]}).vectors == [
        [0.5, -2.0]
    ]


def test_answers_are_put_in_the_order_of_their_index() -> None:
    document = {"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]}
    assert wire.read_openai_response(document).vectors == [[1.0], [2.0]]


def test_google_answers_fit_googles_types() -> None:
    response = EmbeddingResponse([[0.1, 0.2], [0.3, 0.4]], Usage(input_tokens=3))
    batch = google.EmbedContentResponse.model_validate(
        {"embeddings": wire.write_gemini_response(response, True)["embeddings"]}
    )
    assert batch.embeddings is not None and batch.embeddings[1].values == [0.3, 0.4]
    assert wire.write_gemini_response(response, False)["embedding"] == {"values": [0.1, 0.2]}
    assert wire.read_gemini_response(wire.write_gemini_response(response, True)).vectors == response.vectors


def test_a_google_request_keeps_its_task_and_size() -> None:
    body = {
        "requests": [
            {"model": "models/x", "content": {"parts": [{"text": "a"}, {"text": "b"}]}, "taskType": "RETRIEVAL_QUERY",
             "outputDimensionality": 256}
        ]
    }  # fmt: skip
    request = wire.read_gemini_request(body, "x", True)
    assert request == EmbeddingRequest("x", ["a\nb"], 256, task="RETRIEVAL_QUERY")
    assert wire.write_gemini_request(request)["requests"][0]["taskType"] == "RETRIEVAL_QUERY"


def test_token_ids_are_refused_where_the_provider_takes_none() -> None:
    request = wire.read_openai_request({"input": [1, 2, 3]}, "m")
    assert request.inputs == [[1, 2, 3]]
    for write in (wire.write_gemini_request, wire.write_ollama_request):
        with pytest.raises(GatewayError) as caught:
            write(request)
        assert caught.value.details["param"] == "input[0]"


@given(JSON)
def test_any_request_reads_or_is_refused(document: Any) -> None:
    if not isinstance(document, dict):
        return
    for batch in (None, True, False):
        try:
            if batch is None:
                wire.read_openai_request(document, "m")
            else:
                wire.read_gemini_request(document, "m", batch)
        except GatewayError as error:
            assert error.kind is ErrorKind.BAD_REQUEST


@given(JSON)
def test_any_answer_reads_or_is_refused(document: Any) -> None:
    for read in (wire.read_openai_response, wire.read_gemini_response, wire.read_ollama_response):
        try:
            read(document)
        except GatewayError as error:
            assert error.kind is ErrorKind.UPSTREAM_BROKEN


def test_a_number_that_no_vector_holds_is_the_upstreams_fault() -> None:
    response = wire.read_ollama_response({"embeddings": [[1.0, 1e300]]})
    with pytest.raises(GatewayError) as raised:
        wire.write_openai_response(response, "m", "base64")
    assert raised.value.kind is ErrorKind.UPSTREAM_BROKEN

"""countTokens, embeddings and model lists, held against Google's SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai import types

from crawdad.core.errors import GatewayError
from crawdad.core.parts import Message, TextPart
from crawdad.core.request import ModelRequest, Tool
from crawdad.core.usage import Usage
from crawdad.wire.gemini import method_path
from crawdad.wire.gemini.count_tokens import (
    TokenCount,
    read_count,
    read_count_request,
    write_count,
    write_count_request,
)
from crawdad.wire.gemini.embeddings import (
    Embeddings,
    read_batch_request,
    read_embed_request,
    read_embeddings,
    write_batch_embeddings,
    write_batch_request,
    write_embed_request,
    write_embedding,
)
from crawdad.wire.gemini.models import (
    EMBEDDING_METHODS,
    GoogleModel,
    read_model,
    read_model_list,
    write_model,
    write_model_list,
)
from crawdad.wire.profile import DEFAULT, Profile
from tests.wire.gemini.support import sdk


def test_counting() -> None:
    for body in (
        {"contents": [{"parts": [{"text": "hi"}]}]},
        {"generateContentRequest": {"model": "models/x", "contents": "hi"}},
        {"generate_content_request": {"contents": "hi"}},
    ):
        request = read_count_request(body, model="x")
        assert (request.model, request.messages[0].parts) == ("x", [TextPart("hi")])
    count = TokenCount(31, 5, [{"modality": "TEXT", "tokenCount": 31}])
    assert read_count(write_count(count)) == count
    answer = sdk(json.dumps(write_count(count)).encode()).models.count_tokens(model="m", contents="x")
    assert (answer.total_tokens, answer.cached_content_token_count) == (31, 5)
    with pytest.raises(GatewayError):
        read_count({})


def test_asking_for_a_count() -> None:
    request = ModelRequest(
        "gemini-x",
        [Message("system", [TextPart("s")]), Message("user", [TextPart("hi")])],
        [Tool("f")],
        protocol="anthropic",
        service_tier="flex",
    )
    body = write_count_request(request, DEFAULT).body
    assert body["generateContentRequest"]["model"] == "models/gemini-x"
    assert body["generateContentRequest"]["tools"] == [{"functionDeclarations": [{"name": "f"}]}]
    vertex = write_count_request(request, Profile(vertex=True)).body
    assert vertex.keys() == {"contents", "systemInstruction", "tools"}
    assert method_path("gemini-x", "countTokens") == "/models/gemini-x:countTokens"


def test_embedding_requests() -> None:
    body: dict[str, Any] = {
        "content": {"parts": [{"text": "hi"}]},
        "taskType": "RETRIEVAL_QUERY",
        "title": "t",
        "outputDimensionality": 64,
        "autoTruncate": True,
    }
    wanted = read_embed_request({"model": "models/e", **body})
    assert (wanted.text, wanted.dimensions, wanted.task_type) == ("hi", 64, "RETRIEVAL_QUERY")
    assert write_embed_request(wanted) == body
    snake = read_embed_request(
        {"content": "hi", "task_type": "X", "embed_content_config": {"output_dimensionality": 3}}
    )
    assert (snake.text, snake.task_type, snake.dimensions) == ("hi", "X", 3)
    batch = write_batch_request("e", [wanted, snake])
    assert batch["requests"][0] == {"model": "models/e", **body}
    assert read_batch_request(batch) == [wanted, snake]
    strange: list[dict[str, Any]] = [{}, {"content": 3}, {"content": "x", "outputDimensionality": "3"}]
    for broken in strange:
        with pytest.raises(GatewayError):
            read_embed_request(broken)
    with pytest.raises(GatewayError) as caught:
        read_batch_request({"requests": [{"content": {"parts": [{"text": 1}]}}]})
    assert caught.value.details["param"] == "requests[0].content.parts[0].text"


def test_embedding_answers() -> None:
    result = Embeddings([[0.5, -1.0], [1, 2.5]], Usage(7, 0))
    many = write_batch_embeddings(result)
    assert read_embeddings(many).vectors == result.vectors
    assert read_embeddings(many).usage.input_tokens == 7
    one = write_embedding(result)
    assert read_embeddings(one).vectors == result.vectors[:1]
    read = sdk(json.dumps(many).encode()).models.embed_content(model="e", contents=["a", "b"])
    assert [embedding.values for embedding in read.embeddings or []] == result.vectors
    strange: list[Any] = [None, {}, {"embeddings": 3}, {"embeddings": [{}]}, {"embedding": {"values": ["x"]}}]
    for broken in strange:
        with pytest.raises(GatewayError):
            read_embeddings(broken)


def test_models() -> None:
    model = GoogleModel(
        "gemini-x",
        "Gemini X",
        "d",
        "001",
        input_token_limit=1000,
        output_token_limit=100,
        thinking=True,
        temperature=1.0,
        max_temperature=2.0,
        top_p=0.95,
        top_k=64,
    )
    bare = GoogleModel("e", methods=EMBEDDING_METHODS, display_name="E")
    body = write_model(model)
    types.Model.model_validate({key: value for key, value in body.items() if key != "supportedGenerationMethods"})
    assert read_model(body) == model
    assert read_model_list(write_model_list([model, bare], "next")) == ([model, bare], "next")
    listed = list(sdk(json.dumps(write_model_list([model, bare])).encode()).models.list())
    assert [(item.name, item.input_token_limit, item.supported_actions) for item in listed] == [
        ("models/gemini-x", 1000, list(model.methods)),
        ("models/e", 0, list(EMBEDDING_METHODS)),
    ]
    got = sdk(json.dumps(body).encode()).models.get(model="gemini-x")
    assert (got.display_name, got.thinking, got.max_temperature) == ("Gemini X", True, 2.0)
    vertex, token = read_model_list({"publisherModels": [{"name": "publishers/google/models/gemini-x"}]})
    assert (vertex[0].id, token) == ("gemini-x", None)
    strange: list[Any] = [None, 3, {"models": 3}, {"models": [{}]}]
    for broken in strange:
        with pytest.raises(GatewayError):
            read_model_list(broken)

"""countTokens and model lists, held against Google's SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai import types

from crawdad.core.errors import GatewayError
from crawdad.core.parts import Message, TextPart
from crawdad.core.request import ModelRequest, Tool
from crawdad.wire.gemini import method_path
from crawdad.wire.gemini.count_tokens import (
    TokenCount,
    read_count,
    read_count_request,
    write_count,
    write_count_request,
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

"""Models on Vertex AI, asked through the gateway by the vendors' own SDKs: on the express lane and translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anthropic import Anthropic
from google import genai
from google.genai import types
from openai import OpenAI

from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.vertex import VertexUpstream
from tests.support.waiting import PATIENCE

HELLO = "Hello! I am a scripted model. Grüße, 你好, 🦞."
CLAUDE = "vertex/claude-hello@20250929"


@pytest.fixture(scope="module")
def vertex() -> Iterator[VertexUpstream]:
    with VertexUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(vertex: VertexUpstream) -> Iterator[Gateway]:
    provider: dict[str, Any] = {
        "baseUrl": vertex.base_url,
        "api": "google-generative-ai",
        "profile": "vertex",
        "headers": {"Authorization": "Bearer ya29.from-elsewhere"},
    }
    with running_gateway(settings({"vertex": provider})) as running:
        yield running


@pytest.fixture
def anthropic(gateway: Gateway) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.base_url, api_key=gateway.token, max_retries=0) as client:
        yield client


@pytest.fixture
def openai(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.base_url + "/v1", api_key=gateway.token, max_retries=0) as client:
        yield client


@pytest.fixture
def google(gateway: Gateway) -> genai.Client:
    return genai.Client(api_key=gateway.token, http_options=types.HttpOptions(base_url=gateway.base_url))


def test_both_publishers_are_listed(gateway: Gateway, openai: OpenAI) -> None:
    names = {model.id for model in openai.models.list()}
    assert {"vertex/gemini-hello", CLAUDE, "vertex/text-embedding-005"} <= names


def test_claude_on_the_express_lane(anthropic: Anthropic, vertex: VertexUpstream) -> None:
    question: Any = {"model": CLAUDE, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    answer = anthropic.messages.create(**question)
    assert answer.model == CLAUDE and answer.content[0].type == "text" and answer.content[0].text == HELLO
    assert vertex.journal.last.headers["authorization"] == "Bearer ya29.from-elsewhere"
    assert "x-api-key" not in vertex.journal.last.headers
    with anthropic.messages.stream(**question) as stream:
        assert stream.get_final_text() == HELLO
    assert vertex.journal.last.path.endswith("/publishers/anthropic/models/claude-hello@20250929:streamRawPredict")
    assert b'"max_tokens":50' in vertex.journal.last.body  # the client's own bytes


def test_claude_without_its_date(anthropic: Anthropic) -> None:
    question: Any = {"max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    assert anthropic.messages.create(model="claude-hello", **question).content[0].type == "text"


def test_claude_for_a_client_of_another_protocol(openai: OpenAI, google: genai.Client) -> None:
    for stream in (False, True):
        answer: Any = openai.chat.completions.create(
            model=CLAUDE, messages=[{"role": "user", "content": "hi"}], stream=stream
        )
        if stream:
            said = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
        else:
            said = answer.choices[0].message.content
        assert said == HELLO
    assert google.models.generate_content(model=CLAUDE, contents="hi").text == HELLO


def test_gemini_on_the_express_lane_and_translated(
    google: genai.Client, anthropic: Anthropic, vertex: VertexUpstream
) -> None:
    assert google.models.generate_content(model="gemini-hello", contents="hi").text == HELLO
    stream = google.models.generate_content_stream(model="vertex/gemini-hello", contents="hi")
    assert "".join(chunk.text or "" for chunk in stream) == HELLO
    assert vertex.journal.last.path.endswith("/publishers/google/models/gemini-hello:streamGenerateContent")
    answer = anthropic.messages.create(
        model="vertex/gemini-hello", max_tokens=50, messages=[{"role": "user", "content": "hi"}]
    )
    assert answer.content[0].type == "text" and answer.content[0].text == HELLO


def test_a_model_that_no_list_names_is_passed_on(openai: OpenAI) -> None:
    answer = openai.chat.completions.create(model="vertex/gemini-thinker", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "The answer is 42."


def test_tokens_are_counted_by_the_vendor(anthropic: Anthropic, google: genai.Client) -> None:
    assert (
        anthropic.messages.count_tokens(model=CLAUDE, messages=[{"role": "user", "content": "hi"}]).input_tokens == 12
    )
    assert google.models.count_tokens(model="vertex/gemini-hello", contents="hi").total_tokens == 11


def test_embeddings(openai: OpenAI, google: genai.Client) -> None:
    found = openai.embeddings.create(model="vertex/text-embedding-005", input=["one", "three"], encoding_format="float")
    assert [entry.embedding for entry in found.data] == [[0.5, 3.0], [0.5, 5.0]] and found.usage.prompt_tokens == 6
    nested = openai.embeddings.create(model="vertex/gemini-embedding-001", input="x", encoding_format="float")
    assert nested.data[0].embedding == [0.25, 1.0]
    from_google = google.models.embed_content(model="vertex/gemini-embedding-001", contents=["a", "b"])
    assert from_google.embeddings is not None and from_google.embeddings[1].values == [0.25, 1.0]


def test_pictures(gateway: Gateway) -> None:
    body = {"model": "vertex/imagen-4.0-generate-001", "prompt": "a crab"}
    answer = httpx.post(
        gateway.base_url + "/v1/images/generations", json=body, headers=gateway.headers, timeout=PATIENCE
    )
    assert answer.status_code == 200 and answer.json()["data"][0]["b64_json"] == "aGk="

"""Vertex AI's URLs and bodies: against recordings, and against what the vendors' own clients send."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from anthropic import AnthropicVertex
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from crawdad.core.errors import GatewayError
from crawdad.core.media import EmbeddingRequest
from crawdad.services.turns.sources import endpoint
from crawdad.wire import codecs
from crawdad.wire.anthropic import count_path, write_count_request
from crawdad.wire.gemini import method_path
from crawdad.wire.media import embeddings
from crawdad.wire.model_lists import read_model_list
from crawdad.wire.profile import Profile
from crawdad.wire.profiles import model_profile, vendor_profile
from crawdad.wire.vertex import vertex_base_url
from tests.support.goldens import load, needs_goldens

PROJECT = "my-project"
BEARER: Any = Credentials  # its types are not told


def profile_for(protocol: str, model: str) -> Profile:
    return model_profile(vendor_profile(protocol, vertex_base_url(PROJECT, "us-east5"), None), protocol, model)


@needs_goldens
def test_the_recorded_paths_are_ours() -> None:
    seen = 0
    for golden in load("gemini-vertex"):
        path, _, query = golden.path.partition("?")
        base, _, rest = path.partition("/publishers/")
        model, _, verb = rest.partition("/models/")[2].partition(":")
        if verb not in ("generateContent", "streamGenerateContent"):
            continue
        ours = codecs.get("gemini").path(model, verb.startswith("stream"), profile_for("gemini", model))
        assert urlsplit(endpoint(f"https://{golden.host}{base}", ours)).path == path
        assert not query or ours.endswith(query)
        location = base.rpartition("/")[2]
        assert urlsplit(vertex_base_url(PROJECT, location)).netloc == golden.host
        seen += 1
    assert seen >= 10


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
    ],
)
def test_hosts_are_those_of_the_vendors_client(location: str, host: str) -> None:
    """And a provider at such a host is Vertex without anybody saying so."""
    client = genai.Client(vertexai=True, project=PROJECT, location=location, credentials=BEARER(token="t"))
    theirs = client._api_client._http_options.base_url
    assert theirs == f"https://{host}/"
    ours = vertex_base_url(PROJECT, location)
    assert ours == f"https://{host}/v1/projects/{PROJECT}/locations/{location}"
    assert vendor_profile("gemini", ours, None).vertex


def test_the_older_form_of_base_url_means_the_same() -> None:
    model = "gemini-2.5-flash"
    path = codecs.get("gemini").path(model, False, profile_for("gemini", model))
    base = vertex_base_url(PROJECT, "global")
    assert endpoint(base + "/publishers/google", path) == endpoint(base, path) == endpoint(base + "/", path)


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what the vendors' clients send."""

    seen: list[tuple[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, orjson.loads(body)))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def recorder() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    seen: list[tuple[str, Any]] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Mine", (Recorder,), {"seen": seen}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    server.server_close()
    thread.join()


def test_google_s_own_client_asks_at_the_same_places(recorder: tuple[str, list[tuple[str, Any]]]) -> None:
    url, seen = recorder
    options = types.HttpOptions(base_url=url, api_version="v1")
    client = genai.Client(
        vertexai=True, project=PROJECT, location="us-east5", credentials=BEARER(token="t"), http_options=options
    )
    client.models.generate_content(model="gemini-2.5-flash", contents="hi")
    list(client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi"))
    client.models.count_tokens(model="gemini-2.5-flash", contents="hi")
    knobs: Any = {"task_type": "RETRIEVAL_QUERY", "title": "t", "output_dimensionality": 8}
    client.models.embed_content(model="gemini-embedding-001", contents=["hi", "ho"], config=knobs)
    client.models.embed_content(model="text-embedding-005", contents=["hi", "ho"], config=knobs)
    base = f"/v1/projects/{PROJECT}/locations/us-east5"
    chat, nested, plain = (
        profile_for("gemini", name) for name in ("gemini-2.5-flash", "gemini-embedding-001", "text-embedding-005")
    )
    gemini = codecs.get("gemini")
    inputs: list[str | list[int]] = ["hi", "ho"]
    asked = EmbeddingRequest("m", inputs, dimensions=8, task="RETRIEVAL_QUERY", title="t")
    assert [path for path, _ in seen] == [
        base + gemini.path("gemini-2.5-flash", False, chat),
        base + gemini.path("gemini-2.5-flash", True, chat),
        base + method_path("gemini-2.5-flash", "countTokens", chat),
        base + method_path("gemini-embedding-001", "batchEmbedContents", nested),
        base + method_path("text-embedding-005", "predict", plain),
    ]
    assert (nested.embeddings, plain.embeddings) == ("nested", "predict")
    assert seen[3][1] == embeddings.write_gemini_request(asked, nested=True)
    assert seen[4][1] == embeddings.write_predict_request(asked)


def test_anthropic_s_own_client_asks_at_the_same_places(recorder: tuple[str, list[tuple[str, Any]]]) -> None:
    url, seen = recorder
    client = AnthropicVertex(region="us-east5", project_id=PROJECT, access_token="t", base_url=url + "/v1")
    model = "claude-sonnet-4-5@20250929"
    body: Any = {"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    client.messages.create(**body)
    client.messages.create(**body, stream=True).close()
    client.messages.count_tokens(model=model, messages=body["messages"])
    profile, codec = profile_for("anthropic-messages", model), codecs.get("anthropic-messages")
    base = f"/v1/projects/{PROJECT}/locations/us-east5"
    assert [path for path, _ in seen] == [
        base + codec.path(model, False, profile),
        base + codec.path(model, True, profile),
        base + count_path(profile),
    ]
    request = codec.read_request(body)
    for number, stream in enumerate((False, True)):
        request.stream = stream
        written = codec.write_request(request, profile)
        raw = orjson.dumps({**body, "stream": stream})
        express = codec.express_request(raw, orjson.loads(raw), stream, profile)
        assert express is not None
        for ours in (written.body, orjson.loads(express)):
            assert ours.pop("anthropic_version") == "vertex-2023-10-16"
            assert ours.get("stream", False) is stream
            theirs = {key: value for key, value in seen[number][1].items() if key != "anthropic_version"}
            assert ours.keys() - {"stream"} == theirs.keys() - {"stream"}
        assert "anthropic-version" not in written.headers
    counted = write_count_request(request, profile).body
    assert counted["model"] == seen[2][1]["model"] == model
    assert counted.keys() == seen[2][1].keys()


def test_lists_of_publishers() -> None:
    entries = [
        {"name": "publishers/google/models/gemini-2.5-pro", "versionId": "default"},
        {"name": "publishers/anthropic/models/claude-opus-4-1", "versionId": "20250805"},
        {"name": "publishers/google/models/text-embedding-005"},
        {"name": 5},
    ]
    found = read_model_list("gemini", {"publisherModels": entries})
    assert [(model.id, model.kind) for model in found] == [
        ("gemini-2.5-pro", "chat"),
        ("claude-opus-4-1@20250805", "chat"),
        ("text-embedding-005", "embedding"),
    ]


@pytest.mark.parametrize(
    "document", [{}, {"predictions": []}, {"predictions": [1]}, {"predictions": [{"embeddings": 1}]}]
)
def test_answers_that_are_no_embeddings(document: Any) -> None:
    with pytest.raises(GatewayError):
        embeddings.read_predict_response(document)

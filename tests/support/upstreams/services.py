"""What vendors offer beside answers of a model: lists of models, token counts, embeddings, pictures, speech. All canned;
and a picture to point to."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.upstreams.loopback import Received, Reply
from tests.support.upstreams.stories import PIXEL

VECTOR = (0.25, -0.5, 0.125, 1.0)
SPEECH = b"ID3\x04\x00scripted speech"
TRANSCRIPT = "the quick brown fox"
COUNTED = 1234
"""What every token counter answers."""


@dataclass(frozen=True)
class Served:
    """A canned answer."""

    body: Any
    content_type: str = "application/json"


Service = Callable[[Received, "tuple[str, ...]"], Served]
"""Answers a request, given the names of the models on offer."""


async def serve(request: Received, reply: Reply, models: tuple[str, ...]) -> bool:
    """Answer `request` if it is for one of these services; whether it was."""
    for method, pattern, service in _ROUTES:
        if method == request.method and pattern.search(request.path):
            served = service(request, models)
            await reply.whole(200, served.body, {"content-type": served.content_type})
            return True
    return False


def _models(request: Received, models: tuple[str, ...]) -> Served:
    """The list in the shape of whoever is asked: the headers tell."""
    if "anthropic-version" in request.headers:
        return Served(
            {
                "data": [_anthropic_model(name) for name in models],
                "has_more": False,
                "first_id": models[0],
                "last_id": models[-1],
            }
        )
    if "/v1beta" in request.path or "x-goog-api-key" in request.headers:
        return Served({"models": [_gemini_model(name) for name in models]})
    return Served({"object": "list", "data": [_openai_model(name) for name in models]})


def _openai_model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "scripted"}


def _anthropic_model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def _gemini_model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "description": "A scripted model.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _tags(request: Received, models: tuple[str, ...]) -> Served:
    details = {"format": "gguf", "family": "scripted", "families": ["scripted"], "parameter_size": "1B"}
    return Served(
        {
            "models": [
                {"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": 1, "details": details}
                for name in models
            ]
        }
    )


def _embeddings(request: Received, models: tuple[str, ...]) -> Served:
    given = request.json["input"]
    inputs = [given] if isinstance(given, str) or (given and isinstance(given[0], int)) else given
    vector: Any = list(VECTOR)
    if request.json.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(len(inputs))]
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return Served({"object": "list", "data": data, "model": request.json["model"], "usage": usage})


def _ollama_embed(request: Received, models: tuple[str, ...]) -> Served:
    given = request.json["input"]
    count = 1 if isinstance(given, str) else len(given)
    return Served({"model": request.json["model"], "embeddings": [list(VECTOR)] * count, "prompt_eval_count": 8})


def _batch_embed(request: Received, models: tuple[str, ...]) -> Served:
    return Served({"embeddings": [{"values": list(VECTOR)} for _ in request.json["requests"]]})


def _images(request: Received, models: tuple[str, ...]) -> Served:
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 10},
        "output_tokens": 100,
        "output_tokens_details": {"image_tokens": 100, "text_tokens": 0},
        "total_tokens": 110,
    }
    return Served({"created": 1_790_000_000, "data": [{"b64_json": PIXEL}], "usage": usage})


def _predict(request: Received, models: tuple[str, ...]) -> Served:
    count = (request.json.get("parameters") or {}).get("sampleCount", 1)
    return Served({"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": PIXEL}] * count})


def _completions(request: Received, models: tuple[str, ...]) -> Served:
    choice = {"index": 0, "text": " a scripted completion.", "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
    frame = {"id": "cmpl-scripted", "object": "text_completion", "created": 1_790_000_000}
    return Served({**frame, "model": request.json["model"], "choices": [choice], "usage": usage})


def _canned(body: Any, content_type: str = "application/json") -> Service:
    return lambda request, models: Served(body, content_type)


_ROUTES: tuple[tuple[str, re.Pattern[str], Service], ...] = tuple(
    (method, re.compile(pattern), service)
    for method, pattern, service in (
        ("GET", r"/api/tags$", _tags),
        ("GET", r"/api/version$", _canned({"version": "0.30.0"})),
        ("POST", r"/api/show$", _canned({"capabilities": ["completion", "tools"], "model_info": {}})),
        ("POST", r"/api/embed$", _ollama_embed),
        ("GET", r"/models$", _models),
        ("GET", r"/dot\.png$", _canned(base64.b64decode(PIXEL), "image/png")),
        ("POST", r"/messages/count_tokens$", _canned({"input_tokens": COUNTED})),
        ("POST", r":countTokens$", _canned({"totalTokens": COUNTED})),
        ("POST", r":embedContent$", _canned({"embedding": {"values": list(VECTOR)}})),
        ("POST", r":batchEmbedContents$", _batch_embed),
        ("POST", r":predict$", _predict),
        ("POST", r"/embeddings$", _embeddings),
        ("POST", r"/images/(generations|edits)$", _images),
        ("POST", r"/audio/transcriptions$", _canned({"text": TRANSCRIPT})),
        ("POST", r"/audio/speech$", _canned(SPEECH, "audio/mpeg")),
        ("POST", r"(?<!chat)/completions$", _completions),
    )
)

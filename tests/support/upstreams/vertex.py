"""Vertex AI as far as it differs from its publishers' own services: paths, Claude's body, lists, counters, embeddings.

Models are stories behind the names of families: `gemini-hello`, `claude-hello@20250929`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.upstreams.loopback import Received, Reply
from tests.support.upstreams.protocols import Ask, error_body
from tests.support.upstreams.scripted import PREFIX, ScriptedUpstream

PROJECT, LOCATION = "test-project-1", "us-east5"
_MODEL = re.compile(
    rf"/v1/projects/{PROJECT}/locations/{LOCATION}/publishers/(?P<publisher>\w+)/models/(?P<model>[^/:]+):(?P<verb>\w+)"
)
_VERSION = "vertex-2023-10-16"


class VertexUpstream(ScriptedUpstream):
    """Answers nothing that Vertex would not: a body with a model in it, or of another version, is a 400.

    `accepts` says which `Authorization` is good.
    """

    def __init__(self, accepts: Callable[[str], object] = lambda authorization: True) -> None:
        super().__init__()
        self._accepts = accepts

    @property
    def base_url(self) -> str:
        """As a provider's `baseUrl`."""
        return f"{self.url}/v1/projects/{PROJECT}/locations/{LOCATION}"

    def asked(self, request: Received) -> Ask | None:
        """A question to one of the stories."""
        found = _MODEL.fullmatch(request.path)
        if found is None or request.method != "POST":
            return None
        model = PREFIX + re.sub(r"^(gemini|claude)-|@\d+$", "", found["model"])
        if found["publisher"] == "google" and found["verb"] in ("generateContent", "streamGenerateContent"):
            return Ask("gemini", model, found["verb"].startswith("stream"), request.json)
        if found["publisher"] == "anthropic" and found["model"] != "count-tokens" and _is_claude(request.json):
            stream = bool(request.json.get("stream"))
            if found["verb"] == ("streamRawPredict" if stream else "rawPredict"):
                return Ask("anthropic", model, stream, request.json)
        return None

    async def answer(self, request: Received, reply: Reply) -> None:
        """The story, or one of the other services."""
        if not self._accepts(request.headers.get("authorization", "")):
            await reply.whole(401, error_body("gemini", 401, "Request had invalid authentication credentials."))
            return
        if self.asked(request) is not None:
            await super().answer(request, reply)
            return
        status, body = self._other(request)
        await reply.whole(status, body)

    def _other(self, request: Received) -> tuple[int, Any]:
        listed = re.fullmatch(r"/v1beta1/publishers/(google|anthropic)/models", request.path)
        if listed is not None and request.method == "GET":
            return 200, {"publisherModels": _LISTS[listed[1]]}
        found = _MODEL.fullmatch(request.path)
        if found is None:
            return 404, {"error": {"code": 404, "message": "no such path", "status": "NOT_FOUND"}}
        body, verb = request.json, found["verb"]
        if verb == "countTokens" and "generateContentRequest" not in body:
            return 200, {"totalTokens": 11}
        if found["model"] == "count-tokens" and verb == "rawPredict" and body.get("model", "").startswith("claude-"):
            return 200, {"input_tokens": 12}
        if verb == "predict" and "content" in body["instances"][0]:
            vectors = [
                {"values": [0.5, len(one["content"])], "statistics": {"token_count": 3}} for one in body["instances"]
            ]
            return 200, {"predictions": [{"embeddings": vector} for vector in vectors]}
        if verb == "batchEmbedContents" and all("model" not in entry for entry in body["requests"]):
            return 200, {"embeddings": [{"values": [0.25, 1.0]} for _ in body["requests"]]}
        if verb == "predict" and "prompt" in body["instances"][0]:
            return 200, {"predictions": [{"bytesBase64Encoded": "aGk=", "mimeType": "image/png"}]}
        message = f"not a request for Vertex: {request.path}"
        return 400, {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}


_LISTS = {
    "google": [
        {"name": "publishers/google/models/gemini-hello", "versionId": "default"},
        {"name": "publishers/google/models/text-embedding-005", "versionId": "default"},
        {"name": "publishers/google/models/gemini-embedding-001", "versionId": "default"},
        {"name": "publishers/google/models/imagen-4.0-generate-001", "versionId": "001"},
    ],
    "anthropic": [{"name": "publishers/anthropic/models/claude-hello", "versionId": "20250929"}],
}


def _is_claude(body: Any) -> bool:
    return isinstance(body, dict) and "model" not in body and body.get("anthropic_version") == _VERSION

"""What the tests' upstreams know of the protocols: paths, model names, errors and how a gateway is configured for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.upstreams.loopback import Received

Protocol = Literal["chat", "responses", "anthropic", "gemini", "ollama"]
PROTOCOLS: tuple[Protocol, ...] = ("chat", "responses", "anthropic", "gemini", "ollama")

API: dict[Protocol, str] = {
    "chat": "openai-completions",
    "responses": "openai-responses",
    "anthropic": "anthropic-messages",
    "gemini": "google-generative-ai",
    "ollama": "ollama",
}
"""The words of `models.providers.<id>.api`."""

BASE: dict[Protocol, str] = {"chat": "/v1", "responses": "/v1", "anthropic": "", "gemini": "/v1beta", "ollama": ""}
"""What a provider's base URL carries after the origin, as OpenClaw writes it."""

_GEMINI = re.compile(r"/models/(?P<model>.+):(?P<verb>generateContent|streamGenerateContent)$")


@dataclass(frozen=True)
class Ask:
    """A request for an answer of a model: in which protocol, of which model, streamed or whole."""

    protocol: Protocol
    model: str
    stream: bool
    body: Any
    sse: bool = True
    """Whether a stream is SSE (Gemini can also stream one JSON array)."""


def asked(request: Received) -> Ask | None:
    """What `request` asks a model for; None for every other path."""
    if request.method != "POST":
        return None
    if match := _GEMINI.search(request.path):
        stream = match["verb"] == "streamGenerateContent"
        return Ask("gemini", match["model"], stream, request.json, request.query.get("alt") == "sse")
    for suffix, protocol in _SUFFIXES.items():
        if request.path.endswith(suffix):
            body = request.json
            return Ask(protocol, body["model"], bool(body.get("stream", protocol == "ollama")), body)
    return None


_SUFFIXES: dict[str, Protocol] = {
    "/chat/completions": "chat",
    "/responses": "responses",
    "/messages": "anthropic",
    "/api/chat": "ollama",
}


def provider(protocol: Protocol, origin: str, models: list[str], **more: Any) -> dict[str, Any]:
    """The settings of one provider (`models.providers.<id>`) that speaks `protocol` at `origin`."""
    return {
        "baseUrl": origin + BASE[protocol],
        "apiKey": "sk-upstream-secret",
        "api": API[protocol],
        "models": [{"id": model, "name": model} for model in models],
        **more,
    }


def providers(origin: str, models: list[str], **more: Any) -> dict[str, Any]:
    """One provider per protocol, named like the protocol, all at one upstream."""
    return {protocol: provider(protocol, origin, models, **more) for protocol in PROTOCOLS}


_OPENAI_TYPES = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("permission_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GEMINI_TYPES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def error_body(protocol: Protocol, status: int, message: str) -> dict[str, Any]:
    """An error answer as the protocol's vendor spells it."""
    if protocol in ("chat", "responses"):
        fallback = "invalid_request_error" if status < 500 else "server_error"
        kind, code = _OPENAI_TYPES.get(status, (fallback, None))
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}
    if protocol == "anthropic":
        kind = _ANTHROPIC_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011CscriptedUpstream"}
    if protocol == "gemini":
        kind = _GEMINI_TYPES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
        return {"error": {"code": status, "message": message, "status": kind}}
    return {"error": message}

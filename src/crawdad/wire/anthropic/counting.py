"""Counting the tokens of a request: `POST /v1/messages/count_tokens`.

Spec: https://platform.claude.com/docs/en/api/messages-count-tokens
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.wire.anthropic.errors import error_of
from crawdad.wire.anthropic.request_reader import read_request
from crawdad.wire.anthropic.request_writer import write_request
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.fields import as_count, unreadable
from crawdad.wire.profile import Profile

COUNT_PATH = "/v1/messages/count_tokens"

_COUNTED = frozenset(
    {
        "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "output_format",
        "cache_control", "context_management", "mcp_servers", "speed", "user_profile_id", "betas",
    }
)  # fmt: skip


def read_count_request(body: JsonObject, *, model: str | None = None) -> ModelRequest:
    """The request whose tokens a client wants counted. Raises BAD_REQUEST."""
    return read_request(body, model=model, stream=False)


def write_count_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The same question for an upstream: what `write_request` says, without what the counter does not take."""
    written = write_request(request, profile)
    version = {"anthropic_version": profile.body_version} if profile.body_version else {}
    counted = {key: value for key, value in written.body.items() if key in _COUNTED}
    written.body = {"model": request.model, **counted, **version}
    return written


def count_path(profile: Profile) -> str:
    """Where the counter is below the base URL. Where models are in URLs, the counter is one of them."""
    return f"{profile.models_path}/count-tokens:rawPredict" if profile.models_path else COUNT_PATH


def read_count_response(body: Any) -> int:
    """The number of input tokens in an upstream's answer. Raises `GatewayError` where it tells none."""
    if not isinstance(body, dict):
        raise unreadable("no JSON object")
    if "error" in body:
        raise error_of(body, 200)
    if body.get("input_tokens") is None:
        raise unreadable("no input_tokens")
    return as_count(body["input_tokens"])


def write_count_response(tokens: int) -> JsonObject:
    """The answer to a client."""
    return {"input_tokens": tokens}

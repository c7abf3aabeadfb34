"""Ollama's errors: `{"error": "words"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.fields import parse_error
from crawdad.wire.ollama.support import NAME
from crawdad.wire.statuses import KIND_BY_STATUS


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """The error an upstream answered with; anything unreadable still gives one with the status."""
    parsed = parse_error(body)
    return error_from(parsed, status, _seconds(headers.get("retry-after")))


def error_from(body: Any, status: int = 500, retry_after: float | None = None) -> GatewayError:
    """The error in a parsed body. In the middle of a stream there is no status."""
    words = body.get("error") if isinstance(body, dict) else None
    if isinstance(words, dict):  # as its OpenAI-compatible routes say it
        words = words.get("message")
    details: JsonObject = {"status": status}
    if isinstance(body, dict):
        details |= {"body": body, "protocol": NAME}
    kind = KIND_BY_STATUS.get(status)
    if kind is None:
        kind = ErrorKind.BAD_REQUEST if 400 <= status < 500 else ErrorKind.UPSTREAM_ERROR
    if not isinstance(words, str) or not words:
        return GatewayError(kind, Text("upstream.error_status", {"status": status}), details, retry_after)
    if "context length" in words[:2000].lower():
        kind = ErrorKind.CONTEXT_TOO_LONG
    return GatewayError(kind, words, details, retry_after)


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value) if value else -1.0
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None

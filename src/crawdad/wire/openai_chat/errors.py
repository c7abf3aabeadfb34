"""Errors in chat completions: `{"error": {message, type, param, code}}`, and what other vendors send instead.

Seen besides OpenAI's form: `{"object": "error", "message", …}` (Mistral, vLLM), `{"detail": …}` (FastAPI servers),
`{"error": "text"}` (Ollama), a list around the object (Google), a number as `code` (OpenRouter, Google).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.wire.fields import parse_error
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.statuses import KIND_BY_STATUS

_INVALID, _SERVER = "invalid_request_error", "server_error"

TABLE: dict[ErrorKind, tuple[int, str, str | None]] = {
    ErrorKind.BAD_REQUEST: (400, _INVALID, None),
    ErrorKind.CONTEXT_TOO_LONG: (400, _INVALID, "context_length_exceeded"),
    ErrorKind.TOO_LARGE: (413, _INVALID, "request_too_large"),
    ErrorKind.UNAUTHENTICATED: (401, _INVALID, "invalid_api_key"),
    ErrorKind.FORBIDDEN: (403, "permission_error", "permission_denied"),
    ErrorKind.PAYMENT: (429, "insufficient_quota", "insufficient_quota"),
    ErrorKind.NOT_FOUND: (404, _INVALID, "not_found"),
    ErrorKind.CONFLICT: (409, _INVALID, "conflict"),
    ErrorKind.RATE_LIMITED: (429, "rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.UNAVAILABLE: (503, _SERVER, "service_unavailable"),
    ErrorKind.OVERLOADED: (503, _SERVER, "overloaded"),
    ErrorKind.UPSTREAM_ERROR: (502, _SERVER, "upstream_error"),
    ErrorKind.UPSTREAM_BROKEN: (502, _SERVER, "upstream_broken"),
    ErrorKind.UPSTREAM_TIMEOUT: (504, _SERVER, "upstream_timeout"),
    ErrorKind.CANCELLED: (499, _SERVER, "cancelled"),
    ErrorKind.INTERNAL: (500, _SERVER, "internal_error"),
}
"""Kind → status, type and code of our own errors."""

_BY_WORD = {
    "context_length_exceeded": ErrorKind.CONTEXT_TOO_LONG,
    "insufficient_quota": ErrorKind.PAYMENT,
    "billing_hard_limit_reached": ErrorKind.PAYMENT,
    "insufficient_balance": ErrorKind.PAYMENT,
}
"""Codes and types that say more than the status."""

_WITHOUT_STATUS = {
    "rate_limit_exceeded": ErrorKind.RATE_LIMITED,
    "rate_limit_error": ErrorKind.RATE_LIMITED,
    "overloaded_error": ErrorKind.OVERLOADED,
    "invalid_request_error": ErrorKind.BAD_REQUEST,
    "BadRequestError": ErrorKind.BAD_REQUEST,
    "invalid_api_key": ErrorKind.UNAUTHENTICATED,
    "authentication_error": ErrorKind.UNAUTHENTICATED,
    "model_not_found": ErrorKind.NOT_FOUND,
}
"""Codes and types that stand in for the status of errors in mid-stream."""

_TOO_LONG = ("context length", "context window", "maximum context", "prompt is too long", "too many tokens")


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """The error in an answer with an error status. Always an error, whatever the body holds."""
    value = parse_error(body)
    error = error_of(value, status)
    if error is None:
        words = body[:2000].decode("utf-8", "replace").strip()
        text: Text | str = words
        if not words or words.startswith("<"):  # an HTML page tells a person nothing
            text = Text("upstream.error_status", {"status": status})
        error = GatewayError(_kind(status, (), words), text, {"status": status, "protocol": NAME})
    error.retry_after = _retry_after(headers)
    return error


def error_of(value: Any, status: int | None = None) -> GatewayError | None:
    """The error that a parsed body tells, None where it tells none. `status` is None inside an answer with status 200."""
    body = value[0] if isinstance(value, list) and value else value
    if not isinstance(body, dict):
        return None
    inner = body.get("error")
    source = inner if isinstance(inner, dict) else body
    message = _message(source, inner)
    if message is None:
        return None
    code, kind_word = source.get("code"), source.get("type") or source.get("status")
    if status is None:
        status = _status_in(source)
    words = [word for word in (code, kind_word) if isinstance(word, str)]
    details = {
        "status": status,
        "type": kind_word if isinstance(kind_word, str) else None,
        "code": code if isinstance(code, (str, int)) else None,
        "param": source.get("param") if isinstance(source.get("param"), str) else None,
        "body": body,
        "protocol": NAME,
    }
    return GatewayError(
        _kind(status, words, message), message, {key: value for key, value in details.items() if value is not None}
    )


def is_error(chunk: JsonObject) -> bool:
    """Whether a chunk or an answer with status 200 is really an error."""
    return bool(chunk.get("error")) or chunk.get("object") == "error"


def _message(source: JsonObject, inner: Any) -> str | None:
    for candidate in (source.get("message"), inner if isinstance(inner, str) else None, source.get("detail")):
        if isinstance(candidate, str) and candidate:
            return candidate
        if isinstance(candidate, (dict, list)) and candidate:
            return _compact(candidate)
    errors = source.get("errors")
    if errors and isinstance(errors, (list, dict, str)):
        return errors if isinstance(errors, str) else _compact(errors)
    return _compact(source) if isinstance(inner, dict) else None


def _compact(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, RecursionError):  # parsed deeper than it can be written
        return str(type(value).__name__)


def _status_in(source: JsonObject) -> int | None:
    for key in ("status_code", "code"):
        value = source.get(key)
        if type(value) is int and 400 <= value < 600:
            return value
    return None


def _kind(status: int | None, words: list[str] | tuple[str, ...], message: str) -> ErrorKind:
    for word in words:
        if word in _BY_WORD:
            return _BY_WORD[word]
    if status in (None, 400, 413, 422) and any(phrase in message.lower() for phrase in _TOO_LONG):
        return ErrorKind.CONTEXT_TOO_LONG
    if status is None:
        found = [_WITHOUT_STATUS[word] for word in words if word in _WITHOUT_STATUS]
        return found[0] if found else ErrorKind.UPSTREAM_ERROR
    if status in KIND_BY_STATUS:
        return KIND_BY_STATUS[status]
    return ErrorKind.BAD_REQUEST if 400 <= status < 500 else ErrorKind.UPSTREAM_ERROR


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue  # absent, or a date: there is no clock here to measure it against
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def write_error(error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
    """`(status, body)`: the vendor's own body where it speaks this protocol, else our words."""
    status, kind_word, code = TABLE[error.kind]
    theirs, body = error.details.get("status"), error.details.get("body")
    if not isinstance(body, dict) or error.details.get("protocol") != NAME:
        body = None
    if type(theirs) is int and 400 <= theirs < 600:
        own_words_fit = theirs < 500 and error.kind in (ErrorKind.BAD_REQUEST, KIND_BY_STATUS.get(theirs))
        status = theirs if body is not None or own_words_fit else status
    return status, error_body(error, kind_word, code, language) if body is None else body


def error_body(error: GatewayError, kind_word: str, code: str | None, language: Language) -> JsonObject:
    """The body in our own words."""
    details = error.details
    own_code, param = details.get("code"), details.get("param")
    return {
        "error": {
            "message": error.message(language),
            "type": kind_word,
            "param": param if isinstance(param, str) else None,
            "code": str(own_code) if own_code is not None else code,
        }
    }


def stream_error(error: GatewayError, language: Language = "en") -> bytes:
    """The event that ends a stream with `error`. No `[DONE]` follows: the answer is not done."""
    body = write_error(error, language)[1]
    if not isinstance(body.get("error"), dict):  # SDKs look for exactly this
        body = error_body(error, *TABLE[error.kind][1:], language)
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError:
        data = orjson.dumps(error_body(error, *TABLE[error.kind][1:], language))
    return b"data: " + data + b"\n\n"

"""Faults, both ways: `{type: "error", error: {type, message}, request_id}`.

Spec: https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.fields import parse_error
from crawdad.wire.statuses import KIND_BY_STATUS

WORDS: dict[ErrorKind, tuple[int, str]] = {
    ErrorKind.BAD_REQUEST: (400, "invalid_request_error"),
    ErrorKind.CONTEXT_TOO_LONG: (400, "invalid_request_error"),
    ErrorKind.TOO_LARGE: (413, "request_too_large"),
    ErrorKind.UNAUTHENTICATED: (401, "authentication_error"),
    ErrorKind.FORBIDDEN: (403, "permission_error"),
    ErrorKind.PAYMENT: (402, "billing_error"),
    ErrorKind.NOT_FOUND: (404, "not_found_error"),
    ErrorKind.CONFLICT: (409, "invalid_request_error"),
    ErrorKind.RATE_LIMITED: (429, "rate_limit_error"),
    ErrorKind.UNAVAILABLE: (503, "overloaded_error"),
    ErrorKind.OVERLOADED: (529, "overloaded_error"),
    ErrorKind.UPSTREAM_ERROR: (502, "api_error"),
    ErrorKind.UPSTREAM_BROKEN: (502, "api_error"),
    ErrorKind.UPSTREAM_TIMEOUT: (504, "timeout_error"),
    ErrorKind.CANCELLED: (499, "api_error"),
    ErrorKind.INTERNAL: (500, "api_error"),
}
"""Kind → status and type."""

_BY_TYPE = {
    "invalid_request_error": ErrorKind.BAD_REQUEST,
    "authentication_error": ErrorKind.UNAUTHENTICATED,
    "billing_error": ErrorKind.PAYMENT,
    "permission_error": ErrorKind.FORBIDDEN,
    "not_found_error": ErrorKind.NOT_FOUND,
    "conflict_error": ErrorKind.CONFLICT,
    "request_too_large": ErrorKind.TOO_LARGE,
    "rate_limit_error": ErrorKind.RATE_LIMITED,
    "timeout_error": ErrorKind.UPSTREAM_TIMEOUT,
    "overloaded_error": ErrorKind.OVERLOADED,
}

_SPENT = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached", "insufficient_quota"})
_CONTEXT_WORDS = ("prompt is too long", "exceed context limit", "context window", "context_length_exceeded")
_KEEP_STATUS = frozenset({ErrorKind.BAD_REQUEST, ErrorKind.CONTEXT_TOO_LONG, ErrorKind.UPSTREAM_ERROR})


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """The error in an upstream's answer with `status`; see `Codec.read_error`."""
    parsed = parse_error(body)
    return error_of(parsed, status, retry_after=_retry_after(headers))


def error_of(body: Any, status: int | None = None, retry_after: float | None = None) -> GatewayError:
    """The error that a parsed body tells; `status` is None in mid-stream and below 400 where a success carries a fault."""
    fault = body.get("error") if isinstance(body, dict) else None
    if not isinstance(fault, dict):
        fault = {"message": fault} if isinstance(fault, str) else body if isinstance(body, dict) else {}
    message, word, code = fault.get("message"), fault.get("type"), fault.get("code")
    if isinstance(fault.get("details"), dict):
        code = fault["details"].get("error_code") or code
    code = code if isinstance(code, (str, int)) else None
    details: JsonObject = {"protocol": NAME}
    if status is not None:
        details["status"] = status
    if isinstance(word, str):
        details["type"] = word
    if code is not None:
        details["code"] = code
    if isinstance(body, dict):
        details["body"] = body
        if isinstance(body.get("request_id"), str):
            details["request_id"] = body["request_id"]
    words = message if isinstance(message, str) and message else None
    return GatewayError(
        _kind(status, word, code, (words or "").lower()),
        words or Text("upstream.error_status", {"status": status or 200}),
        details,
        retry_after,
    )


def _kind(status: int | None, word: Any, code: str | int | None, message: str) -> ErrorKind:
    if status is None or status < 400:
        kind = _BY_TYPE.get(word, ErrorKind.UPSTREAM_ERROR) if isinstance(word, str) else ErrorKind.UPSTREAM_ERROR
    elif status >= 500:
        kind = KIND_BY_STATUS.get(status, ErrorKind.UPSTREAM_ERROR)
    else:
        kind = KIND_BY_STATUS.get(status, ErrorKind.BAD_REQUEST)
    if code in _SPENT or (kind is ErrorKind.BAD_REQUEST and "credit balance is too low" in message):
        return ErrorKind.PAYMENT
    if kind is ErrorKind.BAD_REQUEST and any(words in message for words in _CONTEXT_WORDS):
        return ErrorKind.CONTEXT_TOO_LONG
    return kind


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: a number, or a date seen from the answer's own `date`."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until, sent = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
            seconds = (until - sent).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(seconds, 0.0) if seconds < 1e9 else None


def write_error(error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
    """`(status, body)` for a client; see `Codec.write_error`."""
    status, word = WORDS[error.kind]
    vendors = error.details.get("status")
    vendors = vendors if isinstance(vendors, int) and 400 <= vendors <= 599 else None
    body = error.details.get("body")
    if error.details.get("protocol") == NAME and isinstance(body, dict) and "error" in body:
        return vendors or status, body
    if vendors is not None and error.kind in _KEEP_STATUS and vendors // 100 == status // 100:
        status = vendors
    fault: JsonObject = {"type": word, "message": _message(error, language)}
    if isinstance(error.details.get("code"), str):
        fault["details"] = {"error_code": error.details["code"]}
    return status, {"type": "error", "error": fault, "request_id": error.details.get("request_id")}


def _message(error: GatewayError, language: Language) -> str:
    message = error.message(language)
    if error.kind is ErrorKind.CONTEXT_TOO_LONG and _CONTEXT_WORDS[0] not in message.lower():
        return f"{_CONTEXT_WORDS[0]}: {message}"  # coding agents compact the conversation when they read these words
    return message

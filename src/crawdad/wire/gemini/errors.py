"""Google's errors <-> `GatewayError`.

https://ai.google.dev/gemini-api/docs/troubleshooting and https://google.aip.dev/193: `{error: {code, message, status,
details}}`, where `code` is the HTTP status and `status` a canonical word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.wire.fields import parse_error
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.statuses import KIND_BY_STATUS

STATUS: dict[ErrorKind, tuple[int, str]] = {
    ErrorKind.BAD_REQUEST: (400, "INVALID_ARGUMENT"),
    ErrorKind.CONTEXT_TOO_LONG: (400, "INVALID_ARGUMENT"),
    ErrorKind.TOO_LARGE: (413, "INVALID_ARGUMENT"),
    ErrorKind.UNAUTHENTICATED: (401, "UNAUTHENTICATED"),
    ErrorKind.FORBIDDEN: (403, "PERMISSION_DENIED"),
    ErrorKind.PAYMENT: (429, "RESOURCE_EXHAUSTED"),  # as Google itself says that credits are used up
    ErrorKind.NOT_FOUND: (404, "NOT_FOUND"),
    ErrorKind.CONFLICT: (409, "ABORTED"),
    ErrorKind.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED"),
    ErrorKind.UNAVAILABLE: (503, "UNAVAILABLE"),
    ErrorKind.OVERLOADED: (503, "UNAVAILABLE"),
    ErrorKind.UPSTREAM_ERROR: (502, "INTERNAL"),
    ErrorKind.UPSTREAM_BROKEN: (502, "UNAVAILABLE"),
    ErrorKind.UPSTREAM_TIMEOUT: (504, "DEADLINE_EXCEEDED"),
    ErrorKind.CANCELLED: (499, "CANCELLED"),
    ErrorKind.INTERNAL: (500, "INTERNAL"),
}
"""The status and word for each kind."""

_RPC = "type.googleapis.com/google.rpc."


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """The error an upstream answered with; anything unreadable still gives one with the status."""
    parsed = parse_error(body)
    return error_from(parsed, status, _seconds(headers.get("retry-after")))


def error_from(body: Any, status: int | None = None, retry_after: float | None = None) -> GatewayError:
    """The error in a parsed error body. `status` is the HTTP status, unless the body came in the middle of a stream."""
    if isinstance(body, list) and body and isinstance(body[0], dict):
        body = body[0]  # streams without alt=sse put it into an array
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        error = {"message": error} if isinstance(error, str) else {}
    code = error.get("code")
    if status is None:
        status = code if type(code) is int and 400 <= code < 600 else 500
    message, word = error.get("message"), error.get("status")
    reason, delay = _details(error.get("details"))
    text = message if isinstance(message, str) and message else ""
    details: JsonObject = {"status": status}
    if isinstance(word, str):
        details["type"] = word
    if reason is not None:
        details["code"] = reason
    if isinstance(body, dict):
        details |= {"body": body, "protocol": NAME}
    return GatewayError(
        _kind(status, reason, text),
        text or Text("upstream.error_status", {"status": status}),
        details,
        delay if retry_after is None else retry_after,
    )


def _kind(status: int, reason: str | None, message: str) -> ErrorKind:
    kind = KIND_BY_STATUS.get(status)
    if kind is None:
        return ErrorKind.UPSTREAM_ERROR if status >= 500 or status < 400 else ErrorKind.BAD_REQUEST
    words = message[:2000].lower()
    if kind is ErrorKind.BAD_REQUEST:
        if reason == "API_KEY_INVALID":  # Google answers 400 to a wrong key
            return ErrorKind.UNAUTHENTICATED
        if "token count" in words and "exceeds the maximum" in words:
            return ErrorKind.CONTEXT_TOO_LONG
    if kind is ErrorKind.RATE_LIMITED and ("credits are depleted" in words or "billing account" in words):
        return ErrorKind.PAYMENT
    return kind


def _details(details: Any) -> tuple[str | None, float | None]:
    """`(reason, retry delay in seconds)` from an error's details."""
    reason, delay = None, None
    for entry in details if isinstance(details, list) else ():
        kind = entry.get("@type") if isinstance(entry, dict) else None
        if kind == _RPC + "ErrorInfo" and isinstance(entry.get("reason"), str):
            reason = entry["reason"]
        elif kind == _RPC + "RetryInfo":
            value = entry.get("retryDelay")
            delay = _seconds(value.removesuffix("s")) if isinstance(value, str) else None
    return reason, delay


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value) if value else -1.0
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None


def write_error(error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
    """`(status, body)`. Google's own errors go back as they came."""
    status, word = STATUS[error.kind]
    vendor = error.details.get("status")
    body = error.details.get("body")
    if error.details.get("protocol") == NAME and isinstance(body, dict) and isinstance(body.get("error"), dict):
        return (vendor if isinstance(vendor, int) and vendor >= 400 else status), body
    if isinstance(vendor, int) and 400 <= vendor < 500 and status < 500:
        status = vendor
    message = error.message(language)
    answer: JsonObject = {"code": status, "message": message, "status": word}
    details = _write_details(error, message)
    if details:
        answer["details"] = details
    return status, {"error": answer}


def _write_details(error: GatewayError, message: str) -> list[JsonObject]:
    details: list[JsonObject] = []
    code, param = error.details.get("code"), error.details.get("param")
    if code is not None:
        details.append({"@type": _RPC + "ErrorInfo", "reason": str(code).upper(), "domain": "crawdad"})
    if param is not None:
        violation = {"field": str(param), "description": message}
        details.append({"@type": _RPC + "BadRequest", "fieldViolations": [violation]})
    if error.retry_after is not None:
        details.append({"@type": _RPC + "RetryInfo", "retryDelay": f"{error.retry_after:g}s"})
    return details

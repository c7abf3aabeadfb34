"""Errors, both ways. The vendor's form is `{"error": {"message", "type", "param", "code"}}` under an HTTP status."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.wire.fields import parse_error
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.statuses import KIND_BY_STATUS

WORDS: dict[ErrorKind, tuple[int, str, str | None]] = {
    ErrorKind.BAD_REQUEST: (400, "invalid_request_error", None),
    ErrorKind.CONTEXT_TOO_LONG: (400, "invalid_request_error", "context_length_exceeded"),
    ErrorKind.TOO_LARGE: (413, "invalid_request_error", "request_too_large"),
    ErrorKind.UNAUTHENTICATED: (401, "invalid_request_error", "invalid_api_key"),
    ErrorKind.FORBIDDEN: (403, "request_forbidden", "forbidden"),
    ErrorKind.PAYMENT: (429, "insufficient_quota", "insufficient_quota"),
    ErrorKind.NOT_FOUND: (404, "invalid_request_error", "not_found"),
    ErrorKind.CONFLICT: (409, "invalid_request_error", "conflict"),
    ErrorKind.RATE_LIMITED: (429, "rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.UNAVAILABLE: (503, "server_error", "service_unavailable"),
    ErrorKind.OVERLOADED: (503, "server_error", "server_is_overloaded"),
    ErrorKind.UPSTREAM_ERROR: (502, "server_error", "server_error"),
    ErrorKind.UPSTREAM_BROKEN: (502, "server_error", "server_error"),
    ErrorKind.UPSTREAM_TIMEOUT: (504, "server_error", "timeout"),
    ErrorKind.CANCELLED: (499, "invalid_request_error", "cancelled"),
    ErrorKind.INTERNAL: (500, "server_error", "server_error"),
}
"""Kind → (status, type, code)."""

_STREAM_CODES: dict[ErrorKind, str] = {
    ErrorKind.BAD_REQUEST: "invalid_prompt",
    ErrorKind.TOO_LARGE: "invalid_prompt",
    ErrorKind.CONTEXT_TOO_LONG: "context_length_exceeded",
    ErrorKind.PAYMENT: "insufficient_quota",
    ErrorKind.RATE_LIMITED: "rate_limit_exceeded",
}
"""The codes of a failed Response, where not `server_error`. Clients such as Codex act on exactly these."""

_RESPONSE_CODES = frozenset(
    {
        "server_error",
        "rate_limit_exceeded",
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "misalignment_policy_violation",
        "vector_store_timeout",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "invalid_image_mode",
        "image_file_too_large",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
        "context_length_exceeded",
        "insufficient_quota",
        "usage_limit_reached",
        "server_is_overloaded",
        "slow_down",
    }
)
"""The codes that a failed Response can have: those of the vendor's SDK, then those that Codex knows besides. Codes of the
vendor's error answers are more, and the SDK refuses them here."""

_KIND_BY_CODE = {
    "context_length_exceeded": ErrorKind.CONTEXT_TOO_LONG,
    "string_above_max_length": ErrorKind.BAD_REQUEST,
    "insufficient_quota": ErrorKind.PAYMENT,
    "billing_hard_limit_reached": ErrorKind.PAYMENT,
    "usage_limit_reached": ErrorKind.PAYMENT,
    "rate_limit_exceeded": ErrorKind.RATE_LIMITED,
    "model_not_found": ErrorKind.NOT_FOUND,
    "invalid_api_key": ErrorKind.UNAUTHENTICATED,
    "server_is_overloaded": ErrorKind.OVERLOADED,
    "slow_down": ErrorKind.OVERLOADED,
    "server_error": ErrorKind.UPSTREAM_ERROR,
    "vector_store_timeout": ErrorKind.UPSTREAM_TIMEOUT,
    "failed_to_download_image": ErrorKind.BAD_REQUEST,
    "image_file_not_found": ErrorKind.BAD_REQUEST,
    "bio_policy": ErrorKind.BAD_REQUEST,
    "misalignment_policy_violation": ErrorKind.BAD_REQUEST,
}
_KEEPS_STATUS = frozenset(
    {
        ErrorKind.BAD_REQUEST,
        ErrorKind.CONTEXT_TOO_LONG,
        ErrorKind.TOO_LARGE,
        ErrorKind.PAYMENT,
        ErrorKind.NOT_FOUND,
        ErrorKind.CONFLICT,
        ErrorKind.RATE_LIMITED,
    }
)
"""Kinds whose 4xx status from the upstream is the client's as well."""


# What we answer


def write_error(error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
    """`(status, body)`. An error of an upstream of this protocol goes on as it came."""
    details = error.details
    status, kind, code = WORDS[error.kind]
    vendor_status, body = details.get("status"), details.get("body")
    if (
        details.get("protocol") == NAME
        and isinstance(vendor_status, int)
        and isinstance(body, dict)
        and "error" in body
    ):
        return vendor_status, body
    if error.kind in _KEEPS_STATUS and isinstance(vendor_status, int) and 400 <= vendor_status < 500:
        status = vendor_status
    return status, {
        "error": {
            "message": error.message(language),
            "type": kind,
            "param": _string(details.get("param")),
            "code": _string(details.get("code")) or code,
        }
    }


def write_response_error(error: GatewayError, language: Language = "en") -> JsonObject:
    """The `error` object of a failed Response: `{code, message}`."""
    code = _string(error.details.get("code")) if error.details.get("protocol") == NAME else None
    if code not in _RESPONSE_CODES:
        code = _STREAM_CODES.get(error.kind, "server_error")
    return {"code": code, "message": error.message(language)}


def write_error_event(error: GatewayError, language: Language = "en") -> JsonObject:
    """The `error` event of a stream that has not begun, without its sequence number."""
    body = write_error(error, language)[1]["error"]
    source = body if isinstance(body, dict) else {}
    return {
        "type": "error",
        "code": _string(source.get("code")),
        "message": error.message(language),
        "param": _string(source.get("param")),
    }


# What upstreams answer


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """An error answer. Whatever the body holds, there is an error with the status; nothing is raised."""
    parsed = parse_error(body)
    source = _error_object(parsed)
    message = _string(source.get("message"))
    kind = kind_of(source, message)
    if kind is None or (kind is ErrorKind.UPSTREAM_ERROR and status in KIND_BY_STATUS):
        kind = KIND_BY_STATUS.get(status) or (ErrorKind.UPSTREAM_ERROR if status >= 500 else ErrorKind.BAD_REQUEST)
    details = _details(source)
    details["status"] = status
    if isinstance(parsed, dict):
        details["body"] = parsed
    return GatewayError(
        kind, message or Text("upstream.error_status", {"status": status}), details, _retry_after(headers)
    )


def read_error_object(raw: Any) -> GatewayError:
    """The error in an `error` event, in a failed Response, or in a 200 answer that is none."""
    source = _error_object(raw)
    message = _string(source.get("message"))
    kind = kind_of(source, message) or ErrorKind.UPSTREAM_ERROR
    code = _string(source.get("code"))
    if (
        kind is ErrorKind.UPSTREAM_ERROR
        and code is not None
        and code.startswith(("invalid_", "image_", "unsupported_"))
    ):
        kind = ErrorKind.BAD_REQUEST
    return GatewayError(kind, message or Text("upstream.error_status", {"status": code or "error"}), _details(source))


def kind_of(source: JsonObject, message: str | None) -> ErrorKind | None:
    """The kind that the vendor's code, type or words tell, beyond what the status does."""
    for word in (source.get("code"), source.get("type")):
        if isinstance(word, str) and word in _KIND_BY_CODE:
            return _KIND_BY_CODE[word]
    if message is not None:
        words = message.lower()
        if "context window" in words or "maximum context length" in words:
            return ErrorKind.CONTEXT_TOO_LONG
    return None


def _error_object(raw: Any) -> JsonObject:
    """The object with the message, wherever it stands: vendors of this protocol put it in several places."""
    if not isinstance(raw, dict):
        return {"message": raw} if isinstance(raw, str) else {}
    inner = raw.get("error")
    if isinstance(inner, dict):
        return inner
    if isinstance(inner, str):
        return {**raw, "message": inner}
    if "message" not in raw and isinstance(raw.get("detail"), str):
        return {**raw, "message": raw["detail"]}
    return raw


def _details(source: JsonObject) -> dict[str, Any]:
    details: dict[str, Any] = {"protocol": NAME}
    for name in ("type", "code", "param"):
        value = source.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            details[name] = str(value)
    return details


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. A date counts from the answer's own `date`, so that no clock is needed."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            seconds = _seconds_between(headers.get("date"), value)
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def _seconds_between(earlier: str | None, later: str) -> float:
    try:
        return (parsedate_to_datetime(later) - parsedate_to_datetime(earlier or "")).total_seconds()
    except (ValueError, TypeError):
        return math.nan


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None

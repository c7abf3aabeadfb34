"""How the contract words errors: `{success: false, error: {code, message, details, retryAfter?}, timestamp}`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crawdad.api.guide.moments import moment
from crawdad.api.management.mount import WriteError
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock
from crawdad.core.text import Language, Text

STATUS_AND_CODE: Mapping[ErrorKind, tuple[int, str]] = MappingProxyType(
    {
        ErrorKind.BAD_REQUEST: (400, "INVALID_REQUEST"),
        ErrorKind.CONTEXT_TOO_LONG: (400, "INVALID_REQUEST"),
        ErrorKind.TOO_LARGE: (400, "INVALID_REQUEST"),
        ErrorKind.UNAUTHENTICATED: (401, "UNAUTHORIZED"),
        ErrorKind.FORBIDDEN: (403, "FORBIDDEN"),
        ErrorKind.PAYMENT: (429, "RATE_LIMIT_EXCEEDED"),
        ErrorKind.NOT_FOUND: (404, "NOT_FOUND"),
        ErrorKind.CONFLICT: (409, "CONFLICT"),
        ErrorKind.RATE_LIMITED: (429, "RATE_LIMIT_EXCEEDED"),
        ErrorKind.UNAVAILABLE: (500, "INTERNAL_ERROR"),
        ErrorKind.OVERLOADED: (500, "INTERNAL_ERROR"),
        ErrorKind.UPSTREAM_ERROR: (500, "INTERNAL_ERROR"),
        ErrorKind.UPSTREAM_BROKEN: (500, "INTERNAL_ERROR"),
        ErrorKind.UPSTREAM_TIMEOUT: (500, "INTERNAL_ERROR"),
        ErrorKind.CANCELLED: (500, "INTERNAL_ERROR"),
        ErrorKind.INTERNAL: (500, "INTERNAL_ERROR"),
    }
)
_STATUS_OF_CODE: Mapping[str, int] = MappingProxyType({"method_not_allowed": 405, "unsupported_media_type": 415})


def error_object(error: GatewayError, language: Language) -> dict[str, Any]:
    """What `error` holds. `details` is words; `reason` is for programs."""
    _, code = STATUS_AND_CODE[error.kind]
    found: dict[str, Any] = {"code": code, "message": error.message(language), "details": _details(error, language)}
    if error.details.get("code"):
        found["reason"] = str(error.details["code"])
    if error.retry_after is not None:
        found["retryAfter"] = math.ceil(error.retry_after)
    for name in ("runId", "sessionId"):
        if name in error.details:
            found[name] = error.details[name]
    return found


def error_writer(clock: Clock) -> WriteError:
    """Status and body of errors."""

    def write(error: GatewayError, language: Language) -> tuple[int, dict[str, Any]]:
        status, _ = STATUS_AND_CODE[error.kind]
        status = _STATUS_OF_CODE.get(str(error.details.get("code")), status)
        told = error_object(error, language)
        return status, {"success": False, "error": told, "timestamp": moment(clock.now())}

    return write


def _details(error: GatewayError, language: Language) -> str:
    if error.kind is ErrorKind.UNAUTHENTICATED:
        return Text("guide.details.key").render(language)
    if error.retry_after is not None:
        return Text("guide.details.retry", {"seconds": math.ceil(error.retry_after)}).render(language)
    if error.details.get("param"):
        return Text("guide.details.field", {"param": error.details["param"]}).render(language)
    if error.details.get("code"):
        return Text("guide.details.code", {"code": error.details["code"]}).render(language)
    return error.message(language)

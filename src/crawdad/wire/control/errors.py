"""Errors as the control channel says them: codes, details, and the exact words that clients look for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.wire.control.connect import BROWSER_CLIENTS, CONTROL_UI

INVALID_REQUEST, NOT_PAIRED, UNAVAILABLE, FORBIDDEN = "INVALID_REQUEST", "NOT_PAIRED", "UNAVAILABLE", "FORBIDDEN"

CODES: Mapping[ErrorKind, str] = MappingProxyType(
    {
        ErrorKind.BAD_REQUEST: INVALID_REQUEST,
        ErrorKind.CONTEXT_TOO_LONG: INVALID_REQUEST,
        ErrorKind.TOO_LARGE: INVALID_REQUEST,
        ErrorKind.UNAUTHENTICATED: INVALID_REQUEST,
        ErrorKind.FORBIDDEN: INVALID_REQUEST,
        ErrorKind.PAYMENT: UNAVAILABLE,
        ErrorKind.NOT_FOUND: INVALID_REQUEST,
        ErrorKind.CONFLICT: INVALID_REQUEST,
        ErrorKind.RATE_LIMITED: UNAVAILABLE,
        ErrorKind.UNAVAILABLE: UNAVAILABLE,
        ErrorKind.OVERLOADED: UNAVAILABLE,
        ErrorKind.UPSTREAM_ERROR: UNAVAILABLE,
        ErrorKind.UPSTREAM_BROKEN: UNAVAILABLE,
        ErrorKind.UPSTREAM_TIMEOUT: UNAVAILABLE,
        ErrorKind.CANCELLED: UNAVAILABLE,
        ErrorKind.INTERNAL: UNAVAILABLE,
    }
)
"""Total: every kind has its code."""

_ORIGIN = (
    "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)"
)
_DEVICE_WORDS = {
    "device-id-mismatch": "device identity mismatch",
    "device-signature-stale": "device signature expired",
    "device-nonce-missing": "device nonce required",
    "device-nonce-mismatch": "device nonce mismatch",
    "device-signature": "device signature invalid",
    "device-public-key": "device public key invalid",
}
_PAIRING_WORDS = {
    "not-paired": "device pairing required",
    "role-upgrade": "role upgrade pending approval",
    "scope-upgrade": "scope upgrade pending approval",
    "metadata-upgrade": "device metadata change pending approval",
}


def error(code: str, message: str, details: JsonObject | None = None) -> JsonObject:
    """The `error` of a response."""
    return (
        {"code": code, "message": message}
        if details is None
        else {"code": code, "message": message, "details": details}
    )


def error_of(fault: GatewayError, language: Language = "en") -> JsonObject:
    """A fault of ours. Details that a machine may want are under `wire`; the rest stays here."""
    made = error(CODES[fault.kind], fault.message(language), fault.details.get("wire"))
    if fault.kind in (ErrorKind.UNAVAILABLE, ErrorKind.RATE_LIMITED, ErrorKind.OVERLOADED):
        made["retryable"] = True
        if fault.retry_after is not None:
            made["retryAfterMs"] = int(fault.retry_after * 1000)
    return made


def missing_scope(scope: str, version: int) -> JsonObject:
    """The caller may not."""
    message = f"missing scope: {scope}"
    if version < 4:
        return error(INVALID_REQUEST, message)
    return error(FORBIDDEN, message, {"code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope]})


def protocol_mismatch(least: int, most: int) -> JsonObject:
    """No version in common. The number told is the one that versions of that age call their own."""
    details: JsonObject = {"expectedProtocol": 3 if most < 4 or least < 4 else 4}
    return error(INVALID_REQUEST, "protocol mismatch", details)


def origin_refused() -> JsonObject:
    """A page from elsewhere."""
    return error(INVALID_REQUEST, _ORIGIN)


def no_device(client_id: str) -> JsonObject:
    """A client without a device, and without anything else that lets it in."""
    if client_id == CONTROL_UI:
        message = "control ui requires device identity (use HTTPS or localhost secure context)"
        return error(INVALID_REQUEST, message, {"code": "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"})
    return error(NOT_PAIRED, "device identity required", {"code": "DEVICE_IDENTITY_REQUIRED"})


def device_refused(reason: str) -> JsonObject:
    """A device's proof does not hold."""
    return error(INVALID_REQUEST, _DEVICE_WORDS[reason], {"code": "DEVICE_AUTH_INVALID", "reason": reason})


def pairing_required(request_id: str, reason: str, version: int) -> JsonObject:
    """Somebody must let the device in first."""
    message = "pairing required" if version < 4 else _PAIRING_WORDS[reason]
    return error(NOT_PAIRED, message, {"code": "PAIRING_REQUIRED", "requestId": request_id, "reason": reason})


def unauthorized(reason: str, client_id: str) -> JsonObject:
    """A credential is missing or wrong."""
    words = {
        "token_missing": f"gateway token missing ({_hint(client_id, 'token')})",
        "token_mismatch": f"gateway token mismatch ({_hint(client_id, 'token')})",
        "password_missing": f"gateway password missing ({_hint(client_id, 'password')})",
        "password_mismatch": f"gateway password mismatch ({_hint(client_id, 'password')})",
        "device_token_mismatch": "device token mismatch (rotate/reissue device token)",
        "rate_limited": "too many failed authentication attempts (retry later)",
    }
    codes = {"rate_limited": "AUTH_RATE_LIMITED", "unauthorized": "AUTH_UNAUTHORIZED"}
    message = f"unauthorized: {words[reason]}" if reason in words else "unauthorized"
    code = codes.get(reason, f"AUTH_{reason.upper()}")
    return error(INVALID_REQUEST, message, {"code": code, "authReason": reason})


def _hint(client_id: str, secret: str) -> str:
    if client_id == "cli":
        return f"set gateway.remote.{secret} to match gateway.auth.{secret}"
    if client_id in BROWSER_CLIENTS:
        paste = "open the dashboard URL and paste the token in Control UI settings"
        return paste if secret == "token" else "enter the password in Control UI settings"
    return f"provide gateway auth {secret}"

"""How a failure further down the line is told: with the status that the contract has for that route."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from crawdad.api.clawpanel.errors import write_error
from crawdad.core.channels import SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Language, Text


def failed(request: Request, error: GatewayError, status: int, **more: Any) -> JSONResponse:
    """`{"ok": false, …, "error": "…"}`."""
    language = language_of(request)
    _, body = write_error(_honest(error, language), language)
    return JSONResponse({**body, **more}, status)


def language_of(request: Request) -> Language:
    """What the client reads."""
    found: Language = request.state.language
    return found


def _honest(error: GatewayError, language: Language) -> GatewayError:
    """With a word for what may have been sent nevertheless."""
    if isinstance(error, SendFailed) and error.outcome == "ambiguous":
        return GatewayError(error.kind, Text("panel.perhaps_sent", {"reason": error.message(language)}), error.details)
    return error


def field(name: str, expected: str) -> GatewayError:
    """What is wrong with a field of the body."""
    details = {"code": "invalid_request", "param": name}
    return GatewayError(ErrorKind.BAD_REQUEST, Text("panel.bad_field", {"param": name, "expected": expected}), details)

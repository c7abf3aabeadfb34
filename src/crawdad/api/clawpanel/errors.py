"""How the ClawPanel contract words errors: `{"ok": false, "error": "…"}`, for everything under its paths."""

from __future__ import annotations

from typing import Any

from crawdad.api.management.errors import status_of
from crawdad.core.errors import GatewayError
from crawdad.core.text import Language


def write_error(error: GatewayError, language: Language) -> tuple[int, dict[str, Any]]:
    """Status and body. `code` and `param` are for programs; clients of the contract read `error` alone."""
    body: dict[str, Any] = {"ok": False, "error": error.message(language)}
    for name in ("code", "param"):
        if name in error.details:
            body[name] = error.details[name]
    return status_of(error), body

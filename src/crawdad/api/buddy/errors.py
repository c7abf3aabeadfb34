"""How the contract words errors: its envelope, and `error` beside it. No web framework is needed for that."""

from __future__ import annotations

from typing import Any

from crawdad.api.management.errors import status_of
from crawdad.core.errors import GatewayError
from crawdad.core.text import Language


def write_error(error: GatewayError, language: Language) -> tuple[int, dict[str, Any]]:
    """Status and body. Some of the contract's clients read `message`, some `error`: both say the same. `data`, where there is
    any, is `details["data"]`."""
    status, message = status_of(error), error.message(language)
    body = {"code": status, "message": message, "error": message}
    return status, {**body, "data": error.details["data"]} if "data" in error.details else body

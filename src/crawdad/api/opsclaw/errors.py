"""How the OpsClaw contract words errors: `{"error": "…"}` with a proper status."""

from __future__ import annotations

from typing import Any

from crawdad.api.management.errors import status_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Language


def write_error(error: GatewayError, language: Language) -> tuple[int, dict[str, Any]]:
    """Status and body. `code` and `param` are for programs; clients of the contract read `error` alone.

    A body that is JSON but not of the right shape is a 422, as it is in the system that the contract comes from.
    """
    body: dict[str, Any] = {"error": error.message(language)}
    for name in ("code", "param"):
        if name in error.details:
            body[name] = error.details[name]
    if error.kind is ErrorKind.BAD_REQUEST and error.details.get("code") == "invalid_request":
        return 422, body
    return status_of(error), body

"""What requests about workspaces say in their address and body."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from crawdad.core.errors import bad_request


def number_of(request: Request, name: str) -> int | None:
    """A number in the address; None where there is none. Raises BAD_REQUEST."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad_request("panel.files.no_number", name)
    return int(text)


def agent_of(request: Request, body: dict[str, Any]) -> str:
    """Whose workspace is meant; nothing: the default agent's."""
    found = request.query_params.get("agent") or body.get("agent") or ""
    return found if isinstance(found, str) else ""

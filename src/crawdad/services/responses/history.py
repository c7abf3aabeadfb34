"""Going on from an earlier response: its conversation is put in front of the new input."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.openai_responses import output_to_input

MOST_LINKS = 500

Earlier = Callable[[str], Awaitable[tuple[JsonObject, JsonObject] | None]]
"""Finds `(request body, response)` of an earlier response that belongs to the caller; None for any other id."""


async def with_history(body: JsonObject, earlier: Earlier) -> JsonObject:
    """`body` with everything before it written out in `input`, and no reference left to follow.

    Raises NOT_FOUND for an id that is not the caller's own: one that belongs to somebody else gets the same answer.
    """
    items: list[Any] = []
    seen: set[str] = set()
    link = body.get("previous_response_id")
    while link is not None:
        if not isinstance(link, str):
            raise bad_request("wire.type", "previous_response_id", expected="a string")
        found = await earlier(link) if link not in seen and len(seen) < MOST_LINKS else None
        if found is None:
            raise no_response(link, "previous_response_id")
        seen.add(link)
        request, response = found
        items[:0] = [*as_items(request.get("input")), *output_to_input(response.get("output") or [])]
        link = request.get("previous_response_id")
    changed = {name: value for name, value in body.items() if name != "previous_response_id"}
    changed["input"] = [*items, *as_items(body.get("input"))]
    return changed


def as_items(value: Any) -> list[Any]:
    """A request's input as a list of items."""
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    return value if isinstance(value, list) else []


def no_response(response_id: str, param: str | None = None) -> GatewayError:
    """There is no such response, or it is not the caller's."""
    code = "previous_response_not_found" if param else "response_not_found"
    details = {"code": code, "param": param} if param else {"code": code}
    return GatewayError(ErrorKind.NOT_FOUND, Text("responses.not_found", {"id": response_id[:100]}), details)

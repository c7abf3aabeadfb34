"""What stands in a body, under one of the names that its readers know it by."""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request

_LONGEST_NAME = 200


def named(body: dict[str, Any], *names: str) -> str:
    """The name of something, under the first of `names` that says one. Raises BAD_REQUEST for what can be none."""
    given = next((body[name] for name in names if body.get(name) not in (None, "")), None)
    if given is None:
        raise bad_request("buddy.missing", names[0], name=names[0])
    return checked_name(given, names[0])


def checked_name(given: Any, param: str) -> str:
    """`given`, where it can be a name. Raises BAD_REQUEST."""
    found = given.strip() if isinstance(given, str) else ""
    if not found or len(found) > _LONGEST_NAME or not found.isprintable() or found == "__proto__":
        raise bad_request("buddy.bad_name", param, name=param)
    return found


def object_in(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object under the first of `names` that there is. Raises BAD_REQUEST where it is none."""
    given = next((body[name] for name in names if body.get(name) is not None), None)
    if given is None:
        raise bad_request("buddy.missing", names[0], name=names[0])
    if not isinstance(given, dict):
        raise bad_request("buddy.no_object", names[0], name=names[0])
    return given

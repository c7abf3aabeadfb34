"""Edits of a configuration text: set a value, remove one, merge a patch. All keep what they do not touch (see `json5`).

Each takes the text of one file and returns the new text; nothing is read or written. Values are those of the file, not
of the settings: `${NAME}` stays `${NAME}`.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration.json5.document import as_index, plain
from crawdad.services.configuration.json5.rewriting import readable, rewrite, with_object
from crawdad.services.configuration.paths import Path, format_path


def value_of(text: str) -> dict[str, Any]:
    """The value of a configuration text; a blank one is empty. Raises BAD_REQUEST (`details["problems"]`)."""
    value = plain(readable(with_object(text)))
    if not isinstance(value, dict):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.root"))
    return value


def set_value(text: str, path: Path, value: Any) -> str:
    """The text with `value` at `path`; parents that are missing are made.

    An index makes or extends a list by at most one element. Raises BAD_REQUEST when the way is barred by a plain value.
    """
    target = _with(value_of(text), path, 0, value)
    if not isinstance(target, dict):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.root"))
    return rewrite(text, target)


def unset_value(text: str, path: Path) -> str:
    """The text without the value at `path`. Raises NOT_FOUND when there is none."""
    return rewrite(text, _without(value_of(text), path, 0)) if path else rewrite(text, {})


def merge_patch(text: str, patch: dict[str, Any]) -> str:
    """The text with a JSON merge patch (RFC 7396) applied: null removes, objects merge, anything else replaces."""
    return rewrite(text, _merged(value_of(text), patch))


def _with(value: Any, path: Path, at: int, new: Any) -> Any:
    if at == len(path):
        return new
    key = path[at]
    if value is None:
        value = [] if isinstance(key, int) else {}
    if isinstance(value, dict):
        return value | {str(key): _with(value.get(str(key)), path, at + 1, new)}
    place = as_index(key) if isinstance(value, list) else None
    if place is None or place > len(value):
        raise GatewayError(
            ErrorKind.BAD_REQUEST,
            Text("configuration.edit.barred", {"path": format_path(path), "parent": format_path(path[:at])}),
        )
    old = value[place] if place < len(value) else None
    return [*value[:place], _with(old, path, at + 1, new), *value[place + 1 :]]


def _without(value: Any, path: Path, at: int) -> Any:
    key = path[at]
    last = at == len(path) - 1
    if isinstance(value, dict) and str(key) in value:
        name = str(key)
        rest = {other: item for other, item in value.items() if other != name}
        return rest if last else value | {name: _without(value[name], path, at + 1)}
    place = as_index(key) if isinstance(value, list) else None
    if place is not None and place < len(value):
        middle = [] if last else [_without(value[place], path, at + 1)]
        return [*value[:place], *middle, *value[place + 1 :]]
    raise GatewayError(ErrorKind.NOT_FOUND, Text("configuration.edit.missing", {"path": format_path(path)}))


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), item)
    return result

"""A configuration that may be shown: secrets replaced by a sentinel, and put back when an edited text returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration import edits
from crawdad.services.configuration.json5.document import Document
from crawdad.services.configuration.json5.rewriting import rewrite
from crawdad.services.configuration.paths import Path, format_path
from crawdad.services.configuration.references import is_reference
from crawdad.services.configuration.secret_paths import looks_secret, secrets_in
from crawdad.services.configuration.substitution import refers_to_environment
from crawdad.services.configuration.trees import from_plain

REDACTED = "__OPENCLAW_REDACTED__"


def redacted_text(text: str) -> str | None:
    """The text of a configuration file without its secrets, layout and comments kept; None where it cannot be read."""
    try:
        return rewrite(text, redacted(edits.value_of(text)))
    except GatewayError:
        return None


def redacted(value: Any) -> Any:
    """The value without its secrets. References to them are none."""
    paths = {path for path, _ in secrets_in(from_plain(value, Document("", "")))}
    return _redacted(value, (), paths)


def restored(text: str, old_text: str) -> str:
    """An edited text with the secrets that were not shown put back from the old one. Raises BAD_REQUEST where one stands at a
    place that held none."""
    value = edits.value_of(text)
    hidden = list(_hidden(value, ()))
    if not hidden:
        return text
    old = edits.value_of(old_text)
    for path in hidden:
        value = _with(value, path, _at(old, path))
    return rewrite(text, value)


def _redacted(value: Any, path: Path, paths: set[Path]) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(item, (*path, key), paths) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, (*path, place), paths) for place, item in enumerate(value)]
    if not isinstance(value, str) or not value or refers_to_environment(value) or is_reference(value):
        return value
    name = next((key for key in reversed(path) if isinstance(key, str)), "")
    return REDACTED if path in paths or looks_secret(name) else value


def _hidden(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _hidden(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _hidden(item, (*path, place))
    elif value == REDACTED:
        yield path


def _at(value: Any, path: Path) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            text = Text("configuration.redacted", {"path": format_path(path)})
            raise GatewayError(ErrorKind.BAD_REQUEST, text, {"param": format_path(path)}) from None
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], new)  # type: ignore[index]
    return copy

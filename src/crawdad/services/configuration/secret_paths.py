"""Where secrets stand in a configuration, as data, and how their names look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from crawdad.core.secret import Secret
from crawdad.core.section import Section
from crawdad.core.settings import Settings
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.trees import children

_ANY = "*"
_SECRET_NAME = "?"

_OPEN_ENDED: tuple[tuple[str, ...], ...] = (
    ("channels", _ANY, _SECRET_NAME),
    ("channels", _ANY, "accounts", _ANY, _SECRET_NAME),
    ("plugins", "entries", _ANY, "config", _SECRET_NAME),
    ("env", _SECRET_NAME),
    ("env", "vars", _SECRET_NAME),
)
"""What the settings leave to others. `*` is any key or place, `?` any key whose name looks like that of a secret."""
_HEADERS = "headers"


def _declared(kind: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The places of the settings that hold a `Secret`. Of headers those are secret whose names look so."""
    if kind is Secret:
        of_header = len(path) > 1 and path[-2:] == (_HEADERS, _ANY)
        yield (*path[:-1], _SECRET_NAME) if of_header else path
    elif isinstance(kind, type) and issubclass(kind, Section):
        for name, field in kind.model_fields.items():
            yield from _declared(field.annotation, (*path, field.alias or name))
    else:
        origin, inner = get_origin(kind), get_args(kind)
        below = (*path, _ANY) if origin in (dict, tuple, list) else path
        for each in inner[1:] if origin is dict else inner:
            yield from _declared(each, below)


PATTERNS = (*dict.fromkeys(_declared(Settings, ())), *_OPEN_ENDED)
"""All places of secrets."""

_LOOKS_SECRET = re.compile(
    r"authorization|api[-_]?key|access[-_]?key|private[-_]?key|[-_]key$|^key$|token(?!s)|secret|passw|cookie|credential",
    re.IGNORECASE,
)


def looks_secret(name: str) -> bool:
    """Whether a key or header of this name is likely to hold a secret."""
    return _LOOKS_SECRET.search(name) is not None


def secrets_in(node: Node, mount: Path = ()) -> Iterator[tuple[Path, Node]]:
    """The path (in the whole configuration) and the node of every secret below `node`, which stands at `mount`."""
    for pattern in PATTERNS:
        head = pattern[: len(mount)]
        if len(mount) <= len(pattern) and all(map(_fits, head, mount)):
            yield from _matches(node, pattern[len(mount) :], mount)


def _fits(step: str, key: str | int) -> bool:
    return step == _ANY or (looks_secret(str(key)) if step == _SECRET_NAME else step == key)


def _matches(node: Node, pattern: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Node]]:
    if not pattern:
        yield path, node
        return
    for key, value in children(node):
        if _fits(pattern[0], key):
            yield from _matches(value, pattern[1:], (*path, key))

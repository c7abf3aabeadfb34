"""Where secrets stand in a configuration, as data, and how their names look."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.trees import children

_ANY = "*"
_SECRET_NAME = "?"

PATTERNS: tuple[tuple[str, ...], ...] = (
    ("gateway", "auth", "token"),
    ("gateway", "auth", "adminToken"),
    ("gateway", "auth", "password"),
    ("models", "proxy"),
    ("models", "providers", _ANY, "apiKey"),
    ("models", "providers", _ANY, "headers", _SECRET_NAME),
    ("models", "providers", _ANY, "models", _ANY, "headers", _SECRET_NAME),
    ("channels", _ANY, _SECRET_NAME),
    ("channels", _ANY, "accounts", _ANY, _SECRET_NAME),
    ("oauth", "google", "clientSecret"),
    ("plugins", "entries", _ANY, "config", _SECRET_NAME),
    ("env", _SECRET_NAME),
    ("env", "vars", _SECRET_NAME),
)
"""`*` is any key or place, `?` any key whose name looks like that of a secret."""

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

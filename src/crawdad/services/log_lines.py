"""Making lines of the process's log fit to be kept and shown: nothing in them that a terminal obeys, and no credentials. Pure.

What strangers say (a path, a model's name, an error of a vendor's) may stand in a line; it must not set a window's title, write
the clipboard (OSC 52), hide what comes after it, or look like a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from crawdad.core.secret import Secret
from crawdad.core.section import Section
from crawdad.services.bodies.redaction import redacted, spellings

SHORTEST_SECRET = 8
LONGEST_LINE = 64 * 1024
_DEEPEST = 6
_MOST_WORDS = 4096
_LONGEST_WORD = 500
_INVISIBLE = frozenset((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029, 0xFEFF))
"""Characters that turn the direction of what follows, or end a line for some readers."""


def escaped(text: str, *, lines: bool = False) -> str:
    """`text` with control characters spelled out (`\\x1b`); with `lines`, line breaks and tabs stay."""
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(one if one in kept or not _is_control(one) else _spelled(one) for one in text)


def escaped_values(value: Any, depth: int = 0, *, clean: Callable[[str], str] = str) -> Any:
    """The same of all texts in a value; `clean` is done to each of them before."""
    if isinstance(value, str):
        return escaped(clean(value))
    if depth >= _DEEPEST or isinstance(value, Secret):
        return value
    if isinstance(value, Mapping):
        return {escaped(clean(str(name))): escaped_values(one, depth + 1, clean=clean) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [escaped_values(one, depth + 1, clean=clean) for one in value]
    return value


def clean_line(line: str, spelled: Iterable[bytes]) -> str:
    """A line without the secrets in these spellings, without what looks like a credential, and not too long."""
    data = redacted(line.encode("utf-8", "backslashreplace"), (), spelled)
    text = data.decode("utf-8", "replace")
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…"


class Cleaner:
    """Takes the secrets of the settings, and what looks like a credential, out of texts that are kept."""

    def __init__(self) -> None:
        self._spelled: tuple[bytes, ...] = ()
        self._word = lru_cache(_MOST_WORDS)(self.line)

    def remember(self, settings: Section) -> None:
        """These are the settings from now on."""
        self._spelled = spelled_secrets(settings)
        self._word.cache_clear()

    def spelled(self) -> tuple[bytes, ...]:
        """All spellings of those secrets."""
        return self._spelled

    def line(self, text: str) -> str:
        """A line without them."""
        return clean_line(text, self._spelled)

    def word(self, text: str) -> str:
        """A short text without them: one that is likely to come again, such as a model's name."""
        if len(text) < SHORTEST_SECRET:
            return text
        return self._word(text) if len(text) <= _LONGEST_WORD else self.line(text)


def spelled_secrets(settings: Section) -> tuple[bytes, ...]:
    """All spellings of the secrets in the settings, the longest first. Short ones are left: they would hide ordinary words."""
    found: set[bytes] = set()
    for secret in _secrets(settings):
        value = secret.reveal().encode("utf-8", "replace")
        if len(value) >= SHORTEST_SECRET:
            found.update((*spellings(value), orjson.dumps(secret.reveal())[1:-1]))
    return tuple(sorted(found, key=len, reverse=True))


def _secrets(value: Any) -> Iterable[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
        for one in (value.__pydantic_extra__ or {}).values():
            yield from _secrets(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _secrets(one)


def _is_control(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or code in _INVISIBLE


def _spelled(character: str) -> str:
    code = ord(character)
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    )

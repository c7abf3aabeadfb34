"""A parsed JSON5 text: a tree of nodes, each with the stretch of text it came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

_LINE_END = re.compile(r"\r\n|\n|\r")

Scalar = str | int | float | bool | None


class Document:
    """A source of configuration: the text of a file, or one environment variable (`variable`, with no text)."""

    __slots__ = ("_line_starts", "name", "text", "variable")

    def __init__(self, name: str, text: str, variable: str | None = None) -> None:
        self.name = name
        self.text = text
        self.variable = variable
        self._line_starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1."""
        if self._line_starts is None:
            self._line_starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it stands: `document.text[start:end]`.

    After substitution `content` may differ from what that stretch says (`${NAME}`, a sealed secret). It may be secret, so
    it is not part of the representation.
    """

    content: Scalar | dict[str, Member] | list[Node] = field(repr=False)
    document: Document
    start: int = 0
    end: int = 0

    def child(self, key: str | int) -> Node | None:
        """The value under `key`, or None. A numeral finds a list's element, as `models.0.id` does."""
        if isinstance(self.content, dict):
            member = self.content.get(str(key))
            return member.value if member else None
        if isinstance(self.content, list):
            place = as_index(key)
            return self.content[place] if place is not None and place < len(self.content) else None
        return None

    def find(self, path: tuple[str | int, ...]) -> Node | None:
        """The value at `path`, or None."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        return node


@dataclass(slots=True, eq=False)
class Member:
    """A key of an object, as a node of its own, and its value."""

    key: Node
    value: Node


def as_index(key: str | int) -> int | None:
    """The place in a list that a key of a path means, or None."""
    if isinstance(key, int):
        return key
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else None


def plain(node: Node) -> Any:
    """The value as ordinary dicts, lists and scalars."""
    content = node.content
    if isinstance(content, dict):
        return {key: plain(member.value) for key, member in content.items()}
    if isinstance(content, list):
        return [plain(item) for item in content]
    return content


def same(left: Any, right: Any) -> bool:
    """Whether two plain values are equal as JSON: `true` is not 1, the order of keys does not matter."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)

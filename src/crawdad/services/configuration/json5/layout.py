"""How a text is laid out (indentation, quotes, commas), and new values written in that manner."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.json5.parser import MAXIMUM_DEPTH
from crawdad.services.configuration.json5.strings import is_plain_name, quote

_TRIVIA = re.compile(r"(?:[\s\ufeff]++|//[^\n\r\u2028\u2029]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_SAME_LINE_TRIVIA = re.compile(r"(?:[ \t]*+(?://[^\n\r\u2028\u2029]*+|/\*(?:[^*\n\r]|\*(?!/))*+\*/))*+")
_BLANK_LINE_START = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Layout:
    """The manners of a text. `trailing_comma` is for new containers; one that exists keeps its own."""

    newline: str = "\n"
    unit: str = "  "
    mark: str = '"'
    bare_keys: bool = False
    trailing_comma: bool = False
    one_line: bool = False

    @classmethod
    def of(cls, text: str, root: Node) -> Layout:
        """The manners of `text`, taken from its first members and strings."""
        first = next(iter(root.content.values()), None) if isinstance(root.content, dict) else None
        if first is None:
            return cls(newline="\r\n" if "\r\n" in text else "\n")
        key = text[first.key.start]
        marks = [mark for mark in (_string_mark(text, root), key) if mark in "\"'"]
        indentation = indentation_at(text, first.key.start)
        return cls(
            newline="\r\n" if "\r\n" in text else "\n",
            unit=indentation if indentation and starts_line(text, first.key.start) else "  ",
            mark=marks[0] if marks else '"',
            bare_keys=key not in "\"'",
            trailing_comma=Commas.of(text, root).trailing,
            one_line="\n" not in text[root.start : root.end],
        )

    def write(self, value: Any, indentation: str, inline: bool, depth: int = 0) -> str:
        """`value` as JSON5. `indentation` is that of the line it starts on; `inline` keeps it on that line."""
        if depth > MAXIMUM_DEPTH:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.edit.too_deep", {"limit": MAXIMUM_DEPTH}))
        if isinstance(value, str):
            return quote(value, self.mark)
        if not isinstance(value, dict | list):
            return json.dumps(value)
        inner = indentation + self.unit
        if isinstance(value, dict):
            parts = [self.member(key, item, inner, inline, depth + 1) for key, item in value.items()]
        else:
            parts = [self.write(item, inner, inline, depth + 1) for item in value]
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        if not parts:
            return opening + closing
        if inline:
            return f"{opening}{', '.join(parts)}{closing}"
        lines = f",{self.newline}{inner}".join(parts) + ("," if self.trailing_comma else "")
        return f"{opening}{self.newline}{inner}{lines}{self.newline}{indentation}{closing}"

    def member(self, key: str, value: Any, indentation: str, inline: bool, depth: int = 0) -> str:
        """`key: value`, without a comma."""
        name = key if self.bare_keys and is_plain_name(key) else quote(key, self.mark)
        return f"{name}: {self.write(value, indentation, inline, depth)}"


@dataclass(frozen=True, slots=True)
class Commas:
    """Where the commas of a container stand: one offset per item, None after a last item without one."""

    offsets: tuple[int | None, ...]

    @classmethod
    def of(cls, text: str, node: Node) -> Commas:
        """The commas of the object or list `node` of `text`."""
        offsets = (after_trivia(text, item.end) for item in items_of(node))
        return cls(tuple(offset if text[offset] == "," else None for offset in offsets))

    @property
    def trailing(self) -> bool:
        """Whether one stands after the last item."""
        return bool(self.offsets) and self.offsets[-1] is not None


def items_of(node: Node) -> list[Node]:
    """The values of an object or a list, as they stand in the text."""
    if isinstance(node.content, dict):
        return [member.value for member in node.content.values()]
    return node.content if isinstance(node.content, list) else []


def starts_line(text: str, offset: int) -> bool:
    """Whether only blanks stand before `offset` on its line."""
    return not text[line_start(text, offset) : offset].strip(" \t")


def line_start(text: str, offset: int) -> int:
    """Where the line of `offset` begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def indentation_at(text: str, offset: int) -> str:
    """The blanks at the beginning of the line of `offset`."""
    start = line_start(text, offset)
    found = _BLANK_LINE_START.match(text, start, max(offset, start))
    return found[0] if found else ""


def after_line_comments(text: str, offset: int) -> int:
    """The end of the comments that follow `offset` on the same line."""
    found = _SAME_LINE_TRIVIA.match(text, offset)
    return found.end() if found else offset


def after_trivia(text: str, offset: int) -> int:
    """The end of the blanks and comments that follow `offset`."""
    found = _TRIVIA.match(text, offset)
    return found.end() if found else offset


def _string_mark(text: str, node: Node) -> str:
    """The quotation mark of the first string value, or a blank."""
    if isinstance(node.content, str):
        return text[node.start]
    return next((mark for item in items_of(node) if (mark := _string_mark(text, item)) != " "), " ")

"""Changes a JSON5 text so that it means another value, in as few places as possible.

What is the same stays as its author wrote it, comments, order, quotes, indentation and the manner of trailing commas
included. Of a removed value only its own text goes (with its key and comma); comments beside it stay. A text is
changed in two rounds, first what is added or replaced, then what is removed, so that each round is simple; what comes
out is read again and compared with what was wanted before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration.json5.document import Node, plain, same
from crawdad.services.configuration.json5.layout import (
    Commas,
    Layout,
    after_line_comments,
    after_trivia,
    indentation_at,
    items_of,
    line_start,
    starts_line,
)
from crawdad.services.configuration.json5.parser import parse

Edit = tuple[int, int, str]
"""Replace `text[start:end]` by a text."""


def rewrite(text: str, target: Any) -> str:
    """The text changed so that it reads as `target`; a blank text counts as an empty object.

    Raises BAD_REQUEST (`details["problems"]`) when the text cannot be read or `target` cannot be written.
    """
    text = with_object(text)
    if same(plain(readable(text)), target):
        return text
    for removing in (False, True):
        root = readable(text)
        text = _apply(text, list(_Changes(text, Layout.of(text, root), removing).of(root, target, False)))
    result = parse(text).root
    if result is None or not same(plain(result), target):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.edit.unwritable"))
    return text


def with_object(text: str) -> str:
    """The text, with an empty object added where it holds nothing but blanks and comments."""
    if after_trivia(text, 0) < len(text):
        return text
    gap = "\n" if text.strip() and not text.endswith("\n") else ""
    return f"{text}{gap}{{\n}}\n"


def readable(text: str) -> Node:
    """The root of the text. Raises BAD_REQUEST with all problems (`details["problems"]`) when there are any."""
    parsed = parse(text)
    if parsed.root is None or parsed.problems:
        problem = parsed.problems[0]
        words = {"line": problem.line or 1, "column": problem.column or 1, "reason": problem.message}
        text_of_error = Text("configuration.not_readable", words)
        raise GatewayError(ErrorKind.BAD_REQUEST, text_of_error, {"problems": parsed.problems})
    return parsed.root


def _apply(text: str, edits: list[Edit]) -> str:
    """The text with all edits made. Those at the same place are made in the order given."""
    result: list[str] = []
    position = 0
    for start, end, replacement in sorted(edits, key=lambda edit: edit[:2]):
        result += (text[position:start], replacement)
        position = max(position, end)
    return "".join(result) + text[position:]


class _Changes:
    """The edits that lead from a text to a target, those of one round."""

    def __init__(self, text: str, layout: Layout, removing: bool) -> None:
        self.text = text
        self.layout = layout
        self.removing = removing

    def of(self, node: Node, target: Any, inline: bool) -> Iterator[Edit]:
        """Edits that make `node` mean `target`. `inline`: new lines would not fit around it."""
        if isinstance(node.content, dict) and isinstance(target, dict):
            yield from self.of_object(node, target, inline)
        elif isinstance(node.content, list) and isinstance(target, list):
            yield from self.of_list(node, target, inline)
        elif not self.removing and not same(plain(node), target):
            indentation = indentation_at(self.text, node.start)
            layout = self.layout
            if isinstance(node.content, str) and isinstance(target, str):
                layout = Layout(mark=self.text[node.start])
            yield node.start, node.end, layout.write(target, indentation, inline)

    def of_object(self, node: Node, target: dict[str, Any], inline: bool) -> Iterator[Edit]:
        members = node.content if isinstance(node.content, dict) else {}
        flat = self.is_flat(node, inline)
        for key, member in members.items():
            if key in target:
                yield from self.of(member.value, target[key], flat)
        if self.removing:
            yield from self.removal(node, [key not in target for key in members])
            return
        indentation = self.item_indentation(node)
        fresh = [
            self.layout.member(key, value, indentation, flat) for key, value in target.items() if key not in members
        ]
        yield from self.insertion(node, len(members), fresh, flat)

    def of_list(self, node: Node, target: list[Any], inline: bool) -> Iterator[Edit]:
        items = items_of(node)
        flat = self.is_flat(node, inline)
        head = _common(items, target)
        tail = _common(items[head:][::-1], target[head:][::-1])
        old, new = items[head : len(items) - tail], target[head : len(target) - tail]
        for item, value in zip(old, new, strict=False):
            yield from self.of(item, value, flat)
        if self.removing:
            first_gone = head + len(new)
            yield from self.removal(node, [first_gone <= place < head + len(old) for place in range(len(items))])
            return
        indentation = self.item_indentation(node)
        fresh = [self.layout.write(value, indentation, flat) for value in new[len(old) :]]
        yield from self.insertion(node, head + len(old), fresh, flat)

    def is_flat(self, node: Node, inline: bool) -> bool:
        """Whether new items go on the line of the others rather than on lines of their own."""
        starts = self.starts(node)
        return not starts_line(self.text, starts[-1]) if starts else inline or self.layout.one_line

    def item_indentation(self, node: Node) -> str:
        starts = self.starts(node)
        if starts:
            return indentation_at(self.text, starts[-1])
        return indentation_at(self.text, node.start) + self.layout.unit

    @staticmethod
    def starts(node: Node) -> list[int]:
        """Where the items begin (at their keys, in an object)."""
        if isinstance(node.content, dict):
            return [member.key.start for member in node.content.values()]
        return [item.start for item in items_of(node)]

    def insertion(self, node: Node, place: int, fresh: list[str], flat: bool) -> Iterator[Edit]:
        """Put written items before the item at `place`, or after the last."""
        if not fresh:
            return
        items = items_of(node)
        gap = " " if flat else self.layout.newline + self.item_indentation(node)
        joined = f",{gap}".join(fresh)
        if not items:
            yield from self.filling(node, joined, flat)
        elif place == 0:
            start = self.starts(node)[0]
            yield start, start, f"{joined},{gap}"
        else:
            comma = Commas.of(self.text, node).offsets[place - 1]
            last = items[place - 1]
            after = last.end if comma is None else comma + 1
            point = after if flat else after_line_comments(self.text, after)
            if comma is None:
                yield last.end, last.end, ","
            yield point, point, f"{gap}{joined}" + ("" if comma is None else ",")

    def filling(self, node: Node, joined: str, flat: bool) -> Iterator[Edit]:
        """Put written items into an empty container, after the comments it may hold."""
        inside = self.text[node.start + 1 : node.end - 1].rstrip()
        if flat and "\n" not in inside and "//" not in inside:
            yield node.start + 1, node.end - 1, f"{inside} {joined}".strip()
            return
        newline, indentation = self.layout.newline, indentation_at(self.text, node.start)
        comma = "," if self.layout.trailing_comma else ""
        filled = f"{inside}{newline}{indentation}{self.layout.unit}{joined}{comma}{newline}{indentation}"
        yield node.start + 1, node.end - 1, filled

    def removal(self, node: Node, gone: list[bool]) -> Iterator[Edit]:
        """Take out the items marked in `gone`, with their commas."""
        if not any(gone):
            return
        items, starts, commas = items_of(node), self.starts(node), Commas.of(self.text, node)
        for place, is_gone in enumerate(gone):
            comma = commas.offsets[place]
            if is_gone:
                yield from self.cut(starts[place], items[place].end, comma)
        kept = [place for place, is_gone in enumerate(gone) if not is_gone]
        if kept and gone[-1] and not commas.trailing:
            superfluous = commas.offsets[kept[-1]]
            if superfluous is not None:
                yield superfluous, superfluous + 1, ""

    def cut(self, start: int, end: int, comma: int | None) -> Iterator[Edit]:
        """Take out `text[start:end]` and the comma, and the lines they leave blank."""
        text = self.text
        between = text[end:comma] if comma is not None else ""
        if comma is not None and not between.strip():
            end, comma = comma + 1, None
        line_end = end
        while line_end < len(text) and text[line_end] in " \t":
            line_end += 1
        if comma is None and starts_line(text, start) and text[line_end : line_end + 1] in ("\n", "\r"):
            start = line_start(text, start)
            line_end += 2 if text.startswith("\r\n", line_end) else 1
            yield start, line_end, ""
            return
        while comma is None and start > 0 and text[start - 1] in " \t" and not starts_line(text, start):
            start -= 1
        yield start, end, ""
        if comma is not None:
            yield comma, comma + 1, ""


def _common(items: list[Node], target: list[Any]) -> int:
    """How many first elements are the same."""
    count = 0
    for item, value in zip(items, target, strict=False):
        if not same(plain(item), value):
            break
        count += 1
    return count

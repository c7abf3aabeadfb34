"""Reads JSON5 (https://spec.json5.org) into a `Document`'s tree, and says in words what is wrong and on which line.

Beyond the specification: a key that stands twice is an error, `Infinity` and `NaN` are errors (no setting can mean
them), nesting, size and the number of values are bounded. Reading stops at the first fault of syntax; the other faults
are all reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crawdad.core.text import Text
from crawdad.services.configuration.json5.document import Document, Member, Node, Scalar
from crawdad.services.configuration.json5.strings import BadEscape, unescape
from crawdad.services.configuration.paths import Path, format_path
from crawdad.services.configuration.problems import Problem, Severity

MAXIMUM_DEPTH = 100
MAXIMUM_CHARACTERS = 1 << 20
MAXIMUM_VALUES = 100_000
_MAXIMUM_NUMBER = 400
_MAXIMUM_PROBLEMS = 100

_BLANK = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_SKIP = re.compile(rf"(?:[{_BLANK}]++|//[^\n\r\u2028\u2029]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_STRING = re.compile(
    r""""(?:([^"\\\n\r]*+)"|((?:[^"\\\n\r]|\\(?:\r\n|[\s\S]))*+)")"""
    r"""|'(?:([^'\\\n\r]*+)'|((?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*+)')"""
)
_NUMBER = re.compile(
    r"[+-]?(?:0[xX](?P<hex>[0-9a-fA-F]+)|(?:(?:0|[1-9][0-9]*)(?P<point>\.[0-9]*)?|(?P<bare>\.[0-9]+))(?P<power>[eE][+-]?[0-9]+)?)"
    r"(?![\w$.])"
)
_NAME = re.compile(r"(?:[^\W\d]|\$|\\u[0-9a-fA-F]{4})(?:[\w$\u200c\u200d]|\\u[0-9a-fA-F]{4})*+")
_MEANINGLESS = re.compile(r"[+-]?(?:Infinity|NaN)(?![\w$])")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


class _Fault(Exception):
    """Wrong syntax at `offset`; `key` names the words for it."""

    def __init__(self, offset: int, key: str, /, **values: object) -> None:
        self.offset = offset
        self.key = key
        self.values = values


@dataclass(slots=True)
class Parsed:
    """`root` is None when the syntax is wrong; then `problems` says where."""

    document: Document
    root: Node | None
    problems: list[Problem] = field(default_factory=list)
    values: int = 0
    """How many were read."""


def parse(text: str, name: str = "", prefix: Path = ()) -> Parsed:
    """Read the text of the file `name`, whose value stands at `prefix` of the configuration. Total over any text."""
    return _Parser(Document(name, text), prefix).run()


class _Parser:
    def __init__(self, document: Document, prefix: Path) -> None:
        self.document = document
        self.text = document.text
        self.position = 0
        self.depth = 0
        self.values = 0
        self.path: list[str | int] = list(prefix)
        self.problems: list[Problem] = []

    def run(self) -> Parsed:
        root: Node | None = None
        try:
            if len(self.text) > MAXIMUM_CHARACTERS:
                raise _Fault(0, "too_long", limit=MAXIMUM_CHARACTERS)
            self.skip()
            if self.position == len(self.text):
                raise _Fault(0, "empty")
            root = self.value()
            self.skip()
            if self.position < len(self.text):
                raise _Fault(self.position, "after_end")
        except _Fault as fault:
            root = None
            self.report(fault.offset, fault.key, **fault.values)
        return Parsed(self.document, root, self.problems, self.values)

    def report(self, offset: int, key: str, /, **values: object) -> None:
        if len(self.problems) >= _MAXIMUM_PROBLEMS:
            return
        line, column = self.document.position(offset)
        name = f"configuration.syntax.{key}"
        self.problems.append(
            Problem(
                Severity.ERROR,
                format_path(self.path),
                Text(name, values),
                Text(f"{name}.fix", values),
                self.document.name,
                line,
                column,
            )
        )

    def skip(self) -> None:
        """Step over blanks and comments."""
        found = _SKIP.match(self.text, self.position)
        if found:
            self.position = found.end()
        if self.text.startswith("/*", self.position):
            raise _Fault(self.position, "open_comment")

    def value(self) -> Node:
        start = self.position
        mark = self.text[start : start + 1]
        self.values += 1
        if self.values > MAXIMUM_VALUES:
            raise _Fault(start, "too_many", limit=MAXIMUM_VALUES)
        content: Scalar | dict[str, Member] | list[Node]
        if mark == "{" or mark == "[":
            self.depth += 1
            if self.depth > MAXIMUM_DEPTH:
                raise _Fault(start, "too_deep", limit=MAXIMUM_DEPTH)
            content = self.object() if mark == "{" else self.array()
            self.depth -= 1
        elif mark == '"' or mark == "'":
            content = self.string()
        else:
            content = self.literal()
        return Node(content, self.document, start, self.position)

    def object(self) -> dict[str, Member]:
        members: dict[str, Member] = {}
        start = self.position
        self.position += 1
        self.skip()
        while not self.text.startswith("}", self.position):
            key = self.key(start)
            name = str(key.content)
            self.path.append(name)
            if name in members:
                line, _ = self.document.position(members[name].key.start)
                self.report(key.start, "twice", name=name, first=line, second=self.document.position(key.start)[0])
            self.skip()
            if not self.text.startswith(":", self.position):
                raise _Fault(self.position, "colon")
            self.position += 1
            self.skip()
            members[name] = Member(key, self.value())
            self.path.pop()
            self.separator("}", start)
        self.position += 1
        return members

    def array(self) -> list[Node]:
        items: list[Node] = []
        start = self.position
        self.position += 1
        self.skip()
        while not self.text.startswith("]", self.position):
            self.path.append(len(items))
            items.append(self.value())
            self.path.pop()
            self.separator("]", start)
        self.position += 1
        return items

    def separator(self, close: str, start: int) -> None:
        """Step over the comma after a member or element; the closing bracket may stand in its place."""
        self.skip()
        if self.text.startswith(",", self.position):
            self.position += 1
            self.skip()
        elif self.position == len(self.text):
            raise _Fault(start, "unclosed", bracket=close)
        elif not self.text.startswith(close, self.position):
            raise _Fault(self.position, "comma", bracket=close)

    def key(self, object_start: int) -> Node:
        start = self.position
        mark = self.text[start : start + 1]
        if mark == '"' or mark == "'":
            return Node(self.string(), self.document, start, self.position)
        found = _NAME.match(self.text, start)
        if found is None:
            raise _Fault(start, "key") if mark else _Fault(object_start, "unclosed", bracket="}")
        self.position = found.end()
        name = found[0]
        return Node(self.unescape(name, start) if "\\" in name else name, self.document, start, self.position)

    def string(self) -> str:
        start = self.position
        found = _STRING.match(self.text, start)
        if found is None:
            raise _Fault(start, "open_string")
        self.position = found.end()
        if found.lastindex in (1, 3):
            return str(found[found.lastindex])
        return self.unescape(self.text[start + 1 : self.position - 1], start + 1)

    def unescape(self, raw: str, start: int) -> str:
        try:
            return unescape(raw)
        except BadEscape as fault:
            raise _Fault(start + fault.offset, "escape") from None

    def literal(self) -> Scalar:
        start = self.position
        word = _NAME.match(self.text, start)
        if word is not None and word[0] in _WORDS:
            self.position = word.end()
            return _WORDS[word[0]]
        meaningless = _MEANINGLESS.match(self.text, start)
        if meaningless is not None:
            self.position = meaningless.end()
            self.report(start, "meaningless")
            return None
        found = _NUMBER.match(self.text, start)
        if found is None:
            raise _Fault(start, "value" if start < len(self.text) else "missing_value")
        self.position = found.end()
        return self.number(found)

    def number(self, found: re.Match[str]) -> int | float | None:
        raw = found[0]
        if len(raw) <= _MAXIMUM_NUMBER:
            if found["hex"] is not None:
                return int(raw, 16)
            if found["point"] is None and found["bare"] is None and found["power"] is None:
                return int(raw)
            value = float(raw)
            if abs(value) != float("inf"):
                return value
        self.report(found.start(), "huge")
        return None

"""Random JSON5 texts, laid out in every manner people use, each with the value it stands for."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st

KEYS = st.one_of(
    st.sampled_from(["gateway", "port", "models", "providers", "a.b", "api-key", "$id", "_x", "钥匙", "with space"]),
    st.text(max_size=6),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)

_COMMENT = re.compile(r"""("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')|//[^\n\r\u2028\u2029]*|/\*[\s\S]*?\*/""")


def comments(text: str) -> list[str]:
    """The comments of a JSON5 text, in order, without the blanks they end in."""
    return [found[0].rstrip() for found in _COMMENT.finditer(text) if found[1] is None]


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A text and its value."""
    value = draw(OBJECTS)
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    counter = iter(range(10_000))

    def trivia() -> str:
        kind = draw(st.integers(0, 9))
        if kind == 0:
            return f" /* c{next(counter)} */ "
        if kind == 1:
            return f" // c{next(counter)}, {{ ' \" {newline}  "
        return ("", " ", newline, newline + "\t", newline + "    ", "", " ", "  ")[kind - 2]

    def quoted(text: str) -> str:
        body = json.dumps(text, ensure_ascii=draw(st.booleans()))
        if draw(st.booleans()):
            return body
        return "'" + body[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"

    def key(text: str) -> str:
        return text if re.fullmatch(r"[A-Za-z_$][\w$]*", text, re.ASCII) and draw(st.booleans()) else quoted(text)

    def number(value: Any) -> str:
        if type(value) is int and draw(st.booleans()):
            return f"{'-' if value < 0 else ''}0x{abs(value):X}"
        sign = "+" if repr(value)[0] != "-" and draw(st.booleans()) else ""
        return sign + repr(value)

    def write(value: Any) -> str:
        if isinstance(value, str):
            return quoted(value)
        if isinstance(value, bool) or value is None:
            return json.dumps(value)
        if not isinstance(value, dict | list):
            return number(value)
        if isinstance(value, dict):
            parts = [f"{trivia()}{key(k)}{trivia()}:{trivia()}{write(v)}{trivia()}" for k, v in value.items()]
        else:
            parts = [f"{trivia()}{write(v)}{trivia()}" for v in value]
        if not parts:
            inside = trivia()
        else:
            inside = ",".join(parts) + ("," + trivia() if draw(st.booleans()) else "")
        return f"{{{inside}}}" if isinstance(value, dict) else f"[{inside}]"

    return trivia() + write(value) + trivia() + newline, value

"""The escapes of JSON5 strings and names, read and written."""

from __future__ import annotations

import json
import re

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))")
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | dict.fromkeys(
    ("\n", "\r", "\r\n", "\u2028", "\u2029"), ""
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class BadEscape(Exception):
    """An escape that JSON5 does not know, or half of a surrogate pair, at `offset` of the raw text."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


def unescape(raw: str) -> str:
    """The text that the inside of a string literal (or a name) stands for. Raises `BadEscape`."""

    def replace(found: re.Match[str]) -> str:
        if found[3] is None:
            return chr(int(found[1] or found[2], 16))
        mark = found[3]
        if mark == "0" and not raw[found.end() : found.end() + 1].isdigit():
            return "\0"
        if mark in "123456789ux0":
            raise BadEscape(found.start())
        return _SIMPLE.get(mark, mark)

    text = _ESCAPE.sub(replace, raw)
    if not text.isascii() and _SURROGATE.search(text):
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise BadEscape(0) from None
    return text


def quote(text: str, mark: str = '"') -> str:
    """The text as a string literal between `mark`s. Half a surrogate pair is written as an escape that nobody reads."""
    body = (
        json.dumps(text, ensure_ascii=_SURROGATE.search(text) is not None)[1:-1]
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
    if mark == "'":
        body = body.replace('\\"', '"').replace("'", "\\'")
    return f"{mark}{body}{mark}"


def is_plain_name(text: str) -> bool:
    """Whether a key may stand without quotes."""
    return _PLAIN_NAME.fullmatch(text) is not None

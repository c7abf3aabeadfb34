"""Keys by their names, as the bytes that a terminal sends. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_NAMED = {
    "enter": b"\r",
    "return": b"\r",
    "tab": b"\t",
    "btab": b"\x1b[Z",
    "escape": b"\x1b",
    "esc": b"\x1b",
    "space": b" ",
    "bspace": b"\x7f",
    "backspace": b"\x7f",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "insert": b"\x1b[2~",
    "delete": b"\x1b[3~",
    **{f"f{number}": code for number, code in enumerate((b"\x1bOP", b"\x1bOQ", b"\x1bOR", b"\x1bOS"), 1)},
}
_CONTROL = re.compile(r"(?:C-|\^|ctrl[+-])([a-z@\[\\\]_])", re.IGNORECASE)
_ALT = re.compile(r"(?:M-|alt[+-])(.)", re.IGNORECASE)
_HEX = re.compile(r"(?:0x)?([0-9a-f]{2})", re.IGNORECASE)


def bytes_of_keys(keys: Sequence[str]) -> bytes:
    """What pressing these sends. A single character stands for itself. Raises BAD_REQUEST for an unknown name."""
    return b"".join(_key(key) for key in keys)


def _key(key: str) -> bytes:
    if len(key) == 1:
        return key.encode()
    if (named := _NAMED.get(key.lower())) is not None:
        return named
    if found := _CONTROL.fullmatch(key):
        return bytes([ord(found[1].upper()) & 0x1F])
    if found := _ALT.fullmatch(key):
        return b"\x1b" + found[1].encode()
    raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.unknown_key", {"key": key[:50]}), {"param": "keys"})


def bytes_of_hex(pieces: Sequence[str]) -> bytes:
    """Bytes written in hexadecimal, one each. Raises BAD_REQUEST."""
    found = [_HEX.fullmatch(piece.strip()) for piece in pieces]
    if not all(found):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.bad_hex"), {"param": "hex"})
    return bytes(int(match[1], 16) for match in found if match)


def bracketed(text: str, marked: bool) -> bytes:
    """A pasted text; between marks, where a mark within it is left out, so that the paste cannot end early."""
    if not marked:
        return text.encode()
    return b"\x1b[200~" + text.replace("\x1b[201~", "").encode() + b"\x1b[201~"

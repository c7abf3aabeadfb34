"""A configuration that was put away beside the one that took its place, as a difference for people; secrets are never shown.
Pure."""

from __future__ import annotations

import difflib
import re

from crawdad.services.backups.comparing import MOST_LINES
from crawdad.services.configuration.redaction import redacted_text

_MASK = "********"
_LABELS = ("good", "rejected")
_KNOWN = frozenset(("true", "false", "null", "Infinity", "NaN"))
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_PIECE = re.compile(r"""("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\s,:{}\[\]"']+)(\s*:)?""")
_LONGEST_KEY = 40


def rejected_difference(good: str, rejected: str) -> str:
    """A unified difference of the two texts. Where the rejected one cannot be read, nobody can tell where its secrets are: then
    all values of both are left out, and what is shown is how they are built."""
    before, after = redacted_text(good), redacted_text(rejected)
    if before is None or after is None:
        before, after = without_values(good), without_values(rejected)
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), *_LABELS, lineterm="")
    return "".join(f"{line}\n" for line in list(found)[:MOST_LINES])


def without_values(text: str) -> str:
    """A text of configuration, broken or not, of which only keys, brackets and the words of JSON are left."""
    lines = []
    for line in _COMMENT.sub(_blank, text).splitlines():
        lines.append(_PIECE.sub(_masked, line))
    return "\n".join(lines)


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _masked(found: re.Match[str]) -> str:
    piece, colon = found[1], found[2] or ""
    name = piece.strip("\"'")
    if colon and len(name) <= _LONGEST_KEY and re.fullmatch(r"[A-Za-z_$][\w$.-]*", name, re.ASCII):
        return found[0]
    if not colon and piece in _KNOWN:
        return piece
    return f'"{_MASK}"{colon}'

"""What agents answer when they have nothing to say."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEARTBEAT_OK = "HEARTBEAT_OK"
SILENT = "NO_REPLY"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without its token. `silent`: nothing in it is for anybody."""

    text: str
    token: bool
    silent: bool


def read_answer(text: str, most: int = 0) -> Answer:
    """An answer taken apart: with the token at its start or end, up to `most` characters beside it are no news."""
    trimmed = text.strip()
    if not trimmed or _bare(trimmed) == SILENT:
        return Answer("", False, True)
    rest, token = _without(trimmed, HEARTBEAT_OK)
    return Answer(rest, token, token and len(rest) <= most)


def _without(text: str, token: str) -> tuple[str, bool]:
    """The text without the token at its start and its end, in whatever emphasis it stands."""
    found, rest = False, text
    for pattern in (rf"^[*_`~\s]*{token}(?![A-Za-z0-9_])[*_`~\s.!]*", rf"(?<![A-Za-z0-9])[*_`~\s]*{token}[*_`~\s.!]*$"):
        shorter, count = re.subn(pattern, "", rest)
        if count:
            found, rest = True, shorter.strip()
    return rest, found


def _bare(text: str) -> str:
    return text.strip("*`~ \n.!")

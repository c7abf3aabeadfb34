"""What a program has printed, bounded: the beginning and the end are kept, and how much fell out between them."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Sequence

from crawdad.core.secret import Secret
from crawdad.services.tools.execution.secrets import Masking

HEAD_CHARACTERS = 16_384
TAIL_CHARACTERS = 184_320
SHOWN_CHARACTERS = 51_200
SHOWN_LINES = 2000
_CONTROL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
"""Escape sequences and control characters: they would act on whatever terminal shows them."""


class Output:
    """Grows by bytes, is read as text. Offsets count characters from the very first one."""

    def __init__(self, secrets: Sequence[Secret] = ()) -> None:
        self._masking = Masking(secrets)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._head = ""
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self.total = 0
        """How many characters there have been."""

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """More of it."""
        text = self._masking.feed(self._decoder.decode(data, last), last=last)
        self.total += len(text)
        room = HEAD_CHARACTERS - len(self._head)
        if room > 0:
            self._head, text = self._head + text[:room], text[room:]
        if text:
            self._tail.append(text)
            self._tail_length += len(text)
        while self._tail_length > TAIL_CHARACTERS:
            excess = self._tail_length - TAIL_CHARACTERS
            first = self._tail.popleft()
            self._tail_length -= min(excess, len(first))
            if len(first) > excess:
                self._tail.appendleft(first[excess:])

    def clear(self) -> None:
        """Forget what there was; offsets go on."""
        self._head = ""
        self._tail.clear()
        self._tail_length = 0

    def since(self, offset: int) -> tuple[str, int]:
        """What came after `offset`, as far as it is kept, and how many characters of it are lost."""
        kept_tail = "".join(self._tail)
        tail_begins = self.total - self._tail_length
        if offset >= tail_begins:
            return kept_tail[offset - tail_begins :], 0
        head = self._head[offset:] if offset < len(self._head) else ""
        lost = max(0, tail_begins - max(offset, len(self._head)))
        return head + (f"\n[… {lost} …]\n" if lost else "") + kept_tail, lost

    @property
    def text(self) -> str:
        """All that is kept."""
        return self.since(0)[0]


def plain(text: str) -> str:
    """Without escape sequences and control characters; lines end in a line feed."""
    text = text.replace("\r\n", "\n")
    return _CONTROL.sub("", text).replace("\r", "\n")


def shortened(text: str, characters: int = SHOWN_CHARACTERS, lines: int = SHOWN_LINES) -> str:
    """The end of a text, which is where programs say what went wrong; with a word of how much is missing."""
    all_lines = text.split("\n")
    kept = all_lines[-lines:]
    shown = "\n".join(kept)
    if len(shown) > characters:
        shown = shown[-characters:]
    missing = len(text) - len(shown)
    return f"[… {missing} …]\n{shown}" if missing > 0 else shown

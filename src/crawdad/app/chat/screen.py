"""The terminal of a chat: what is shown, in colours where there are some, and what is typed."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Literal

from crawdad.app.output import clean

Tone = Literal["plain", "dim", "accent", "good", "bad"]
_CODES: dict[Tone, str] = {"plain": "", "dim": "2", "accent": "1;36", "good": "32", "bad": "31"}


class Screen:
    """Shows and asks. Nothing that is shown can steer the terminal: control characters are replaced."""

    def __init__(self) -> None:
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - with it, input() edits its line and remembers earlier ones

    def show(self, text: str, tone: Tone = "plain") -> None:
        """Words in the present line."""
        sys.stdout.write(self._toned(clean(text), tone))
        sys.stdout.flush()

    def line(self, text: str = "", tone: Tone = "plain") -> None:
        """A line."""
        self.show(text, tone)
        sys.stdout.write("\n")
        sys.stdout.flush()

    def ask(self, prompt: str) -> str:
        """What is typed after `prompt`. Raises EOFError, KeyboardInterrupt."""
        if not self._coloured:
            return input(clean(prompt))
        # The marks tell readline which characters take no room.
        return input(f"\001\033[{_CODES['accent']}m\002{clean(prompt)}\001\033[0m\002")

    def _toned(self, text: str, tone: Tone) -> str:
        return f"\033[{_CODES[tone]}m{text}\033[0m" if self._coloured and _CODES[tone] and text else text

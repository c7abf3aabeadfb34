"""The process's log as it is written, for somebody who watches: whole lines, as many at a time as there are."""

from __future__ import annotations

import re
from collections.abc import Callable

from crawdad.core.ports import Clock
from crawdad.services.log_tail import LogTail

MOST_HISTORY = 5000
LEVELS = ("debug", "info", "warning", "error", "critical")
_MOST_BYTES = 4 * 1024 * 1024
_LOOK_SECONDS = 0.5
_LEVEL = re.compile(r'"level": ?"([a-z]+)"|\[(debug|info|warning|error|critical) *\]')

Keeps = Callable[[str], bool]


def keeps(level: str = "", text: str = "") -> Keeps:
    """Which lines are shown: those of `level` and above (lines of no level, as tracebacks have, always), that hold `text` in
    whichever case."""
    least, wanted = LEVELS.index(level) if level else 0, text.lower()

    def shown(line: str) -> bool:
        found = _LEVEL.search(line) if least else None
        own = (found[1] or found[2]) if found is not None else ""
        return (own not in LEVELS or LEVELS.index(own) >= least) and wanted in line.lower()

    return shown


class LogFollower:
    """One watcher's place in the log."""

    def __init__(self, tail: LogTail, clock: Clock, shown: Keeps) -> None:
        self._tail = tail
        self._clock = clock
        self._shown = shown
        self._cursor: int | None = None

    async def history(self, count: int) -> list[str]:
        """The last `count` lines that are shown; what comes after them is `fresh`."""
        found = await self._tail.read(None, MOST_HISTORY, _MOST_BYTES)
        self._cursor = found.cursor
        lines = [line for line in found.lines if self._shown(line)]
        return lines[-count:] if count > 0 else []

    async def fresh(self) -> list[str]:
        """The lines that were written since; waits until there are any."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            found = await self._tail.read(self._cursor, MOST_HISTORY, _MOST_BYTES)
            self._cursor = found.cursor
            lines = [line for line in found.lines if self._shown(line)]
            if lines:
                return lines

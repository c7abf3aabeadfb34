"""The end of the process's log, and what has been added since somebody looked: of its file, or of what is in memory of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from crawdad.services.log_ring import LogRing

IN_MEMORY = "(memory)"
"""Stands for the file where there is none."""


class FileSlices(Protocol):
    """Reads pieces of a file that grows."""

    async def size(self, path: str) -> int | None:
        """How many bytes it has; None: it is not there."""

    async def read(self, path: str, start: int, count: int) -> bytes:
        """At most `count` bytes from `start` on."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Lines of the log. `cursor` is where to go on; `reset`: the file is another one than last time. `omitted`: how many lines
    since the last time are not here, `omitted_bytes` those that nobody has counted as lines."""

    file: str
    cursor: int
    size: int
    lines: list[str]
    truncated: bool = False
    reset: bool = False
    omitted: int = 0
    omitted_bytes: int = 0


class LogTail:
    """Reads the log that `file` names (None: it goes to standard error, and `ring` holds the newest of it)."""

    def __init__(self, file: Callable[[], str | None], slices: FileSlices, ring: LogRing) -> None:
        self._file = file
        self._slices = slices
        self._ring = ring

    async def read(self, cursor: int | None, limit: int, most_bytes: int) -> Tail:
        """The last lines, or those since `cursor`."""
        path = self._file()
        if path is None:
            return self._remembered(cursor, limit, most_bytes)
        size = await self._slices.size(path)
        if size is None:
            rest = await self._rotated(path, cursor, most_bytes)
            return Tail(path, 0, 0, rest[-limit:], reset=cursor is not None and cursor > 0)
        reset = cursor is not None and cursor > size
        rest = await self._rotated(path, cursor, most_bytes) if reset else []
        start = size - most_bytes if cursor is None or reset else max(cursor, size - most_bytes)
        cut = start > (cursor or 0) and start > 0
        start = max(0, start)
        data = await self._slices.read(path, start, size - start)
        if cut:
            data = data.partition(b"\n")[2]
        whole, newline, _ = data.rpartition(b"\n")
        lines = [*rest, *(whole.decode("utf-8", "replace").split("\n") if newline else [])]
        end = size - (len(data) - len(whole) - len(newline))
        lost, unread = (max(0, len(lines) - limit), max(0, start - cursor)) if cursor and not reset else (0, 0)
        return Tail(path, end, size, lines[-limit:], cut or len(lines) > limit, reset, lost, unread)

    async def _rotated(self, path: str, cursor: int | None, most_bytes: int) -> list[str]:
        """What stands behind `cursor` in the file that was moved aside for a new one."""
        before = f"{path}.1"
        size = await self._slices.size(before) if cursor else None
        if not cursor or size is None or size <= cursor:
            return []
        data = await self._slices.read(before, max(cursor, size - most_bytes), min(size - cursor, most_bytes))
        return data.decode("utf-8", "replace").removesuffix("\n").split("\n")

    def _remembered(self, cursor: int | None, limit: int, most_bytes: int) -> Tail:
        size = self._ring.end
        reset = cursor is not None and cursor > size
        wanted = size - most_bytes if cursor is None or reset else max(cursor, size - most_bytes)
        start, data = self._ring.since(max(0, wanted))
        if start == wanted and start != cursor and start > 0:
            data = data.partition(b"\n")[2]
        lines = data.decode("utf-8", "replace").split("\n")[:-1]
        missing = start > (cursor or 0) and not reset
        lost, unread = (max(0, len(lines) - limit), max(0, start - cursor)) if cursor and not reset else (0, 0)
        return Tail(IN_MEMORY, size, size, lines[-limit:], missing or len(lines) > limit, reset, lost, unread)

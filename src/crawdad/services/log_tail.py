"""The end of the process's log file, and what has been added since somebody looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text


class FileSlices(Protocol):
    """Reads pieces of a file that grows."""

    async def size(self, path: str) -> int | None:
        """How many bytes it has; None: it is not there."""

    async def read(self, path: str, start: int, count: int) -> bytes:
        """At most `count` bytes from `start` on."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Lines of the log. `cursor` is where to go on; `reset`: the file is another one than last time."""

    file: str
    cursor: int
    size: int
    lines: list[str]
    truncated: bool = False
    reset: bool = False


class LogTail:
    """Reads the log that `file` names (None: it goes to standard error, and cannot be read again)."""

    def __init__(self, file: Callable[[], str | None], slices: FileSlices) -> None:
        self._file = file
        self._slices = slices

    async def read(self, cursor: int | None, limit: int, most_bytes: int) -> Tail:
        """The last lines, or those since `cursor`. Raises UNAVAILABLE where there is no file."""
        path = self._file()
        if path is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("logs.no_file"))
        size = await self._slices.size(path)
        if size is None:
            return Tail(path, 0, 0, [], reset=cursor is not None and cursor > 0)
        reset = cursor is not None and cursor > size
        start = size - most_bytes if cursor is None or reset else max(cursor, size - most_bytes)
        cut = start > (cursor or 0) and start > 0
        start = max(0, start)
        data = await self._slices.read(path, start, size - start)
        if cut:
            data = data.partition(b"\n")[2]
        whole, newline, _ = data.rpartition(b"\n")
        lines = whole.decode("utf-8", "replace").split("\n") if newline else []
        end = size - (len(data) - len(whole) - len(newline))
        return Tail(path, end, size, lines[-limit:], cut or len(lines) > limit, reset)

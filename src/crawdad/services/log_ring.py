"""The newest lines of the process's log in memory, for those who look at it where it is written to no file."""

from __future__ import annotations

import re
from collections import deque
from threading import Lock

MOST_BYTES = 2 * 1024 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class LogRing:
    """Lines as a file would hold them, of which the beginning goes missing. Places are counted in bytes since the start of the
    process. Any thread may add."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._lock = Lock()
        self.end = 0
        """Where the next line will stand."""

    def add(self, text: str) -> None:
        """Keep a record; one of several lines counts as one for what goes missing."""
        line = _COLOURS.sub("", text).encode("utf-8", "replace")[: self._most // 4] + b"\n"
        with self._lock:
            self._lines.append(line)
            self._bytes += len(line)
            self.end += len(line)
            while self._bytes > self._most:
                self._bytes -= len(self._lines.popleft())

    def since(self, start: int) -> tuple[int, bytes]:
        """What was written from `start` on, as far as it is there; and where that begins."""
        with self._lock:
            first, data = self.end - self._bytes, b"".join(self._lines)
        begin = min(max(start, first), first + len(data))
        return begin, data[begin - first :]

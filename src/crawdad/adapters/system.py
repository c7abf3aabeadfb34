"""The machine's clock and chance, behind the ports of the same names."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo


class SystemClock:
    """`core.ports.Clock` on the real clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)


class SystemRandomness:
    """`core.ports.Randomness` from the operating system. Ids are 32 hexadecimal digits: 12 of time, 20 of chance."""

    def __init__(self) -> None:
        self._pool = b""
        self._position = 0

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return int.from_bytes(self._take(7), "big") / (1 << 56)

    def new_id(self) -> str:
        """A unique id that sorts by time of making (milliseconds)."""
        return f"{int(time.time() * 1000):012x}{self._take(10).hex()}"

    def new_token(self) -> str:
        """A fresh secret."""
        return "sk-crawdad-" + secrets.token_urlsafe(32)

    def _take(self, count: int) -> bytes:
        # One system call fetches chance for hundreds of ids: ids are made on the hot path.
        if self._position + count > len(self._pool):
            self._pool, self._position = os.urandom(4096), 0
        start = self._position
        self._position += count
        return self._pool[start : self._position]


@cache
def machine_zone() -> tzinfo:
    """The zone of this machine: that of `TZ`, else of `/etc/localtime`; UTC where neither names one."""
    names = [os.environ.get("TZ", "").lstrip(":"), os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]]
    for name in filter(None, names):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return UTC


_BEGAN = time.monotonic()


def process_seconds() -> float:
    """For how long this process has been at work."""
    return time.monotonic() - _BEGAN


def resident_bytes() -> int:
    """How much memory this process takes."""
    import psutil

    return int(psutil.Process().memory_info().rss)

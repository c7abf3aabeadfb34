"""A clock of the gateway's that a test moves: real time, and as many seconds more as the test says.

    with MovedClock(folder / "clock") as clock, running_gateway(config, clock.environment, command=clock.command):
        clock.advance(61)
        clock.jump(-86_400)  # the wall clock alone, as when somebody sets it

The seconds are shared through a small file, for the gateway is a process of its own.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import struct
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

PLACE = "TEST_MOVED_CLOCK"
_LOOK_SECONDS = 0.02


class MovedClock:
    """The test's end. Its times are the gateway's."""

    command = (sys.executable, "-m", "tests.support.clock_server")

    def __init__(self, place: Path) -> None:
        place.write_bytes(struct.pack("dd", 0.0, 0.0))
        self.environment: Mapping[str, str] = {PLACE: str(place)}
        self._shared = _open(str(place))
        self._ahead = self._jumped = 0.0

    def advance(self, seconds: float) -> None:
        """Let time go by at the gateway's."""
        self._ahead += seconds
        self._tell()

    def jump(self, seconds: float) -> None:
        """Set the gateway's wall clock forth or back; no time goes by."""
        self._jumped += seconds
        self._tell()

    def _tell(self) -> None:
        self._shared[:16] = struct.pack("dd", self._ahead, self._jumped)

    def now(self) -> float:
        """Unix time as the gateway sees it."""
        return time.time() + self._ahead + self._jumped

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._shared.close()


class Clock:
    """The gateway's end: `core.ports.Clock`."""

    def __init__(self) -> None:
        self._shared = _open(os.environ[PLACE])

    def _moved(self) -> tuple[float, float]:
        ahead, jumped = struct.unpack("dd", self._shared[:16])
        return ahead, jumped

    def now(self) -> float:
        return time.time() + sum(self._moved())

    def monotonic(self) -> float:
        return time.monotonic() + self._moved()[0]

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:  # noqa: ASYNC110 (another process moves it)
            await asyncio.sleep(min(left, _LOOK_SECONDS))


def _open(place: str) -> mmap.mmap:
    with open(place, "r+b") as file:
        return mmap.mmap(file.fileno(), 16)

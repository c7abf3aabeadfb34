"""Programs that somebody uses from afar as in a terminal of his own: what he types goes in, what they print comes out.

A program ends with its watcher: when he goes, when nothing was typed or printed for too long, when the gateway ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, Protocol, TypeGuard

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock
from crawdad.core.programs import ProgramOrder, Programs, RunningProgram
from crawdad.core.text import Text
from crawdad.services.tasks import until_first

MOST = 16
MOST_OF_ONE = 4
IDLE_SECONDS = 30 * 60.0
FRAME = 2048
"""The most bytes of one message to a screen that says nothing else."""
LARGEST_FRAME = 64 * 1024
MOST_TYPED = 64 * 1024
"""The most bytes of one message from it."""
MOST_COLUMNS, MOST_ROWS = 1000, 500
"""No screen is larger, and a program draws all that it is told there is: 65535 by 65535 would be four milliard signs."""
_RESIZE_SECONDS = 0.05
"""Of sizes that follow each other faster, the program is told the last."""
_LOOK_SECONDS = 15.0
_END_SECONDS = 2.0


class Screen(Protocol):
    """Where somebody sits. Both raise EOFError once he is gone."""

    async def receive(self) -> str | bytes:
        """What he typed, or how large his screen is now."""

    async def send(self, message: str | bytes) -> None:
        """Show something."""


class Size(NamedTuple):
    """Of a screen, in characters."""

    columns: int
    rows: int


def understood(message: str | bytes) -> Size | bytes:
    """A message of a screen: `{"type": "resize", "cols": n, "rows": n}` and nothing else is its size, all else was typed."""
    data = message.encode("utf-8", "replace") if isinstance(message, str) else message
    if data[:1].isspace() or data[:1] == b"{":
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError:
            return data
        if isinstance(found, dict) and found.get("type") == "resize":
            columns, rows = found.get("cols"), found.get("rows")
            if _is_number(columns) and _is_number(rows):
                return Size(_cut(columns, MOST_COLUMNS), _cut(rows, MOST_ROWS))
    return data


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cut(value: float, most: int) -> int:
    return max(1, min(int(value), most))


def frame_of(query: Mapping[str, str]) -> int:
    """The most bytes of one message, as whoever opens a terminal says it with `frame`: no less than any client takes."""
    said = query.get("frame", "")
    if not said.isascii() or not said.isdecimal() or len(said) > 9:
        return FRAME
    return min(max(FRAME, int(said)), LARGEST_FRAME)


class Terminals:
    """All that are open in this process."""

    def __init__(self, programs: Programs, clock: Clock) -> None:
        self._programs = programs
        self._clock = clock
        self._open: Counter[str] = Counter()

    @asynccontextmanager
    async def seat(self, owner: str) -> AsyncIterator[None]:
        """Room for one more terminal of `owner`. Raises RATE_LIMITED where there is none."""
        self.check(owner)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1

    def check(self, owner: str) -> None:
        """Raise RATE_LIMITED where one more terminal of `owner` would be too many."""
        if self._open[owner] >= MOST_OF_ONE or self._open.total() >= MOST:
            raise GatewayError(ErrorKind.RATE_LIMITED, Text("terminals.full"), {"code": "too_many_terminals"}, 10)

    async def typed(self, screen: Screen) -> str | bytes:
        """The next message of somebody to whom no program listens. Raises EOFError, UPSTREAM_TIMEOUT after the idle limit."""
        found: list[str | bytes] = []

        async def listen() -> None:
            found.append(await screen.receive())

        async def look() -> None:
            await self._clock.sleep(IDLE_SECONDS)
            raise idle()

        await until_first(listen(), look())
        return found[0]

    async def run(
        self,
        order: ProgramOrder,
        screen: Screen,
        size: Size | None = None,
        most_bytes: int | None = None,
        frame: int = FRAME,
    ) -> int:
        """Run one program to its end and give its exit code; `most_bytes` is the most that it may print, `frame` the most of
        one message. Raises EOFError when whoever watches goes, UPSTREAM_TIMEOUT after the idle limit, TOO_LARGE, and what
        keeps the program from starting."""
        program = await self._programs.start(order)
        use = _Use(program, screen, self._clock, most_bytes, frame)
        try:
            if size is not None:
                program.resize(*size)
                use.size = size
            return await use.until_over()
        finally:
            await program.kill()


class _Use:
    """One program in use."""

    def __init__(
        self, program: RunningProgram, screen: Screen, clock: Clock, most_bytes: int | None, frame: int
    ) -> None:
        self._program = program
        self._screen = screen
        self._clock = clock
        self._left = most_bytes
        self._frame = frame
        self._last = clock.monotonic()
        self.size: Size | None = None
        self._wanted: Size | None = None
        self._resized = asyncio.Event()

    async def until_over(self) -> int:
        await until_first(self._show(), self._listen(), self._look(), self._fit())
        with suppress(TimeoutError):  # it lives on without its terminal
            async with asyncio.timeout(_END_SECONDS):
                return await self._program.wait()
        await self._program.kill()
        return await self._program.wait()

    async def _show(self) -> None:
        while data := await self._program.read():
            self._last = self._clock.monotonic()
            if self._left is not None:
                self._left -= len(data)
                if self._left < 0:
                    raise GatewayError(ErrorKind.TOO_LARGE, Text("terminals.too_much"), {"code": "too_much_output"})
            for start in range(0, len(data), self._frame):
                await self._screen.send(data[start : start + self._frame])

    async def _listen(self) -> None:
        while True:
            found = understood(await self._screen.receive())
            self._last = self._clock.monotonic()
            if isinstance(found, Size):
                self._wanted = found
                self._resized.set()
            elif len(found) <= MOST_TYPED:
                await self._program.write(found)

    async def _fit(self) -> None:
        """Tell the program how large the screen is: each time it draws all anew, so not more often than it matters."""
        while True:
            await self._resized.wait()
            self._resized.clear()
            if self._wanted is not None and self._wanted != self.size:
                self.size = self._wanted
                self._program.resize(*self.size)
                await self._clock.sleep(_RESIZE_SECONDS)

    async def _look(self) -> None:
        while self._clock.monotonic() - self._last < IDLE_SECONDS:
            await self._clock.sleep(_LOOK_SECONDS)
        raise idle()


def idle() -> GatewayError:
    """Nothing happened for too long."""
    return GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("terminals.idle"), {"code": "idle"})

"""Probes of the process itself: its event loop, what it takes, its clock, its database, and the way in."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from crawdad.core.errors import GatewayError
from crawdad.core.health import Finding
from crawdad.core.machine import ProcessFacts
from crawdad.core.pacing import until_next
from crawdad.core.ports import Clock, Timeouts, Transport, UpstreamCall
from crawdad.core.text import Text
from crawdad.services.health.judging import (
    answer_finding,
    beat_finding,
    disk_finding,
    drift_finding,
    files_finding,
    lag_finding,
    memory_finding,
    slope_finding,
)

FRONT_DOOR = "front_door"
DATABASE = "database"
HEARTBEAT = "heartbeat"
EVENT_LOOP = "event_loop"

_BEAT_SECONDS = 1.0
_CLOCK_SECONDS = 300.0
_POINTS = 90
_TIMEOUTS = Timeouts(connect=2.0, first_byte=5.0, idle=5.0)
_MOST_BYTES = 64 * 1024


class Heart:
    """Beats as long as the event loop turns, and knows by how much it was late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()
        self._late = 0.0
        self.beat_at = clock.now()
        """When it beat last, Unix seconds."""

    async def keep_beating(self) -> None:
        """For ever."""
        while True:
            await self.beat()

    async def beat(self) -> None:
        """One pause, and how much longer than meant it was."""
        began = self._clock.monotonic()
        pause = until_next(began, _BEAT_SECONDS)
        await self._clock.sleep(pause)
        self._last, self.beat_at = self._clock.monotonic(), self._clock.now()
        self._late = max(self._late, self._last - began - pause)

    async def look(self) -> Mapping[str, Finding]:
        """The worst since the last look."""
        late, self._late = self._late, 0.0
        return {HEARTBEAT: beat_finding(self._clock.monotonic() - self._last), EVENT_LOOP: lag_finding(late)}


class ProcessProbe:
    """Memory and where it is going, open files, the disk of the data."""

    def __init__(self, facts: ProcessFacts, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock
        self._points: deque[tuple[float, float]] = deque(maxlen=_POINTS)

    async def look(self) -> Mapping[str, Finding]:
        """As they are now."""
        state = await self._facts.process()
        self._points.append((self._clock.monotonic(), float(state.resident)))
        return {
            "memory": memory_finding(state),
            "memory_slope": slope_finding(list(self._points)),
            "files": files_finding(state),
            "disk": disk_finding(state),
        }


class ClockProbe:
    """Whether somebody has set the clock. It is set in a moment, and one bad look is none: what was found is told for some
    minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = clock.now(), clock.monotonic()
        self._found = drift_finding(0.0)
        self._found_at = float("-inf")

    async def look(self) -> Mapping[str, Finding]:
        """The worst of the last minutes."""
        (wall, steady), self._before = self._before, (self._clock.now(), self._clock.monotonic())
        found, now = drift_finding((self._before[0] - wall) - (self._before[1] - steady)), self._before[1]
        if found.level != "ok" or now - self._found_at >= _CLOCK_SECONDS:
            self._found, self._found_at = found, now
        return {"clock": self._found}


class DatabaseProbe:
    """Whether the database answers. `ask` asks it for something small."""

    def __init__(self, ask: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock

    async def look(self) -> Mapping[str, Finding]:
        """How long it took."""
        began = self._clock.monotonic()
        try:
            await self._ask()
        except GatewayError as error:
            return {DATABASE: Finding("down", None, Text("health.database_down", {"error": error.text}))}
        return {DATABASE: answer_finding(self._clock.monotonic() - began, "health.database_slow")}


class FrontDoorProbe:
    """A request as clients make it, over the network. `url` is where; empty: nobody knows."""

    def __init__(self, transport: Transport, url: str, clock: Clock) -> None:
        self._transport = transport
        self._url = url
        self._clock = clock

    async def look(self) -> Mapping[str, Finding]:
        """How long the answer took."""
        if not self._url:
            return {}
        began = self._clock.monotonic()
        try:
            answer = await self._transport.send(UpstreamCall("GET", self._url, {}, timeouts=_TIMEOUTS, redirects=False))
            try:
                await answer.read(_MOST_BYTES)
            finally:
                await answer.close()
        except GatewayError as error:
            return {FRONT_DOOR: Finding("down", None, Text("health.front_door_down", {"error": error.text}))}
        if answer.status != 200:
            words = Text("health.front_door_down", {"error": f"HTTP {answer.status}"})
            return {FRONT_DOOR: Finding("down", None, words)}
        return {FRONT_DOOR: answer_finding(self._clock.monotonic() - began, "health.front_door_slow")}

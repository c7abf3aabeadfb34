"""What the host gives to a channel, for tests of one channel alone: it keeps what it is told, and can refuse to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Account, Channel, ChannelFiles, ChannelState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness, Transport
from crawdad.core.text import Text
from tests.support.fakes import FakeRandomness
from tests.support.waiting import PATIENCE


class MemoryState:
    """`core.channels.ChannelState` in memory; `values` outlives a channel, as the real one does."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self.values = {} if values is None else values

    async def get(self, name: str) -> Any:
        return self.values.get(name)

    async def put(self, name: str, value: Any) -> None:
        self.values[name] = value

    async def delete(self, name: str) -> None:
        self.values.pop(name, None)


class MemoryFiles:
    """`core.channels.ChannelFiles` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def keep(self, data: bytes) -> str:
        name = f"file{len(self.kept)}"
        self.kept[name] = data
        return name

    async def read(self, name: str) -> bytes:
        if name not in self.kept:
            raise GatewayError(ErrorKind.NOT_FOUND, "gone")
        return self.kept[name]


class EventClock:
    """Time that stands still; sleeps are written down and, by default, end at once after letting others work."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.time = 1_790_000_000.0
        self.slept: list[float] = []
        self._changed = changed

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        self._changed()
        await asyncio.sleep(0)


class MemoryContext:
    """`core.channels.ChannelContext`: `events` is what was admitted, in order, doubles as well (the inbox is what
    knows them)."""

    def __init__(self, settings: ChannelSettings, transport: Transport, channel: str, account: str = "default") -> None:
        self.account = Account(channel, account)
        self.settings = settings
        self.transport = transport
        self.memory = MemoryState()
        self.state: ChannelState = self.memory
        self.files: ChannelFiles = MemoryFiles()
        self.time = EventClock(self._touch)
        self.clock: Clock = self.time
        self.randomness: Randomness = FakeRandomness()
        self.events: list[JsonObject] = []
        self.shown: list[JsonObject] = []
        self.refusals = 0
        """How many of the next `admit` calls fail, as when the disk is full."""
        self.identities: list[str] = []
        self.heard_count = 0
        self.reasons: list[Text | str] = []
        self._changed = asyncio.Event()

    async def admit(self, *events: JsonObject) -> None:
        if self.refusals:
            self.refusals -= 1
            raise GatewayError(ErrorKind.UNAVAILABLE, "cannot be kept now")
        self.events.extend(events)
        self._touch()

    def heard(self, identity: str = "") -> None:
        self.heard_count += 1
        if identity:
            self.identities.append(identity)
        self._touch()

    async def show(self, frame: JsonObject) -> None:
        self.shown.append(frame)

    def lost(self, reason: Text | str) -> None:
        self.reasons.append(reason)
        self._touch()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; it is looked at whenever the channel told something, or slept."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self._changed.wait()

    def _touch(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


@contextlib.asynccontextmanager
async def running(channel: Channel) -> AsyncIterator[asyncio.Task[None]]:
    """`run` goes on inside; it must end within seconds of being cancelled."""
    task = asyncio.get_running_loop().create_task(channel.run())
    try:
        yield task
    finally:
        task.cancel()
        async with asyncio.timeout(10):
            with contextlib.suppress(asyncio.CancelledError):
                await task

"""Whether models are served: one switch for the whole installation, kept in the database."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.ports import Bus
from crawdad.core.text import Text
from crawdad.store.changes import Changes
from crawdad.store.key_values import KeyValues

SWITCHED = "service.switched"
"""The topic of revisions and of events. `data`: `running`, and the `revision` that says so."""

_RUNNING = "service.running"
_AUTO_START = "service.auto_start"


class ServiceSwitch:
    """Off, every model route answers 503 while management goes on; what runs already may finish.

    `running` is this process's picture, read on every request. Other processes follow within a second, by the table of
    revisions, or at once where they share a bus.
    """

    def __init__(self, values: KeyValues, changes: Changes, bus: Bus) -> None:
        self._values = values
        self._changes = changes
        self._bus = bus
        self.running = True
        self.auto_start = True
        """Whether a process that starts serves models."""

    def check(self) -> None:
        """Raise UNAVAILABLE while the service is off."""
        if not self.running:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("http.stopped"), {"code": "service_stopped"})

    async def load(self) -> None:
        """The state a process begins with."""
        self.auto_start = await self._stored(_AUTO_START)
        if await self._stored(_RUNNING) != self.auto_start:
            await self._values.put(_RUNNING, self.auto_start)
        self.running = self.auto_start

    async def turn(self, on: bool) -> None:
        """Switch on or off, now and for processes that start later. Saying it twice changes nothing."""
        await self._values.put(_RUNNING, on)
        await self._values.put(_AUTO_START, on)
        self.running = self.auto_start = on
        await self._tell()

    async def set_auto_start(self, on: bool) -> None:
        """What processes begin with that start later; the running ones go on as they are."""
        await self._values.put(_AUTO_START, on)
        await self._values.put(_RUNNING, self.running)
        self.auto_start = on
        await self._tell()

    async def refresh(self) -> None:
        """Take up what another process switched."""
        self.running = await self._stored(_RUNNING)
        self.auto_start = await self._stored(_AUTO_START)

    async def follow(self) -> None:
        """Take up what others switch as soon as they tell. Runs until cancelled."""
        async for _ in self._bus.subscribe((SWITCHED,)):
            await self.refresh()

    async def _tell(self) -> None:
        revision = await self._changes.bump(SWITCHED)
        await self._bus.publish(Event(SWITCHED, {"running": self.running, "revision": revision}))

    async def _stored(self, key: str) -> bool:
        value = await self._values.get(key)
        return value is not False

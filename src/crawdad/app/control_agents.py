"""The parts of the control channel that belong to the agents."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.happenings import Event
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock
from crawdad.core.sessions import SessionEntry, SessionFilter
from crawdad.services.schedule.heartbeat import HEARTBEAT, Hearts
from crawdad.services.sessions.service import SessionService

_SWITCHED = "heartbeats.switched"


class NewestSessions:
    """`api.control.health.SessionList`."""

    def __init__(self, sessions: SessionService) -> None:
        self._sessions = sessions

    async def newest(self, limit: int, agent_id: str | None = None) -> tuple[int, Sequence[SessionEntry]]:
        """How many there are, of one agent or of all, and those that changed last."""
        wanted = SessionFilter(agent_id=agent_id)
        page = await self._sessions.page(wanted, limit)
        return await self._sessions.search.total(wanted), page.entries


class HeartSwitch:
    """`api.control.context.HeartbeatSwitch`: what one process switches, all do."""

    def __init__(self, hearts: Hearts, bus: Bus, clock: Clock) -> None:
        self._hearts = hearts
        self._bus = bus
        self._clock = clock
        self._last: JsonObject | None = None

    async def last(self) -> JsonObject | None:
        """What the last one came to, in whichever process."""
        return self._last or self._hearts.last

    async def switch(self, enabled: bool) -> None:
        """On or off."""
        self._hearts.beating = enabled
        await self._bus.publish(Event(_SWITCHED, {"enabled": enabled}, self._clock.now()))

    async def follow(self) -> None:
        """Hear what other processes say, for ever."""
        async for event in self._bus.subscribe([_SWITCHED, HEARTBEAT]):
            if event.topic == _SWITCHED:
                self._hearts.beating = bool(event.data.get("enabled"))
            else:
                self._last = dict(event.data)

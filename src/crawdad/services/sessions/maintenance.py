"""Lists of sessions kept short, by `session.maintenance`: looked after once an hour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.session_settings import SessionMaintenanceSettings
from crawdad.services.sessions.policy import seconds_of
from crawdad.services.sessions.service import SessionService
from crawdad.store.session_upkeep import SessionUpkeep

_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """How many sessions the lists can do without: silent for too long, and beyond the number that is kept for an agent."""

    stale: int = 0
    excess: int = 0


class Maintenance:
    """Looks after the lists."""

    def __init__(
        self, sessions: SessionService, upkeep: SessionUpkeep, settings: Callable[[], SessionMaintenanceSettings]
    ) -> None:
        self._sessions = sessions
        self._upkeep = upkeep
        self._settings = settings

    async def look(self) -> Found:
        """What is to go. With `enforce` it is out of the lists when the call returns; its logs stay. Logs that sessions have
        left go for good once they are older than is wanted."""
        settings, now = self._settings(), self._sessions.clock.now()
        since, most = now - seconds_of(settings.prune_after), settings.max_entries
        tallies = await self._upkeep.tallies(since)
        excess = {each.agent_id: each.lively - most for each in tallies if each.lively > most}
        found = Found(sum(each.stale for each in tallies), sum(excess.values()))
        if settings.mode == "enforce":
            if found.stale:
                await self._remove(partial(self._upkeep.stale, since))
            for agent_id in excess:
                await self._remove(partial(self._upkeep.beyond, agent_id, most, since))
        if settings.reset_archive_retention is not False:
            await self._sessions.store.purge_left(now - seconds_of(settings.reset_archive_retention))
        return found

    async def _remove(self, some: Callable[[], Awaitable[Sequence[str]]]) -> None:
        """Until there are no more, or those that there are do not go."""
        seen: set[str] = set()
        while fresh := [key for key in await some() if key not in seen]:
            seen = set(fresh)
            for key in fresh:
                if await self._sessions.get(key) is not None:  # another process may look after them as well
                    await self._sessions.delete(key)

    async def keep_looking(self) -> None:
        """For ever."""
        while True:
            await self._sessions.clock.sleep(_SECONDS)
            try:
                found = await self.look()
            except GatewayError as error:
                _log.warning("session_maintenance_failed", reason=error.message())
                continue
            if found.stale or found.excess:
                mode = self._settings().mode
                _log.info("session_maintenance", mode=mode, stale=found.stale, excess=found.excess)

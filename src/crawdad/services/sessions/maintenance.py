"""Lists of sessions kept short, by `session.maintenance`: looked after once an hour."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.session_settings import SessionMaintenanceSettings
from crawdad.core.sessions import SessionEntry, SessionFilter
from crawdad.services.sessions.policy import Upkeep, seconds_of, upkeep_of
from crawdad.services.sessions.service import SessionService
from crawdad.store.session_search import MOST_ON_A_PAGE

_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


class Maintenance:
    """Looks after the lists."""

    def __init__(self, sessions: SessionService, settings: Callable[[], SessionMaintenanceSettings]) -> None:
        self._sessions = sessions
        self._settings = settings

    async def look(self) -> Upkeep:
        """What is to go. With `enforce` it is out of the lists when the call returns; its logs stay. Logs that sessions have
        left go for good once they are older than is wanted."""
        settings, now = self._settings(), self._sessions.clock.now()
        entries: dict[str, list[SessionEntry]] = {}
        cursor: str | None = None
        while True:
            page = await self._sessions.page(SessionFilter(), MOST_ON_A_PAGE, cursor)
            for entry in page.entries:
                entries.setdefault(entry.agent_id, []).append(entry)
            cursor = page.cursor
            if cursor is None:
                break
        each = [upkeep_of(some, settings, now) for some in entries.values()]
        found = Upkeep(
            tuple(key for one in each for key in one.stale), tuple(key for one in each for key in one.excess)
        )
        if settings.mode == "enforce":
            for key in found.keys:
                if await self._sessions.get(key) is not None:  # another process may look after them as well
                    await self._sessions.delete(key)
        if settings.reset_archive_retention is not False:
            await self._sessions.store.purge_left(now - seconds_of(settings.reset_archive_retention))
        return found

    async def keep_looking(self) -> None:
        """For ever."""
        while True:
            await self._sessions.clock.sleep(_SECONDS)
            try:
                found = await self.look()
            except GatewayError as error:
                _log.warning("session_maintenance_failed", reason=error.message())
                continue
            if found.keys:
                mode = self._settings().mode
                _log.info("session_maintenance", mode=mode, stale=len(found.stale), excess=len(found.excess))

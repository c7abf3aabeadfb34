"""The sessions of an installation, for commands: its database and no running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.launch import Launch
from crawdad.app.logs import log_aside
from crawdad.app.wiring import configuration_source, database_url, usable_settings
from crawdad.core.agent_names import default_agent
from crawdad.core.errors import GatewayError
from crawdad.core.sessions import SessionEntry, session_key
from crawdad.core.settings import Settings
from crawdad.services.sessions.copies import Copies
from crawdad.services.sessions.service import SessionService, no_session
from crawdad.store.cluster import open_cluster
from crawdad.store.database import open_database
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class InstalledSessions:
    """Everybody's sessions: who can read the data directory may see them."""

    service: SessionService
    copies: Copies
    settings: Settings

    def key_of(self, text: str) -> str:
        """The canonical key for what was typed. Raises BAD_REQUEST."""
        return session_key(text, default_agent(self.settings.agents), self.settings.session.scope)

    async def find(self, named: str) -> SessionEntry:
        """A session by its key or by what the REST interface calls it. Raises NOT_FOUND."""
        found = await self.service.store.named(named, None) if named else None
        if found is None:
            try:
                found = await self.service.get(self.key_of(named))
            except GatewayError:
                found = None
        if found is None:
            raise no_session(named)
        return found


@asynccontextmanager
async def open_sessions(launch: Launch) -> AsyncIterator[InstalledSessions]:
    """The sessions of the installation at `launch`."""
    log_aside()
    settings = usable_settings(await (await configuration_source(launch)).load())
    clock = SystemClock()
    async with open_database(database_url(settings, launch)) as database, open_cluster(None, clock) as cluster:
        service = SessionService(
            SessionStore(database),
            SessionSearch(database),
            clock,
            SystemRandomness(),
            cluster.bus,
            lambda: settings,
            "command",
        )
        yield InstalledSessions(service, Copies(service), settings)

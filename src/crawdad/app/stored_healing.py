"""What the gateway did about itself, for the command line, with or without a database that opens."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.app.launch import Launch
from crawdad.app.logs import log_aside
from crawdad.app.operations import open_backups
from crawdad.core.errors import GatewayError
from crawdad.core.healing import HealEvent
from crawdad.store.database import Database
from crawdad.store.healing import HealEventStore


@dataclass(frozen=True, slots=True)
class StoredHealing:
    """The table, and the journal of what has not come into it yet."""

    folder: LocalHealFolder
    database: Database | None
    name: str

    async def newest(self, limit: int) -> list[HealEvent]:
        """Events, the newest first."""
        found = {event.id: event for event in await self.folder.noted()}
        if self.database is not None:
            with suppress(GatewayError):  # the journal is there for this
                found |= {event.id: event for event in await HealEventStore(self.database, self.name).newest(limit)}
        return sorted(found.values(), key=lambda event: event.at, reverse=True)[:limit]


@asynccontextmanager
async def open_healing(launch: Launch) -> AsyncIterator[StoredHealing]:
    """Both."""
    log_aside()
    async with open_backups(launch) as kept:
        folder = LocalHealFolder(launch.home, lambda: kept.backups.ground.settings().healing.reports)
        yield StoredHealing(folder, kept.database, f"{socket.gethostname()}:{launch.home}")

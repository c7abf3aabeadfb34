"""What the short commands do with the database of an installation: keys, the log, a look whether it is whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.commands.backends import NewKey
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source, database_url, usable_settings
from crawdad.app.words import LANGUAGE
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.text import Text
from crawdad.services.identity.keys import KeyOrder
from crawdad.services.identity.keys import Keys as KeyService
from crawdad.store.changes import Changes
from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import ExchangeFilter
from crawdad.store.exchanges import ExchangeLog as StoredExchanges
from crawdad.store.keys import KeyStore, StoredKey

OPERATOR = Principal("operator", "local", "operator", EVERYTHING)
"""Whoever runs commands on the machine itself: who can read the data directory may do everything."""


class InstalledKeys:
    """`commands.backends.Keys`, in the operator's name."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    async def create(self, wanted: NewKey) -> tuple[StoredKey, str]:
        expires = None if wanted.expires_in is None else SystemClock.now() + wanted.expires_in
        return await self._keys.create(KeyOrder(wanted.name, wanted.permissions, wanted.limits, expires), OPERATOR)

    async def list(self, include_revoked: bool = False) -> Sequence[StoredKey]:
        return await self._keys.list(include_revoked)

    async def revoke(self, id_or_name: str) -> StoredKey:
        return await self._keys.revoke(id_or_name, OPERATOR)


class InstalledLog:
    """`commands.backends.ExchangeLog`."""

    def __init__(self, log: StoredExchanges) -> None:
        self._log = log

    async def recent(self, limit: int, *, model: str | None, failed: bool, since: float | None) -> Sequence[Exchange]:
        wanted = ExchangeFilter(model=model, outcome="failed" if failed else None, since=since)
        page = await self._log.page(wanted, limit)
        found = page.exchanges
        while page.cursor is not None and len(found) < limit:
            page = await self._log.page(wanted, limit - len(found), page.cursor)
            found = [*found, *page.exchanges]
        return found[::-1]


@asynccontextmanager
async def _open_database(launch: Launch) -> AsyncIterator[Database]:
    settings = usable_settings(await (await configuration_source(launch)).load())
    async with open_database(database_url(settings, launch)) as database:
        yield database


@asynccontextmanager
async def open_keys(launch: Launch) -> AsyncIterator[InstalledKeys]:
    """The API keys."""
    async with _open_database(launch) as database:
        yield InstalledKeys(KeyService(KeyStore(database), Changes(database), SystemClock(), SystemRandomness()))


@asynccontextmanager
async def open_exchange_log(launch: Launch) -> AsyncIterator[InstalledLog]:
    """The log of exchanges."""
    async with _open_database(launch) as database:
        yield InstalledLog(StoredExchanges(database))


async def check_database(launch: Launch) -> str:
    """Look whether the database opens and is whole: what it is, for people. Raises `GatewayError`."""
    settings = usable_settings(await (await configuration_source(launch)).load())
    url = database_url(settings, launch)
    if url.startswith("sqlite:") and not await asyncio.to_thread(os.path.exists, url.removeprefix("sqlite:///")):
        return Text("app.no_database_yet").render(LANGUAGE)
    async with _open_database(launch) as database:
        await database.check()
    return "SQLite" if database.is_sqlite else "PostgreSQL"

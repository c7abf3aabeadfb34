"""What the short commands do with the database of an installation: keys, the log, a look whether it is whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.commands.backends import Key, KeyChange, NewKey
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source, database_url, usable_settings
from crawdad.app.words import LANGUAGE
from crawdad.core.budgets import Standing
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Principal
from crawdad.core.text import Text
from crawdad.services.budgets.standings import standings
from crawdad.services.identity.keys import KeyOrder
from crawdad.services.identity.keys import Keys as KeyService
from crawdad.store.budgets import BudgetStore
from crawdad.store.changes import Changes
from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import ExchangeFilter
from crawdad.store.exchanges import ExchangeLog as StoredExchanges
from crawdad.store.keys import KeyStore, StoredKey

Value = TypeVar("Value")
OPERATOR = Principal("operator", "local", "operator", EVERYTHING)
"""Whoever runs commands on the machine itself: who can read the data directory may do everything."""


class InstalledKeys:
    """`commands.backends.Keys`, in the operator's name."""

    def __init__(self, keys: KeyService, budgets: BudgetStore) -> None:
        self._keys = keys
        self._budgets = budgets

    async def create(self, wanted: NewKey) -> tuple[StoredKey, str]:
        expires = None if wanted.expires_in is None else SystemClock.now() + wanted.expires_in
        order = KeyOrder(wanted.name, wanted.permissions, wanted.limits, expires, wanted.owner)
        return await self._keys.create(order, OPERATOR)

    async def list(self, include_revoked: bool = False) -> Sequence[StoredKey]:
        return await self._keys.list(include_revoked)

    async def get(self, id_or_name: str) -> StoredKey:
        return await self._keys.get(id_or_name, OPERATOR)

    async def update(self, id_or_name: str, wanted: KeyChange) -> StoredKey:
        return await self._keys.update(id_or_name, lambda order: _changed(order, wanted), OPERATOR)

    async def standing(self, key: Key) -> Sequence[Standing]:
        budgets = await self._keys.budgets_of([await self._keys.get(key.id, OPERATOR)]) if not key.revoked_at else {}
        return await standings(self._budgets, budgets.get(key.id, ()), SystemClock.now())

    async def revoke(self, id_or_name: str) -> StoredKey:
        return await self._keys.revoke(id_or_name, OPERATOR)


def _changed(order: KeyOrder, wanted: KeyChange) -> KeyOrder:
    limits, clear = order.limits, wanted.clear
    kept = () if "budgets" in clear else limits.budgets
    budgets = {(budget.unit, budget.period): budget for budget in (*kept, *wanted.budgets)}
    lists: dict[str, Any] = {name: () for name in ("models", "providers", "protocols", "networks") if name in clear}
    limits = replace(
        limits,
        **{**lists, **wanted.lists},
        budgets=tuple(budgets.values()),
        requests_per_minute=_either(wanted.requests_per_minute, "requests" in clear, limits.requests_per_minute),
        tokens_per_minute=_either(wanted.tokens_per_minute, "tokens" in clear, limits.tokens_per_minute),
    )
    expires = None if wanted.expires_in is None else SystemClock.now() + wanted.expires_in
    return KeyOrder(
        order.name if wanted.name is None else wanted.name,
        wanted.permissions or (KEY_DEFAULT if "permissions" in clear else order.permissions),
        limits,
        _either(expires, "expires" in clear, order.expires_at),
        _either(wanted.owner, "owner" in clear, order.owner) or "",
    )


def _either(wanted: Value | None, clear: bool, present: Value | None) -> Value | None:
    if wanted is not None:
        return wanted
    return None if clear else present


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
        service = KeyService(KeyStore(database), Changes(database), SystemClock(), SystemRandomness())
        yield InstalledKeys(service, BudgetStore(database))


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

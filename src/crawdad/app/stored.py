"""What the short commands do with the database of an installation: keys, the log, a look whether it is whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness, machine_zone
from crawdad.api.opsclaw.log_export import ExportFormat, exported
from crawdad.app.accounts import World
from crawdad.app.accounts import open_accounts as open_services
from crawdad.app.bundled import know_vendors
from crawdad.app.commands.backends import Key, KeyChange, LogOrder, NewKey
from crawdad.app.launch import Launch
from crawdad.app.logs import configure_logs, log_aside
from crawdad.app.wiring import configuration_source, database_url, secret_box, usable_settings
from crawdad.app.words import LANGUAGE
from crawdad.core.budgets import Standing
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.log import Bodies, ExchangeFilter
from crawdad.core.text import Text
from crawdad.services.accounts.services import AccountServices
from crawdad.services.accounts.vendors import VendorBook
from crawdad.services.budgets.standings import standings
from crawdad.services.channels.pairing import Pairing
from crawdad.services.cli_sync.keys import ToolKeys
from crawdad.services.identity.keys import KeyOrder
from crawdad.services.identity.keys import Keys as KeyService
from crawdad.services.panel_values import PanelValues
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.schedule.zones import zones
from crawdad.services.statistics import Statistics
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.approvals import ApprovalStore
from crawdad.store.bodies import BodyStore
from crawdad.store.budgets import BudgetStore
from crawdad.store.changes import Changes
from crawdad.store.channel_people import ChannelPeople
from crawdad.store.cluster import open_cluster
from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import MOST_ON_A_PAGE
from crawdad.store.exchanges import ExchangeLog as StoredExchanges
from crawdad.store.key_values import KeyValues
from crawdad.store.keys import KeyStore, StoredKey
from crawdad.store.rate_windows import RateWindows
from crawdad.store.schedule import ScheduleStore
from crawdad.store.usage_queries import UsageLog

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
        wanted.permissions or (None if "permissions" in clear else order.permissions),
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

    def __init__(self, log: StoredExchanges, bodies: BodyStore) -> None:
        self._log = log
        self._bodies = bodies

    async def recent(self, limit: int, wanted: LogOrder) -> Sequence[Exchange]:
        found: list[Exchange] = []
        async for page in self._pages(_filter(wanted), limit):
            found += page
        return found[:limit][::-1]

    async def newest(self) -> int:
        return await self._log.last_number()

    async def following(self, number: int, wanted: LogOrder) -> Sequence[tuple[int, Exchange]]:
        return await self._log.following(number, _filter(wanted))

    async def bodies(self, exchange_id: str) -> Bodies:
        if await self._log.get(exchange_id) is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("logs.not_found", {"id": exchange_id[:64]}))
        return await self._bodies.get(exchange_id)

    def export(self, wanted: LogOrder, form: ExportFormat) -> AsyncIterator[bytes]:
        return exported(self._pages(_filter(wanted), None), form)

    async def _pages(self, wanted: ExchangeFilter, limit: int | None) -> AsyncIterator[list[Exchange]]:
        cursor, left = None, limit
        while left is None or left > 0:
            page = await self._log.page(wanted, MOST_ON_A_PAGE if left is None else min(left, MOST_ON_A_PAGE), cursor)
            yield page.exchanges
            cursor = page.cursor
            if cursor is None:
                return
            left = None if left is None else left - len(page.exchanges)


def _filter(wanted: LogOrder) -> ExchangeFilter:
    return ExchangeFilter(named=wanted.model, outcome="failed" if wanted.failed else None, errors=wanted.errors)


@asynccontextmanager
async def _open_database(launch: Launch) -> AsyncIterator[Database]:
    log_aside()
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
async def open_tool_keys(launch: Launch) -> AsyncIterator[ToolKeys]:
    """The API keys that command line tools were given."""
    async with _open_database(launch) as database:
        keys = KeyService(KeyStore(database), Changes(database), SystemClock(), SystemRandomness())
        yield ToolKeys(keys, PanelValues(KeyValues(database)))


@asynccontextmanager
async def open_approvals(launch: Launch) -> AsyncIterator[ApprovalService]:
    """What agents ask for. The gateway sees an answer in the database within a second."""
    settings = usable_settings(await (await configuration_source(launch)).load())
    clock = SystemClock()
    async with _open_database(launch) as database, open_cluster(None, clock) as cluster:
        store = ApprovalStore(database)
        yield ApprovalService(store, cluster.bus, clock, SystemRandomness(), lambda: settings.approvals)


@asynccontextmanager
async def open_pairing(launch: Launch) -> AsyncIterator[Pairing]:
    """Who asks to be let in over channels, and who was. The gateway looks into the database for every message."""
    clock = SystemClock()
    async with _open_database(launch) as database, open_cluster(None, clock) as cluster:
        yield Pairing(ChannelPeople(database), cluster.bus, cluster.rates, clock, SystemRandomness())


@asynccontextmanager
async def open_exchange_log(launch: Launch) -> AsyncIterator[InstalledLog]:
    """The log of exchanges."""
    async with _open_database(launch) as database:
        yield InstalledLog(StoredExchanges(database), BodyStore(database))


@asynccontextmanager
async def open_statistics(launch: Launch) -> AsyncIterator[Statistics]:
    """Statistics of usage."""
    settings = usable_settings(await (await configuration_source(launch)).load())

    async def nothing() -> None:
        """The server's own processes write what waits."""

    async with open_database(database_url(settings, launch)) as database:
        yield Statistics(UsageLog(database), SystemClock(), lambda: settings.logging.statistics.timezone, nothing)


@asynccontextmanager
async def open_jobs(launch: Launch) -> AsyncIterator[Jobs]:
    """The jobs. A running server does what is asked for here within a second."""
    settings = usable_settings(await (await configuration_source(launch)).load())
    clock = SystemClock()
    async with open_database(database_url(settings, launch)) as database, open_cluster(None, clock) as cluster:
        zone_of = zones(machine_zone(), lambda: settings.cron.timezone)
        store = ScheduleStore(database)
        yield Jobs(
            store, clock, SystemRandomness(), cluster.bus, RateWindows(database, clock), lambda: settings.cron, zone_of
        )


async def has_database(launch: Launch) -> bool:
    """Whether there is a database already; the first start makes one."""
    settings = usable_settings(await (await configuration_source(launch)).load())
    url = database_url(settings, launch)
    return not url.startswith("sqlite:") or await asyncio.to_thread(os.path.exists, url.removeprefix("sqlite:///"))


@asynccontextmanager
async def open_accounts(launch: Launch) -> AsyncIterator[AccountServices]:
    """The accounts, with a way to ask their vendors. Running servers take up within a second what is changed."""
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    settings = usable_settings(await (await configuration_source(launch)).load())
    # What is changed is told in the log, where it has a file; a terminal need not see it twice.
    quiet = settings.logging.model_copy(update={"level": "error"})
    configure_logs(settings.logging if settings.logging.file else quiet)
    clock, vendors = SystemClock(), VendorBook()
    know_vendors(vendors, settings.plugins)
    async with (
        open_database(database_url(settings, launch)) as database,
        open_cluster(None, clock) as cluster,
        HttpTransport(f"crawdad/{__version__}", lambda: settings.gateway.private_networks) as transport,
        open_services(
            World(
                database,
                cluster,
                secret_box(launch, environment),
                transport,
                clock,
                SystemRandomness(),
                proxy_from_environment(environment),
                lambda: settings,
                f"command/{os.getpid()}",
                str(launch.home),
                vendors,
            )
        ) as services,
    ):
        yield services


async def check_database(launch: Launch) -> str:
    """Look whether the database opens and is whole: what it is, for people. Raises `GatewayError`."""
    if not await has_database(launch):
        return Text("app.no_database_yet").render(LANGUAGE)
    async with _open_database(launch) as database:
        await database.check()
    return "SQLite" if database.is_sqlite else "PostgreSQL"

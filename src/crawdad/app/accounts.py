"""The accounts put together: pool, registry and what keeps them, opened and closed with the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crawdad.core.listing import ListedModel
from crawdad.core.ports import Clock, Randomness, SecretBox, Transport
from crawdad.core.settings import ProviderSettings, Settings
from crawdad.services.accounts.checking import Checking
from crawdad.services.accounts.devices import Devices
from crawdad.services.accounts.keeping import Keeping
from crawdad.services.accounts.pool import Pool, Tokens
from crawdad.services.accounts.refreshing import Refreshing
from crawdad.services.accounts.registry import Registry
from crawdad.services.accounts.snapshot import brought_providers
from crawdad.services.accounts.transfer import Transfer
from crawdad.services.catalogue import Provider
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.tasks import Tasks
from crawdad.services.upstreams import ProxyFor
from crawdad.store.accounts import AccountStore
from crawdad.store.cluster import Cluster
from crawdad.store.database import Database


@dataclass(frozen=True, slots=True)
class World:
    """What the accounts are made of."""

    database: Database
    cluster: Cluster
    box: SecretBox
    transport: Transport
    clock: Clock
    randomness: Randomness
    proxy_for: ProxyFor
    settings: Callable[[], Settings]
    runner: str
    home: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """The services of the accounts."""

    store: AccountStore
    pool: Pool
    keeping: Keeping
    checking: Checking
    devices: Devices
    registry: Registry
    refreshing: Refreshing
    transfer: Transfer
    settings: Callable[[], Settings]

    def use_tokens(self, tokens: Tokens) -> None:
        """Let accounts whose credential is no token get tokens from here."""
        self.pool.tokens = self.checking.tokens = tokens

    async def dressed(self, provider: Provider) -> Provider:
        """A provider as one of its accounts reaches it; as it is where it has none that is of use."""
        for account in self.pool.snapshot.by_provider.get(provider.id, ()):
            if account.usable:
                return await self.checking.ready(account)
        return provider

    def start(self, tasks: Tasks, live: LiveCatalogue, want_lists: Callable[[], None]) -> None:
        """Start what goes on beside the requests, and let the catalogue know what accounts bring."""
        seen: dict[str, str] = {}

        def bring() -> None:
            snapshot, configured = self.pool.snapshot, self.settings().models.providers
            live.bring(brought_providers(snapshot, configured))
            asked = {
                provider_id: next((account.id for account in accounts if account.usable), "")
                for provider_id, accounts in snapshot.by_provider.items()
            }
            if asked != seen:
                seen.clear()
                seen.update(asked)
                want_lists()

        def learned(provider_id: str, models: Sequence[ListedModel]) -> None:
            live.learn(provider_id, models)

        live.dressed = self.dressed
        self.keeping.changed = bring
        self.registry.learned = self.refreshing.learned = learned
        bring()
        tasks.start(self.keeping.keep(), "accounts")
        tasks.start(self.keeping.follow(), "accounts of other processes")
        tasks.start(self.keeping.keep_seeding(), "declared limits")
        tasks.start(
            self.refreshing.keep_refreshing(lambda: self.settings().accounts.refresh_minutes), "refreshing accounts"
        )


@asynccontextmanager
async def open_accounts(world: World) -> AsyncIterator[Accounts]:
    """The accounts of an installation. On leaving, what was learnt last is written down."""

    def configured(provider_id: str) -> ProviderSettings | None:
        return world.settings().models.providers.get(provider_id)

    def settings() -> Settings:
        return world.settings()

    store = AccountStore(world.database, world.box)
    pool = Pool(
        clock=world.clock,
        leases=world.cluster.leases,
        settings=lambda: settings().accounts,
        configured=configured,
        proxy_for=world.proxy_for,
        holder=world.runner,
    )
    keeping = Keeping(
        pool=pool,
        store=store,
        bus=world.cluster.bus,
        clock=world.clock,
        settings=lambda: settings().accounts,
        origin=world.runner,
    )
    checking = Checking(world.transport, configured, world.proxy_for)
    devices = Devices(store, world.clock, world.randomness)
    registry = Registry(
        store=store,
        keeping=keeping,
        checking=checking,
        devices=devices,
        leases=world.cluster.leases,
        clock=world.clock,
        randomness=world.randomness,
    )
    refreshing = Refreshing(checking, keeping, world.clock)
    transfer = Transfer(registry, world.box, world.clock, world.home)
    await keeping.open()
    try:
        yield Accounts(store, pool, keeping, checking, devices, registry, refreshing, transfer, settings)
    finally:
        await keeping.flush()

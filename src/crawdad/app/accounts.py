"""The accounts put together: pool, registry and what keeps them, opened and closed with the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from crawdad.core.errors import GatewayError
from crawdad.core.listing import ListedModel
from crawdad.core.ports import Clock, Randomness, SecretBox, Transport
from crawdad.core.settings import ProviderSettings, Settings
from crawdad.services.accounts.checking import Checking
from crawdad.services.accounts.credentials import AccessTokens
from crawdad.services.accounts.devices import Devices
from crawdad.services.accounts.keeping import Keeping
from crawdad.services.accounts.oauth.completing import Completing
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.pool import Pool
from crawdad.services.accounts.refreshing import Refreshing
from crawdad.services.accounts.registry import Registry
from crawdad.services.accounts.services import AccountServices
from crawdad.services.accounts.snapshot import brought_providers
from crawdad.services.accounts.transfer import Transfer
from crawdad.services.accounts.vendors import VendorBook
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.healing.shedding import Shedding
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
    vendors: VendorBook = field(default_factory=VendorBook)
    shedding: Shedding = field(default_factory=Shedding)


def start_accounts(
    accounts: AccountServices,
    tasks: Tasks,
    live: LiveCatalogue,
    want_lists: Callable[[], None],
    vendors: VendorBook,
) -> None:
    """Start what goes on beside the requests, and let the catalogue know what accounts bring."""
    pool, settings = accounts.pool, accounts.settings
    seen: dict[str, str] = {}
    told: set[str] = set()
    """Providers whose list came with the account that is being added: they are not asked a second time."""

    def added(provider_id: str, models: Sequence[ListedModel]) -> None:
        told.add(provider_id)
        live.learn(provider_id, models)

    def bring() -> None:
        live.bring(brought_providers(pool.snapshot, settings().models.providers, vendors))
        asked = {
            provider_id: next((account.id for account in found if account.usable), "")
            for provider_id, found in pool.snapshot.by_provider.items()
        }
        changed = {
            provider_id for provider_id in asked.keys() | seen.keys() if asked.get(provider_id) != seen.get(provider_id)
        }
        if changed:
            seen.clear()
            seen.update(asked)
        if changed - told:
            want_lists()
        told.clear()

    live.dressed = accounts.dressed
    accounts.keeping.changed = bring

    def vendors_changed() -> None:
        bring()
        want_lists()

    vendors.changed = vendors_changed
    accounts.registry.learned, accounts.refreshing.learned = added, live.learn
    bring()
    tasks.start(accounts.keeping.keep(), "accounts")
    tasks.start(accounts.keeping.follow(), "accounts of other processes")
    tasks.start(accounts.keeping.keep_seeding(), "declared limits")
    tasks.start(accounts.refreshing.keep_refreshing(lambda: settings().accounts.refresh_minutes), "refreshing accounts")


def identity_provider(world: World) -> IdentityProvider:
    """Whoever the settings trust to say who people are."""
    return IdentityProvider(world.transport, lambda: world.settings().oauth.google, world.proxy_for)


@asynccontextmanager
async def open_accounts(world: World) -> AsyncIterator[AccountServices]:
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
    checking = Checking(world.transport, configured, world.proxy_for, vendors=world.vendors)
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
    provider = identity_provider(world)
    pool.tokens = checking.tokens = AccessTokens(provider, world.clock, registry.renewed)
    registry.completed = Completing(provider)
    refreshing = Refreshing(checking, keeping, world.clock)
    transfer = Transfer(registry, world.box, world.clock, world.home)
    await keeping.open()
    try:
        yield AccountServices(pool, keeping, checking, devices, registry, refreshing, transfer, settings)
    finally:
        with suppress(GatewayError):  # what cannot be written now is learnt again
            await keeping.flush()

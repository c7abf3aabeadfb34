"""Keys of a gateway, made and revoked beside it as another process would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.services.identity.keys import KeyOrder, Keys
from crawdad.store.changes import Changes
from crawdad.store.database import open_database
from crawdad.store.keys import KeyStore
from tests.support.server import Gateway

_OPERATOR = Principal("operator", "local", "operator", EVERYTHING)


@asynccontextmanager
async def open_keys(gateway: Gateway) -> AsyncIterator[Keys]:
    """The keys service on the database of `gateway`, which may run or be about to."""
    async with open_database(f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
        yield Keys(KeyStore(database), Changes(database), SystemClock(), SystemRandomness())


async def make_keys(gateway: Gateway, orders: Iterable[KeyOrder]) -> dict[str, str]:
    """Name -> token of new keys."""
    async with open_keys(gateway) as keys:
        return {order.name: (await keys.create(order, _OPERATOR))[1] for order in orders}

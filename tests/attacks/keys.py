"""Keys of a running gateway, made the way the command line makes them: in the database that it watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.core.identity import KEY_DEFAULT, Limits, Permission
from crawdad.services.identity.door import LOCAL
from crawdad.services.identity.keys import KeyOrder, Keys
from crawdad.store.changes import Changes
from crawdad.store.database import open_database
from crawdad.store.keys import KeyStore
from tests.support.server import Gateway
from tests.support.waiting import until


@dataclass(frozen=True)
class Key:
    """A key that the gateway knows."""

    id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request with it needs."""
        return {"authorization": f"Bearer {self.token}"}


async def new_key(
    gateway: Gateway,
    *models: str,
    permissions: frozenset[Permission] = KEY_DEFAULT,
    url: str | None = None,
    expires_at: float | None = None,
    **limits: Any,
) -> Key:
    """A new key; returns when the gateway has heard of it."""
    async with open_database(url or f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
        keys = Keys(KeyStore(database), Changes(database), SystemClock(), SystemRandomness())
        stored, token = await keys.create(
            KeyOrder("of a test", permissions, Limits(tuple(models), **limits), expires_at), LOCAL
        )
    key = Key(stored.id, token)
    await until_known(gateway, key, True)
    return key


async def revoke(gateway: Gateway, key: Key, url: str | None = None) -> None:
    """End a key. The gateway learns of it within about a second."""
    async with open_database(url or f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
        await Keys(KeyStore(database), Changes(database), SystemClock(), SystemRandomness()).revoke(key.id)


async def until_known(gateway: Gateway, key: Key, known: bool) -> None:
    """Wait until the gateway knows the key, or knows it no more."""
    async with aiohttp.ClientSession() as session:

        async def look() -> bool:
            async with session.get(gateway.base_url + "/v1/models", headers=key.headers) as answer:
                return (answer.status != 401) is known

        await until(look, "the gateway to notice a key")

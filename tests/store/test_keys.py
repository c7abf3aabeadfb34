"""API keys: kept by hash, listed until revoked, never forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Limits, Permission
from crawdad.store.database import Database
from crawdad.store.keys import KeyStore, StoredKey
from tests.store.samples import MORNING


def key(number: int = 1, **fields: Any) -> StoredKey:
    values = {
        "id": f"key_{number}",
        "hash": f"hash-{number}",
        "name": f"laptop {number}",
        "created_at": MORNING + number,
    }
    return StoredKey(**{**values, **fields})


async def test_a_key_comes_back_as_it_was_kept(database: Database) -> None:
    store = KeyStore(database)
    kept = key(
        name="手提电脑 'x'; --",
        hint="craw…x9",
        kind="admin",
        permissions=frozenset({Permission.MODELS_USE, Permission.KEYS_MANAGE}),
        limits=Limits(("openai/*", "crawdad/demo"), 60, 100_000),
        expires_at=MORNING + 3600.5,
    )
    await store.create(kept)
    assert await store.get("key_1") == kept
    assert await store.find("hash-1") == kept
    assert await store.list() == [kept]


async def test_an_unknown_key_is_none(database: Database) -> None:
    store = KeyStore(database)
    assert await store.get("key_1") is None
    assert await store.find("' OR '1'='1") is None


@pytest.mark.parametrize("twin", [{"id": "key_1"}, {"hash": "hash-1"}])
async def test_an_id_and_a_hash_belong_to_one_key(database: Database, twin: dict[str, str]) -> None:
    store = KeyStore(database)
    await store.create(key(1))
    with pytest.raises(GatewayError) as caught:
        await store.create(key(2, **twin))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert [found.id for found in await store.list()] == ["key_1"]


async def test_a_revoked_key_is_listed_only_on_request(database: Database) -> None:
    store = KeyStore(database)
    await store.create(key(1))
    await store.create(key(2, expires_at=MORNING))
    assert await store.revoke("key_1", MORNING + 10)
    assert not await store.revoke("key_1", MORNING + 20)
    assert not await store.revoke("key_9", MORNING + 20)
    assert [found.id for found in await store.list()] == ["key_2"], "an expired key is still known"
    assert [found.id for found in await store.list(include_revoked=True)] == ["key_1", "key_2"]
    revoked = await store.find("hash-1")
    assert revoked is not None and revoked.revoked_at == MORNING + 10


async def test_the_last_use_only_moves_forward(database: Database) -> None:
    store = KeyStore(database)
    await store.create(key(1))
    await store.create(key(2))
    await store.touch({"key_1": MORNING + 5, "key_2": MORNING + 6, "key_9": MORNING})
    await store.touch({"key_1": MORNING + 9, "key_2": MORNING + 1})
    await store.touch({})
    assert [found.last_used_at for found in await store.list()] == [MORNING + 9, MORNING + 6]


async def test_a_permission_of_another_version_is_left_out(database: Database) -> None:
    store = KeyStore(database)
    await store.create(key(1))
    async with database.write() as connection:
        await connection.execute(text("""UPDATE api_keys SET permissions = '["models.use", "moon.land"]'"""))
    found = await store.get("key_1")
    assert found is not None and found.permissions == {Permission.MODELS_USE}

"""API keys: known by their hash alone, never deleted, only revoked, so that the log can still name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from sqlalchemy import RowMapping, bindparam, insert, or_, select, text, update

from crawdad.core.budgets import PERIODS, UNITS, Budget
from crawdad.core.identity import KEY_DEFAULT, Limits, Permission
from crawdad.store.database import Database
from crawdad.store.schema import ADVISORY_LOCK
from crawdad.store.tables import api_keys


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A credential as it is kept. `hint` is the part that may be shown; times are Unix seconds."""

    id: str
    hash: str
    name: str
    created_at: float
    hint: str = ""
    kind: Literal["key", "token", "admin"] = "key"
    permissions: frozenset[Permission] = KEY_DEFAULT
    limits: Limits = field(default_factory=Limits)
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None
    owner: str = ""
    parent_id: str | None = None
    """The key that made it."""


class KeyStore:
    """The table of API keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, key: StoredKey) -> None:
        """Keep a new key. CONFLICT when its id or hash is known already."""
        async with self._database.write() as connection:
            await connection.execute(insert(api_keys), _row(key))

    async def create_first(self, key: StoredKey) -> bool:
        """Keep `key` if no key is alive. False when there is one: of processes that start together, one makes the first."""
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            alive = select(api_keys.c.id).where(api_keys.c.revoked_at.is_(None)).limit(1)
            if (await connection.execute(alive)).first() is not None:
                return False
            await connection.execute(insert(api_keys), _row(key))
            return True

    async def get(self, key_id: str) -> StoredKey | None:
        """The key with that id, revoked ones included."""
        return await self._one(api_keys.c.id == key_id)

    async def find(self, key_hash: str) -> StoredKey | None:
        """The key with that hash, revoked ones included."""
        return await self._one(api_keys.c.hash == key_hash)

    async def list(self, include_revoked: bool = False) -> list[StoredKey]:
        """All keys, oldest first; expired ones are among them, for who uses one shall be told so."""
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        if not include_revoked:
            query = query.where(api_keys.c.revoked_at.is_(None))
        async with self._database.read() as connection:
            return [_key(row) for row in (await connection.execute(query)).mappings()]

    async def change(self, key_id: str, edit: Callable[[StoredKey], StoredKey]) -> StoredKey | None:
        """Replace a living key by what `edit` (which may raise) makes of it; None when there is none. Edits take turns."""
        query = select(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                query = query.with_for_update()
            row = (await connection.execute(query)).mappings().one_or_none()
            if row is None:
                return None
            changed = edit(_key(row))
            await connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(_row(changed)))
            return changed

    async def revoke(self, key_id: str, at: float) -> bool:
        """End a key and all that descend from it. False when there is no such key or it was revoked before."""
        alive = api_keys.c.revoked_at.is_(None)
        async with self._database.write() as connection:
            ended = update(api_keys).where(api_keys.c.id == key_id, alive).values(revoked_at=at)
            if (await connection.execute(ended)).rowcount == 0:
                return False
            parents = [key_id]
            while parents:
                query = select(api_keys.c.id).where(api_keys.c.parent_id.in_(parents), alive)
                parents = [row[0] for row in await connection.execute(query)]
                if parents:
                    await connection.execute(update(api_keys).where(api_keys.c.id.in_(parents)).values(revoked_at=at))
            return True

    async def touch(self, used: Mapping[str, float]) -> None:
        """Note when keys were last used: key id → time. A time before the one known changes nothing."""
        if not used:
            return
        known = api_keys.c.last_used_at
        query = update(api_keys).where(
            api_keys.c.id == bindparam("key_id"), or_(known.is_(None), known < bindparam("at"))
        )
        async with self._database.write() as connection:
            await connection.execute(
                query.values(last_used_at=bindparam("at")), [{"key_id": i, "at": at} for i, at in sorted(used.items())]
            )

    async def _one(self, condition: Any) -> StoredKey | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(api_keys).where(condition))).mappings().one_or_none()
        return None if row is None else _key(row)


def _row(key: StoredKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "kind": key.kind,
        "name": key.name,
        "hash": key.hash,
        "hint": key.hint,
        "permissions": orjson.dumps(sorted(key.permissions)).decode(),
        "models": _json(key.limits.models),
        "requests_per_minute": key.limits.requests_per_minute,
        "tokens_per_minute": key.limits.tokens_per_minute,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "owner": key.owner,
        "parent_id": key.parent_id,
        "providers": _json(key.limits.providers),
        "protocols": _json(key.limits.protocols),
        "networks": _json(key.limits.networks),
        "budgets": _json([[budget.unit, budget.period, budget.limit] for budget in key.limits.budgets]),
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _limits(row: RowMapping) -> Limits:
    """A budget's subject is not kept: it is the key that it stands in."""
    lists = {name: tuple(orjson.loads(row[name])) for name in ("models", "providers", "protocols", "networks")}
    budgets = tuple(
        Budget(unit, period, limit)
        for unit, period, limit in orjson.loads(row["budgets"])
        if unit in UNITS and period in PERIODS
    )
    return Limits(
        **lists,
        requests_per_minute=row["requests_per_minute"],
        tokens_per_minute=row["tokens_per_minute"],
        budgets=budgets,
    )


def _key(row: RowMapping) -> StoredKey:
    """The key of a row. Permissions that this version does not know are left out: less is safe."""
    known = {permission.value for permission in Permission}
    return StoredKey(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        hash=row["hash"],
        hint=row["hint"],
        permissions=frozenset(Permission(name) for name in orjson.loads(row["permissions"]) if name in known),
        limits=_limits(row),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
        owner=row["owner"],
        parent_id=row["parent_id"],
    )

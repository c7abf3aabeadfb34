"""Accounts, their locks and device profiles. Secrets are sealed before they reach the database."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import orjson
from sqlalchemy import RowMapping, bindparam, case, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.accounts import Account, ModelQuota, Quota
from crawdad.core.budgets import Budget
from crawdad.core.errors import GatewayError
from crawdad.core.ports import SecretBox
from crawdad.core.secret import Secret
from crawdad.store.changes import Changes
from crawdad.store.database import Database
from crawdad.store.key_values import KeyValues
from crawdad.store.schema import ADVISORY_LOCK
from crawdad.store.tables import account_locks, accounts, device_profiles, usage_buckets
from crawdad.store.upsert import insert_or_set
from crawdad.store.usage import DAY

UNREADABLE = "secret_unreadable"
"""Why an account is disabled whose secret cannot be decrypted with the key of this process."""


@dataclass(frozen=True, slots=True)
class StoredLock:
    """An account that has to rest, for one model or (the empty name) for all. Times are Unix seconds."""

    account_id: str
    model: str
    until: float
    reason: str
    failures: int
    failed_at: float


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """One version of an account's device identity."""

    id: str
    account_id: str
    label: str
    profile: Mapping[str, str]
    is_current: bool
    created_at: float


@dataclass(frozen=True, slots=True)
class Used:
    """What an account used in some span of time."""

    requests: int = 0
    tokens: int = 0
    usd: float = 0.0


class AccountStore:
    """The tables of accounts, and the small facts about them by name."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self.values = KeyValues(database)
        self.changes = Changes(database)
        self._database = database
        self._box = box

    async def all(self) -> list[Account]:
        """All accounts in the operator's order. One whose secret cannot be read comes without it, disabled."""
        query = select(accounts).order_by(accounts.c.position, accounts.c.created_at, accounts.c.id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        if not any(row["secret"] for row in rows):
            return [_account(row, None) for row in rows]
        return await asyncio.to_thread(lambda: [self._opened(row) for row in rows])

    async def get(self, account_id: str) -> Account | None:
        """One account."""
        query = select(accounts).where(accounts.c.id == account_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else await asyncio.to_thread(self._opened, row)

    async def add(self, account: Account, *, last: bool = True) -> Account:
        """Keep a new account, behind all others unless `last` is false. CONFLICT when id or label are known already."""
        row = await asyncio.to_thread(self._row, account)
        async with self._database.write() as connection:
            if last:
                await self._exclusive(connection)
                highest = (await connection.execute(select(func.max(accounts.c.position)))).scalar_one()
                row["position"] = 0 if highest is None else highest + 1
            await connection.execute(insert(accounts), row)
        return replace(account, position=row["position"])

    async def put(self, account: Account, only: Collection[str] | None = None) -> bool:
        """Write the fields `only` of a known account; all but its place in the order where none are named. False when it is
        gone. CONFLICT: the label."""
        row = await asyncio.to_thread(self._row, account)
        kept: tuple[str, ...] = ("id", "position", "created_at")
        if account.disabled_reason == UNREADABLE:  # what could not be read is not overwritten with nothing
            kept += ("secret", "disabled_reason", "disabled_at")
        for name in kept:
            del row[name]
        if only is not None:
            row = {name: value for name, value in row.items() if name in only}
        query = update(accounts).where(accounts.c.id == account.id).values(row)
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount > 0

    async def pause(self, account_id: str, reason: str | None, at: float | None) -> bool:
        """Switch an account off (`at`) or on (None). False when it is gone."""
        return await self._set(account_id, paused_reason=reason, paused_at=at)

    async def disable(self, account_id: str, reason: str | None, at: float | None) -> bool:
        """Note that the vendor no longer takes the credential (`at`), or does again (None). False when it is gone."""
        return await self._set(account_id, disabled_reason=reason, disabled_at=at)

    async def place(self, account_id: str, position: int) -> bool:
        """Put an account at a place of its own choice, which it may share. False when it is gone."""
        return await self._set(account_id, position=position)

    async def remove(self, ids: Iterable[str]) -> int:
        """Forget accounts with all that belongs to them: how many there were."""
        query = delete(accounts).where(accounts.c.id.in_(list(ids)))
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount

    async def reorder(self, ids: Sequence[str]) -> list[str]:
        """Put these accounts first, in this order, then all others as they were. Unknown ids are ignored. The new order."""
        async with self._database.write() as connection:
            await self._exclusive(connection)
            query = select(accounts.c.id).order_by(accounts.c.position, accounts.c.created_at, accounts.c.id)
            known = list((await connection.execute(query)).scalars())
            order = [found for found in dict.fromkeys(ids) if found in set(known)]
            mentioned = set(order)
            order += [other for other in known if other not in mentioned]
            if order:
                statement = update(accounts).where(accounts.c.id == bindparam("account_id"))
                places = [{"account_id": found, "place": place} for place, found in enumerate(order)]
                await connection.execute(statement.values(position=bindparam("place")), places)
        return order

    async def note(
        self,
        quotas: Mapping[str, Quota],
        protected: Mapping[str, Sequence[str]],
        used: Mapping[str, float],
    ) -> None:
        """Keep what was learnt in passing: quotas, protected models and last uses, by account."""
        async with self._database.write() as connection:
            for account_id, quota in quotas.items():
                statement = update(accounts).where(accounts.c.id == account_id)
                await connection.execute(statement.values(quota=_quota_text(quota), plan=_plan(quota)))
            for account_id, names in protected.items():
                statement = update(accounts).where(accounts.c.id == account_id)
                await connection.execute(statement.values(protected_models=orjson.dumps(list(names)).decode()))
            known = accounts.c.last_used_at
            for account_id, at in used.items():
                statement = update(accounts).where(accounts.c.id == account_id, or_(known.is_(None), known < at))
                await connection.execute(statement.values(last_used_at=at))

    async def locks(self) -> list[StoredLock]:
        """All locks."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(account_locks))).mappings()
            return [StoredLock(**row) for row in rows]

    async def put_locks(self, put: Sequence[StoredLock], cleared: Iterable[tuple[str, str]]) -> None:
        """Keep locks, and forget those of these accounts and models. Locks of accounts that are gone are left out."""
        async with self._database.write() as connection:
            for account_id, model in cleared:
                condition = (account_locks.c.account_id == account_id, account_locks.c.model == model)
                await connection.execute(delete(account_locks).where(*condition))
            if not put:
                return
            wanted = {lock.account_id for lock in put}
            alive = set((await connection.execute(select(accounts.c.id).where(accounts.c.id.in_(wanted)))).scalars())
            for lock in put:
                if lock.account_id in alive:
                    values = asdict(lock)
                    changes = {name: values[name] for name in ("until", "reason", "failures", "failed_at")}
                    await connection.execute(insert_or_set(self._database.dialect, account_locks, values, changes))

    async def clear_locks(self, account_id: str | None = None) -> int:
        """Forget the locks of one account, or all: how many there were."""
        statement = delete(account_locks)
        if account_id is not None:
            statement = statement.where(account_locks.c.account_id == account_id)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def profiles(self, account_id: str | None = None) -> list[StoredProfile]:
        """The device identities of one account, or of all, oldest first."""
        query = select(device_profiles).order_by(device_profiles.c.created_at, device_profiles.c.id)
        if account_id is not None:
            query = query.where(device_profiles.c.account_id == account_id)
        async with self._database.read() as connection:
            return [
                StoredProfile(**{**row, "profile": orjson.loads(row["profile"])})
                for row in (await connection.execute(query)).mappings()
            ]

    async def bind_profile(self, profile: StoredProfile) -> None:
        """Keep a device identity; it becomes the current one of its account. CONFLICT when the account is gone."""
        row = {**asdict(profile), "profile": orjson.dumps(dict(profile.profile)).decode(), "is_current": True}
        async with self._database.write() as connection:
            await connection.execute(_all_old(profile.account_id))
            await connection.execute(insert(device_profiles), row)

    async def choose_profile(self, account_id: str, profile_id: str) -> bool:
        """Make a kept identity the current one. False when there is no such one."""
        condition = (device_profiles.c.account_id == account_id, device_profiles.c.id == profile_id)
        async with self._database.write() as connection:
            found = (await connection.execute(select(device_profiles.c.id).where(*condition))).first()
            if found is None:
                return False
            chosen = case((device_profiles.c.id == profile_id, True), else_=False)
            query = update(device_profiles).where(device_profiles.c.account_id == account_id)
            await connection.execute(query.values(is_current=chosen))
            return True

    async def remove_profile(self, account_id: str, profile_id: str) -> bool:
        """Forget an identity that is not the current one. False when there is no such one."""
        query = delete(device_profiles).where(
            device_profiles.c.account_id == account_id,
            device_profiles.c.id == profile_id,
            device_profiles.c.is_current.is_(False),
        )
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount > 0

    async def used_since(self, since: float) -> dict[str, Used]:
        """What each account used since that time, in whole days of UTC."""
        tokens = usage_buckets.c.input_tokens + usage_buckets.c.output_tokens
        query = (
            select(
                usage_buckets.c.account,
                func.coalesce(func.sum(usage_buckets.c.requests), 0),
                func.coalesce(func.sum(tokens), 0),
                func.coalesce(func.sum(usage_buckets.c.cost), 0.0),
            )
            .where(usage_buckets.c.span == DAY, usage_buckets.c.account != "", usage_buckets.c.bucket >= int(since))
            .group_by(usage_buckets.c.account)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return {row[0]: Used(int(row[1]), int(row[2]), float(row[3])) for row in rows}

    async def _set(self, account_id: str, **values: Any) -> bool:
        query = update(accounts).where(accounts.c.id == account_id).values(**values)
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount > 0

    async def _exclusive(self, connection: AsyncConnection) -> None:
        """Places are given out one after the other; SQLite has one writer anyway."""
        if not self._database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK + 1})

    def _opened(self, row: RowMapping) -> Account:
        if not row["secret"]:
            return _account(row, None)
        try:
            return _account(row, Secret(self._box.decrypt(row["secret"])))
        except GatewayError:
            found = _account(row, None)
            return replace(found, disabled_reason=UNREADABLE, disabled_at=found.disabled_at or found.created_at)

    def _row(self, account: Account) -> dict[str, Any]:
        row = {field.name: getattr(account, field.name) for field in fields(account)}
        row["secret"] = self._box.encrypt(account.secret.reveal()) if account.secret is not None else None
        row["models"] = orjson.dumps(account.models).decode()
        row["limits"] = orjson.dumps([asdict(limit) for limit in account.limits]).decode()
        row["protected_models"] = orjson.dumps(account.protected_models).decode()
        row["extra"] = orjson.dumps(account.extra).decode()
        row["quota"] = None if account.quota is None else _quota_text(account.quota)
        return row


def _all_old(account_id: str) -> Any:
    return update(device_profiles).where(device_profiles.c.account_id == account_id).values(is_current=False)


def _account(row: RowMapping, secret: Secret | None) -> Account:
    values = dict(row)
    quota = row["quota"]
    values |= {
        "secret": secret,
        "models": tuple(orjson.loads(row["models"])),
        "limits": tuple(Budget(**limit) for limit in orjson.loads(row["limits"])),
        "protected_models": tuple(orjson.loads(row["protected_models"])),
        "extra": orjson.loads(row["extra"]),
        "quota": None if quota is None else _quota(orjson.loads(quota)),
    }
    return Account(**values)


def _quota_text(quota: Quota) -> str:
    return orjson.dumps(asdict(quota)).decode()


def _plan(quota: Quota) -> Any:
    """A plan that a vendor told stands; one that nobody told changes nothing."""
    return accounts.c.plan if quota.plan is None else quota.plan


def _quota(document: dict[str, Any]) -> Quota:
    models = tuple(ModelQuota(**model) for model in document.pop("models", ()))
    return Quota(models=models, **document)

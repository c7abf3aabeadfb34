"""What operators are told of, as it is kept until they were told and for a while after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import orjson
from sqlalchemy import delete, func, or_, select, text, update

from crawdad.core.notifications import NotificationState, StoredNotification, spoken_in, spoken_out
from crawdad.store.database import Database
from crawdad.store.notification_tables import notifications
from crawdad.store.question import AnyRow, Question, parameter
from crawdad.store.upsert import insert_or_keep

_columns = notifications.c
_MOST_READY = 1000
_CLOCKS_DIFFER = 60.0
"""By so many seconds at most: one that is further ahead is of a clock that has been set back since."""
_OPEN = ("waiting", "sending")
_READY = Question(
    select(notifications)
    .where(
        _columns.state == "waiting", or_(_columns.ready_at <= parameter("now"), _columns.updated_at > parameter("now"))
    )
    .order_by(_columns.created_at, _columns.id)
    .limit(_MOST_READY)
)
_RUNNERS = Question(select(_columns.runner).where(_columns.state == "sending").distinct())


class _Taken(Exception):
    """Another process has some of it: the transaction is undone."""


class NotificationStore:
    """The table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, draft: StoredNotification, since: float) -> bool:
        """Keep one, unless its happening is there already, or the newest about its subject is of its kind and no older than
        `since` (that one then counts the repeat). A new one takes over how often its kind was not told."""
        same = (_columns.target == draft.target, _columns.mark == draft.mark)
        about = select(notifications).where(
            _columns.target == draft.target,
            _columns.subject == draft.subject,
            _columns.created_at <= draft.created_at + _CLOCKS_DIFFER,
        )
        newest = about.order_by(_columns.created_at.desc(), _columns.id.desc()).limit(1)
        row = _row(draft)
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                lock = {"key": f"notifications {draft.target}"}
                await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), lock)
            if (await connection.execute(select(_columns.id).where(*same).limit(1))).first() is not None:
                return False
            before = (await connection.execute(newest)).mappings().first()
            if before is not None and before["kind"] == draft.kind:
                if before["created_at"] >= since:
                    counted = update(notifications).where(_columns.id == before["id"])
                    await connection.execute(counted.values(repeats=_columns.repeats + 1))
                    return False
                row["repeats"] = before["repeats"]
            keep = insert_or_keep(self._database.dialect, notifications, [_columns.target, _columns.mark])
            return (await connection.execute(keep, row)).rowcount == 1

    async def ready(self, now: float) -> list[StoredNotification]:
        """What may go out, the oldest first. What was written down later than now may, too: the clock has been set back."""
        return [_stored(row) for row in await self._database.ask(_READY, now=now)]

    async def claim(self, ids: Sequence[str], batch: str, runner: str, now: float) -> bool:
        """Take them, all or none. False: another process was quicker."""
        taken = (
            update(notifications)
            .where(_columns.id.in_(ids), _columns.state == "waiting")
            .values(state="sending", batch=batch, runner=runner, attempts=_columns.attempts + 1, updated_at=now)
        )
        try:
            async with self._database.write() as connection:
                if (await connection.execute(taken)).rowcount != len(ids):
                    raise _Taken
        except _Taken:
            return False
        return True

    async def settle(
        self,
        batch: str,
        now: float,
        state: NotificationState,
        *,
        ready_at: float = 0.0,
        receipt: str = "",
        error: str = "",
    ) -> None:
        """Write down what became of those that went out together."""
        values = {"state": state, "ready_at": ready_at, "receipt": receipt, "error": error, "updated_at": now}
        here = (_columns.batch == batch, _columns.state == "sending")
        async with self._database.write() as connection:
            await connection.execute(update(notifications).where(*here).values(**values))

    async def runners(self) -> list[str]:
        """The processes that have something under way."""
        return [row["runner"] for row in await self._database.ask_again(_RUNNERS)]

    async def release(self, runner: str, now: float) -> int:
        """What a process had under way waits again. Returns how much there was."""
        here = (_columns.state == "sending", _columns.runner == runner)
        values = {"state": "waiting", "ready_at": now, "updated_at": now}
        async with self._database.write() as connection:
            return (await connection.execute(update(notifications).where(*here).values(**values))).rowcount

    async def get(self, notification_id: str) -> StoredNotification | None:
        """One of them."""
        async with self._database.read() as connection:
            query = select(notifications).where(_columns.id == notification_id)
            row = (await connection.execute(query)).mappings().first()
        return _stored(row) if row is not None else None

    async def page(self, limit: int, cursor: str = "", target: str = "") -> list[StoredNotification]:
        """The newest first, those before `cursor` (an id; ids sort by time)."""
        query = select(notifications).order_by(_columns.id.desc()).limit(limit)
        if cursor:
            query = query.where(_columns.id < cursor)
        if target:
            query = query.where(_columns.target == target)
        async with self._database.read() as connection:
            return [_stored(row) for row in (await connection.execute(query)).mappings()]

    async def open_by_target(self) -> Mapping[str, int]:
        """How many are not settled, by target."""
        query = select(_columns.target, func.count()).where(_columns.state.in_(_OPEN)).group_by(_columns.target)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def give_up_beyond(self, target: str, most: int, now: float, error: str) -> int:
        """Give up the oldest of those that wait for a target, where more than `most` do. Returns how many."""
        of_it = (_columns.target == target, _columns.state == "waiting")
        newest = select(_columns.id).where(*of_it).order_by(_columns.created_at.desc(), _columns.id.desc()).limit(most)
        values = {"state": "failed", "error": error, "updated_at": now}
        async with self._database.write() as connection:
            given_up = update(notifications).where(*of_it, _columns.id.not_in(newest)).values(**values)
            return (await connection.execute(given_up)).rowcount

    async def prune(self, before: float, most: int) -> int:
        """Forget those that were settled before then, and the oldest settled ones beyond `most`."""
        settled = _columns.state.not_in(_OPEN)
        kept = select(_columns.id).where(settled).order_by(_columns.id.desc()).limit(most)
        old = or_(_columns.updated_at < before, _columns.id.not_in(kept))
        async with self._database.write() as connection:
            return (await connection.execute(delete(notifications).where(settled, old))).rowcount


def _row(one: StoredNotification) -> dict[str, Any]:
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    return values | {"text": orjson.dumps(spoken_out(one.text), default=str).decode()}


def _stored(row: AnyRow) -> StoredNotification:
    return StoredNotification(**{**row, "text": spoken_in(orjson.loads(row["text"]))})

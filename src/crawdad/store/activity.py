"""The activity log in the database: appended in batches, read from its newest end, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.activity import Activity, ActivityPage
from crawdad.store.activity_tables import activity
from crawdad.store.database import Database
from crawdad.store.upsert import insert_or_keep

_columns = activity.c
_BETWEEN = "\x1f"
_AT_ONCE = 1000


class ActivityStore:
    """The table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entries: Sequence[Activity], now: float) -> list[Activity]:
        """Keep entries, in this order, all or none, but for those whose mark stands already. Returns those that are new."""
        fresh: dict[str, Activity] = {}
        for entry in entries:
            fresh.setdefault(entry.mark if entry.mark is not None else f"id:{entry.id}", entry)
        marked = [entry for entry in fresh.values() if entry.mark is not None]
        statement = insert_or_keep(self._database.dialect, activity, [_columns.mark])
        async with self._database.write() as connection:
            known = await _standing(connection, _columns.mark, [entry.mark for entry in marked])
            new = [entry for entry in fresh.values() if entry.mark is None or entry.mark not in known]
            if new:
                await connection.execute(statement, [_row(entry, now) for entry in new])
                # Another process may have written the same mark since: then its entry is the one that stands.
                stands = await _standing(connection, _columns.id, [entry.id for entry in new if entry.mark is not None])
                new = [entry for entry in new if entry.mark is None or entry.id in stands]
        return new

    async def page(self, limit: int, offset: int, source: str = "", search: str = "") -> ActivityPage:
        """Entries from the newest on. `search`: what summary or detail must hold, in capitals or not."""
        wanted: list[ColumnElement[bool]] = []
        if source:
            wanted.append(_columns.source == source)
        if search:
            wanted.append(_columns.searched.contains(search.lower(), autoescape=True))
        query = select(activity).where(*wanted).order_by(_columns.number.desc()).limit(limit).offset(offset)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            total = (await connection.execute(select(func.count()).select_from(activity).where(*wanted))).scalar_one()
        return ActivityPage([_read(row) for row in rows], int(total))

    async def clear(self) -> int:
        """Forget everything. Returns how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(activity))).rowcount

    async def trim(self, most: int) -> int:
        """Forget the oldest beyond so many. Returns how many those were."""
        last = select(_columns.number).order_by(_columns.number.desc()).limit(1).offset(most)
        return await self._delete(_columns.number <= last.scalar_subquery())

    async def delete_before(self, at: float) -> int:
        """Forget what was written before `at` (Unix seconds). Returns how many those were."""
        return await self._delete(_columns.kept_at < at)

    async def _delete(self, condition: ColumnElement[bool]) -> int:
        gone = 0
        while True:
            some = select(_columns.number).where(condition).order_by(_columns.number).limit(_AT_ONCE).scalar_subquery()
            async with self._database.write() as connection:
                count = (await connection.execute(delete(activity).where(_columns.number.in_(some)))).rowcount
            gone += count
            if count < _AT_ONCE:
                return gone


async def _standing(connection: AsyncConnection, column: ColumnElement[Any], wanted: Sequence[Any]) -> set[str]:
    """Which of these values stand in the table."""
    if not wanted:
        return set()
    return {str(one) for (one,) in await connection.execute(select(column).where(column.in_(wanted)))}


def _row(entry: Activity, now: float) -> dict[str, Any]:
    return {
        "id": entry.id,
        "mark": entry.mark,
        "at": entry.at,
        "kept_at": now,
        "source": entry.source,
        "type": entry.type,
        "summary": entry.summary,
        "detail": entry.detail,
        "searched": _BETWEEN.join((entry.summary, entry.detail or "")).lower(),
    }


def _read(row: Row[Any]) -> Activity:
    return Activity(row.id, row.at, row.source, row.type, row.summary, row.detail, row.mark)

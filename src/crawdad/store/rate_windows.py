"""Counts within a window of time that outlast a process and are one for all that share the database.

For what happens a few times in an hour: each count is a transaction. What counts by the second is `core.ports.RateCounter`'s.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update

from crawdad.core.ports import Clock
from crawdad.store.database import Database
from crawdad.store.tables import rate_windows
from crawdad.store.upsert import insert_or_keep

_columns = rate_windows.c


class RateWindows:
    """The table of windows. A key's window begins with the first count in it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, key: str, amount: int, limit: int, window: int) -> tuple[bool, float]:
        """Add `amount` to the present window unless that exceeds `limit`: `(added, seconds until the window ends)`."""
        now = self._clock.now()
        fresh = {"key": key, "count": 0, "ends_at": now + window}
        mine = _columns.key == key
        async with self._database.write() as connection:
            await connection.execute(delete(rate_windows).where(_columns.ends_at <= now))
            await connection.execute(insert_or_keep(self._database.dialect, rate_windows), fresh)
            query = select(_columns["count"], _columns.ends_at).where(mine).with_for_update()
            count, ends = (await connection.execute(query)).one()
            added = count + amount <= limit
            ends = min(ends, now + window)  # the clock may have been set back
            values = {"count": count + amount if added else count, "ends_at": ends}
            await connection.execute(update(rate_windows).where(mine).values(values))
            return added, ends - now

"""Words that wait for an agent, by session. A run takes them once, and gets the same ones again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, update

from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.schedule_tables import system_events
from crawdad.store.upsert import insert_or_keep

_columns = system_events.c
_WAITS = ""
_SOME = Question(
    select(_columns.key)
    .where(
        _columns.session_key == parameter("session"),
        (_columns.run_id == _WAITS) | (_columns.run_id == parameter("run")),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """Words for the session `session_key`. `key` names them within it; `id` sorts by time of making."""

    session_key: str
    key: str
    id: str
    at: float
    text: str
    untrusted: bool


class SystemEventStore:
    """The table of words that wait."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, event: StoredEvent, most: int) -> bool:
        """Keep words; of those that wait the oldest go when there are more than `most`. False: the key was known, or the
        same text is the newest that waits."""
        mine = (_columns.session_key == event.session_key, _columns.run_id == _WAITS)
        newest = select(_columns.text).where(*mine).order_by(_columns.id.desc()).limit(1)
        old = select(_columns.key).where(*mine).order_by(_columns.id.desc()).offset(most)
        values = {
            "session_key": event.session_key,
            "key": event.key,
            "id": event.id,
            "at": event.at,
            "text": event.text,
            "untrusted": event.untrusted,
            "run_id": _WAITS,
        }
        async with self._database.write() as connection:
            if (await connection.execute(newest)).scalar_one_or_none() == event.text:
                return False
            made = await connection.execute(insert_or_keep(self._database.dialect, system_events), values)
            if made.rowcount != 1:
                return False
            keys = list((await connection.execute(old)).scalars())
            if keys:
                here = _columns.session_key == event.session_key
                await connection.execute(delete(system_events).where(here, _columns.key.in_(keys)))
            return True

    async def take(self, session_key: str, run_id: str) -> list[StoredEvent]:
        """What waits now belongs to that run; all that belongs to it, in order."""
        if not await self._database.ask(_SOME, session=session_key, run=run_id):
            return []  # as nearly always: a look costs less than a transaction
        mine = update(system_events).where(_columns.session_key == session_key, _columns.run_id == _WAITS)
        query = select(system_events).where(_columns.session_key == session_key, _columns.run_id == run_id)
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                lock = {"key": f"system events {session_key}"}
                await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), lock)
            await connection.execute(mine.values(run_id=run_id))
            rows = (await connection.execute(query.order_by(_columns.id))).mappings()
            return [StoredEvent(**{name: value for name, value in row.items() if name != "run_id"}) for row in rows]

    async def waiting(self, session_key: str) -> tuple[int, int]:
        """How many wait, and how many of them come from outside."""
        query = select(_columns.untrusted, func.count()).where(
            _columns.session_key == session_key, _columns.run_id == _WAITS
        )
        async with self._database.read() as connection:
            found = {row[0]: row[1] for row in await connection.execute(query.group_by(_columns.untrusted))}
        return sum(found.values()), found.get(True, 0)

    async def prune(self, taken_before: float, waiting_before: float) -> int:
        """Forget what was taken, or has waited, for long."""
        old = ((_columns.run_id != _WAITS) & (_columns.at < taken_before)) | (_columns.at < waiting_before)
        async with self._database.write() as connection:
            return (await connection.execute(delete(system_events).where(old))).rowcount

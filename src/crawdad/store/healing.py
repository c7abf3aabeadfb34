"""What the gateway did about itself, as it is kept."""

from __future__ import annotations

import orjson
from sqlalchemy import delete, select

from crawdad.core.healing import HealEvent, event_of, plain_event
from crawdad.store.database import Database
from crawdad.store.healing_tables import heal_events
from crawdad.store.upsert import insert_or_set

_columns = heal_events.c


class HealEventStore:
    """The table of heal events. Installations that share a database share it; `runner` names this one."""

    def __init__(self, database: Database, runner: str) -> None:
        self._database = database
        self._runner = runner

    async def put(self, event: HealEvent) -> None:
        """Keep an event as it stands now."""
        text = orjson.dumps(plain_event(event)).decode()
        values = {"id": event.id, "at": event.at, "runner": self._runner, "status": event.status, "event": text}
        changes = {"status": event.status, "event": text}
        async with self._database.write() as connection:
            await connection.execute(insert_or_set(self._database.dialect, heal_events, values, changes))

    async def newest(self, limit: int) -> list[HealEvent]:
        """Events, the newest first."""
        query = select(_columns.event).order_by(_columns.at.desc(), _columns.id.desc()).limit(limit)
        async with self._database.read() as connection:
            return [event_of(orjson.loads(text)) for text in (await connection.execute(query)).scalars()]

    async def since(self, at: float) -> list[HealEvent]:
        """Those of this installation from `at` on, the oldest first."""
        mine = (_columns.runner == self._runner, _columns.at >= at)
        query = select(_columns.event).where(*mine).order_by(_columns.at, _columns.id)
        async with self._database.read() as connection:
            return [event_of(orjson.loads(text)) for text in (await connection.execute(query)).scalars()]

    async def running(self) -> list[HealEvent]:
        """Those of this installation of which it is not known whether they helped."""
        mine = (_columns.runner == self._runner, _columns.status == "running")
        async with self._database.read() as connection:
            found = await connection.execute(select(_columns.event).where(*mine).order_by(_columns.at))
            return [event_of(orjson.loads(text)) for text in found.scalars()]

    async def delete_before(self, at: float) -> int:
        """Forget older ones. Returns how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(heal_events).where(_columns.at < at))).rowcount

"""What came in from channels: kept before it is acknowledged, each event once, until it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from crawdad.core.channels import Account
from crawdad.store.channel_rows import Arrival, EventState, StoredEvent, dump, event_of
from crawdad.store.channel_tables import channel_events
from crawdad.store.database import Database
from crawdad.store.upsert import insert_or_keep

_columns = channel_events.c
_OPEN: tuple[EventState, ...] = ("waiting", "ordered")


class ChannelInbox:
    """The table. An account's events are worked on by one process, the one that holds the account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, account: Account, arrivals: Sequence[Arrival], now: float) -> list[str]:
        """Keep events, all or none, behind those that are there; what is known is left as it is. The ids of the new ones."""
        statement = insert_or_keep(self._database.dialect, channel_events)
        made: list[str] = []
        async with self._database.write() as connection:
            query = select(func.coalesce(func.max(_columns.position), 0))
            position = int((await connection.execute(query)).scalar_one())
            for arrival in arrivals:
                values = _row(account, arrival, position + 1, now)
                if (await connection.execute(statement, values)).rowcount > 0:
                    position += 1
                    made.append(arrival.id)
        return made

    async def lanes(self, account: Account) -> list[str]:
        """The chats in which something waits."""
        query = select(_columns.lane).where(_of(account), _columns.state == "waiting").distinct()
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def next(self, account: Account, lane: str) -> StoredEvent | None:
        """What waits longest in a chat."""
        query = (
            select(channel_events)
            .where(_of(account), _columns.state == "waiting", _columns.lane == lane)
            .order_by(_columns.position)
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else event_of(row)

    async def count_start(self, account: Account, lane: str) -> None:
        """A process begins with a chat: what waits first in it has had one more attempt."""
        first = (
            select(_columns.id)
            .where(_of(account), _columns.state == "waiting", _columns.lane == lane)
            .order_by(_columns.position)
            .limit(1)
            .scalar_subquery()
        )
        statement = update(channel_events).where(_columns.id == first).values(attempts=_columns.attempts + 1)
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def ordered(self, account: Account) -> list[StoredEvent]:
        """What an answer is on its way to, in order."""
        query = select(channel_events).where(_of(account), _columns.state == "ordered").order_by(_columns.position)
        return await self._read(query)

    async def get(self, event_row: str) -> StoredEvent | None:
        """An event by its row's id."""
        found = await self._read(select(channel_events).where(_columns.id == event_row))
        return found[0] if found else None

    async def change(self, event_row: str, now: float, **values: Any) -> None:
        """Write down how far an event has come (`state`, `reason`, `attempts`, `ready_at`, `run_id`, `session_key`). One that
        is done keeps only its name."""
        if values.get("state") == "done":
            values = {"message": "", "raw": "", **values}
        async with self._database.write() as connection:
            statement = update(channel_events).where(_columns.id == event_row).values(**values, updated_at=now)
            await connection.execute(statement)

    async def counts(self, account: Account) -> dict[EventState, int]:
        """How many events are in each state, but for those that are done."""
        query = (
            select(_columns.state, func.count())
            .where(_of(account), _columns.state.in_((*_OPEN, "dead")))
            .group_by(_columns.state)
        )
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def dead(self, channel: str = "", account: str = "", limit: int = 200) -> list[StoredEvent]:
        """Events that nobody could make anything of, the newest first."""
        query = select(channel_events).where(_columns.state == "dead")
        if channel:
            query = query.where(_columns.channel == channel)
        if account:
            query = query.where(_columns.account == account)
        return await self._read(query.order_by(_columns.position.desc()).limit(limit))

    async def revive(self, event_row: str, now: float, lane: str = "", message: object = None) -> bool:
        """Have a dead event worked on again, with what it was read as by now. False: it is not dead."""
        values: dict[str, Any] = {"state": "waiting", "attempts": 0, "ready_at": now, "reason": "", "updated_at": now}
        if message is not None:
            values |= {"message": dump(message), "lane": lane}
        statement = update(channel_events).where(_columns.id == event_row, _columns.state == "dead").values(**values)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def delete_done(self, before: float) -> int:
        """Forget events that were done before then: known no more, should they come again. Returns how many there were."""
        statement = delete(channel_events).where(_columns.state == "done", _columns.updated_at < before)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def _read(self, query: Any) -> list[StoredEvent]:
        async with self._database.read() as connection:
            return [event_of(row) for row in (await connection.execute(query)).mappings()]


def _of(account: Account) -> ColumnElement[bool]:
    return (_columns.channel == account.channel) & (_columns.account == account.name)


def _row(account: Account, arrival: Arrival, position: int, now: float) -> dict[str, Any]:
    return {
        "channel": account.channel,
        "account": account.name,
        "event_id": arrival.event_id,
        "id": arrival.id,
        "position": position,
        "lane": arrival.lane,
        "state": "waiting" if arrival.message is not None else "dead",
        "attempts": 0,
        "ready_at": now,
        "message": dump(arrival.message) if arrival.message is not None else "",
        "raw": dump(arrival.raw) if arrival.raw is not None else "",
        "reason": arrival.reason,
        "run_id": "",
        "session_key": "",
        "received_at": now,
        "updated_at": now,
    }

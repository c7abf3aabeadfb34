"""What came in from channels: kept before it is acknowledged, each event once, until it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from crawdad.core.channels import Account
from crawdad.store.channel_chats import SaidMessage, said_row
from crawdad.store.channel_rows import Arrival, EventState, StoredEvent, dump, event_of
from crawdad.store.channel_tables import channel_events, channel_messages
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.upsert import insert_or_keep

_columns = channel_events.c
_OPEN: tuple[EventState, ...] = ("waiting", "ordered")
_IN_ACCOUNT = (_columns.channel == parameter("in_channel")) & (_columns.account == parameter("in_account"))
_LANES = Question(select(_columns.lane).where(_IN_ACCOUNT, _columns.state == "waiting").distinct())
_NEXT = Question(
    select(channel_events)
    .where(_IN_ACCOUNT, _columns.state == "waiting", _columns.lane == parameter("in_lane"))
    .order_by(_columns.position)
    .limit(2)
)


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
        rows = await self._database.ask(_LANES, in_channel=account.channel, in_account=account.name)
        return [row["lane"] for row in rows]

    async def next(self, account: Account, lane: str) -> tuple[StoredEvent | None, bool]:
        """What waits longest in a chat, and whether there is more."""
        rows = await self._database.ask(_NEXT, in_channel=account.channel, in_account=account.name, in_lane=lane)
        return (event_of(rows[0]) if rows else None), len(rows) > 1

    async def waiting(self, account: Account, lane: str, limit: int) -> list[StoredEvent]:
        """What waits in a chat, in order."""
        query = select(channel_events).where(_of(account), _columns.state == "waiting", _columns.lane == lane)
        return await self._read(query.order_by(_columns.position).limit(limit))

    async def merge(self, event_row: str, message: object, others: Sequence[str], now: float) -> None:
        """Have an event stand for others too: it holds `message` now, and they are done, all or none."""
        keep = update(channel_events).where(_columns.id == event_row).values(message=dump(message), updated_at=now)
        done = {"state": "done", "reason": "gathered", "message": "", "raw": "", "updated_at": now}
        async with self._database.write() as connection:
            await connection.execute(keep)
            await connection.execute(update(channel_events).where(_columns.id.in_(others)).values(**done))

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

    async def order(
        self, event: StoredEvent, run_id: str, session_key: str, said: SaidMessage | None, now: float
    ) -> StoredEvent:
        """An answer to an event is on its way. `said`: the message, to be remembered with it for quotations."""
        values = {"state": "ordered", "run_id": run_id, "session_key": session_key}
        async with self._database.write() as connection:
            statement = update(channel_events).where(_columns.id == event.id).values(**values, updated_at=now)
            await connection.execute(statement)
            if said is not None and event.message is not None:
                row = said_row(event.account, event.message.chat, said, pending=False)
                await connection.execute(insert_or_keep(self._database.dialect, channel_messages), row)
        return replace(event, state="ordered", run_id=run_id, session_key=session_key, updated_at=now)

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

    async def drop(self, event_row: str, reason: str, now: float) -> bool:
        """Be done with a dead event; only its name is kept, so that it stays known. False: it is not dead."""
        values = {"state": "done", "reason": reason, "message": "", "raw": "", "updated_at": now}
        statement = update(channel_events).where(_columns.id == event_row, _columns.state == "dead").values(**values)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def delete_done(self, before: float) -> int:
        """Forget events that were done, or given up, before then: known no more, should they come again. Returns how many there
        were."""
        over = _columns.state.in_(("done", "dead"))
        statement = delete(channel_events).where(over, _columns.updated_at < before)
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

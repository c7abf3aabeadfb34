"""Runs of agents and their events, as the tables keep them.

That a session has one turn at a time is a rule of the table itself: of two processes that claim, one gets it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import orjson
from sqlalchemy import delete, func, insert, literal, or_, select, update

from crawdad.core.agents import ENDED, EventKind, RunEvent, RunStatus
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.run_rows import RunEnd, Signals, StoredRun, ended, event_row, run_of, run_row, written
from crawdad.store.run_tables import agent_run_events, agent_runs
from crawdad.store.runs_sqlite import add_at_once, begin_at_once, keep_at_once
from crawdad.store.upsert import insert_or_keep

__all__ = ["RunEnd", "RunStore", "Signals", "StoredRun", "ended"]

_DELETED_AT_ONCE = 200
_READY_AT_ONCE = 200
_UNANNOUNCED_AT_ONCE = 50
_columns = agent_runs.c
_events = agent_run_events.c
_IN_SESSION = _columns.session_key == parameter("session")
_ONE = Question(select(agent_runs).where(_columns.id == parameter("wanted")))
_WAITING = Question(
    select(agent_runs)
    .where(_IN_SESSION, _columns.status == "queued", _columns.absorbed_by == "")
    .order_by(_columns.created_at, _columns.id)
)
_ACTIVE = Question(
    select(agent_runs)
    .where(_IN_SESSION, _columns.status.in_(("running", "queued")))
    .order_by(_columns.status.desc(), _columns.created_at, _columns.id)
)
_COUNT_WAITING = Question(select(func.count().label("count")).where(_columns.status == "queued"))
_others = agent_runs.alias()
_MAY_BEGIN = (
    _columns.status == "queued",
    _columns.absorbed_by == "",
    _columns.session_key.not_in(select(_others.c.session_key).where(_others.c.status == "running")),
)
_NEXT_READY = Question(
    select(func.min(_columns.ready_at).label("next"), func.max(_columns.created_at).label("newest")).where(*_MAY_BEGIN)
)
_READY = Question(
    select(_columns.session_key)
    .where(*_MAY_BEGIN, or_(_columns.ready_at <= parameter("now"), _columns.created_at > parameter("now")))
    .distinct()
    .limit(_READY_AT_ONCE)
)
_SIGNALS = Question(
    select(agent_runs)
    .where(
        (_columns.id == parameter("wanted"))
        | (_IN_SESSION & (_columns.status == "queued") & (_columns.absorbed_by == ""))
    )
    .order_by(_columns.created_at, _columns.id)
)
_ABSORBED = Question(
    select(agent_runs)
    .where(_columns.absorbed_by == parameter("by"), _columns.status == "queued")
    .order_by(_columns.created_at, _columns.id)
)
_STRANDED = Question(
    select(_columns.absorbed_by)
    .where(_columns.status == "queued", _columns.absorbed_by != "")
    .where(_columns.absorbed_by.in_(select(_others.c.id).where(_others.c.status.in_(sorted(ENDED)))))
    .distinct()
)
_LAST_NUMBER = Question(select(func.max(_events.number).label("last")).where(_events.run_id == parameter("wanted")))
_RUNNERS = Question(select(_columns.runner).where(_columns.status == "running").distinct())
_OF_RUNNER = Question(select(_columns.id).where(_columns.status == "running", _columns.runner == parameter("runner")))
_UNANNOUNCED = Question(
    select(agent_runs)
    .where(_columns.unannounced.is_(True), _columns.absorbed_by == "", _columns.status.in_(sorted(ENDED)))
    .order_by(_columns.ended_at)
    .limit(_UNANNOUNCED_AT_ONCE)
)


class RunStore:
    """The tables of runs and of their events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: StoredRun) -> None:
        """Keep a new run. CONFLICT when its principal has used the idempotency key already."""
        row = run_row(run)
        if self._database.is_sqlite:
            await self._database.write_at_once(lambda connection: add_at_once(connection, row))
            return
        async with self._database.write() as connection:
            await connection.execute(insert(agent_runs), row)

    async def begin(self, run: StoredRun) -> bool:
        """Keep a new run that is at work already. False: its session has one that runs or waits, or its principal has used the
        idempotency key."""
        row = run_row(run)
        try:
            if self._database.is_sqlite:
                return await self._database.write_at_once(lambda connection: begin_at_once(connection, row))
            busy = select(_columns.id).where(
                _columns.session_key == run.session_key, _columns.status.in_(("running", "queued"))
            )
            async with self._database.write() as connection:
                if (await connection.execute(busy.limit(1))).first() is not None:
                    return False
                await connection.execute(insert(agent_runs), row)
        except GatewayError as error:
            if error.kind is ErrorKind.CONFLICT:
                return False
            raise
        return True

    async def known(self, principal_id: str, key: str) -> str | None:
        """The run that a principal ordered with that idempotency key."""
        query = select(_columns.id).where(_columns.principal_id == principal_id, _columns.idempotency_key == key)
        async with self._database.read() as connection:
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def get(self, run_id: str) -> StoredRun | None:
        """One run."""
        found = await self._database.ask(_ONE, wanted=run_id)
        return run_of(found[0]) if found else None

    async def claim(self, run_id: str, runner: str, now: float) -> StoredRun | None:
        """Begin a waiting run, unless its session has one at work or it waits no more."""
        query = (
            update(agent_runs)
            .where(_columns.id == run_id, _columns.status == "queued", _columns.absorbed_by == "")
            .values(
                status="running",
                runner=runner,
                starts=_columns.starts + 1,
                started_at=func.coalesce(_columns.started_at, now),
            )
            .returning(*_columns)
        )
        try:
            async with self._database.write() as connection:
                row = (await connection.execute(query)).mappings().one_or_none()
        except GatewayError as error:
            if error.kind is ErrorKind.CONFLICT:
                return None
            raise
        return None if row is None else run_of(row)

    async def adopt(self, run_id: str, dead: str, runner: str) -> StoredRun | None:
        """Take over a run of a dead process, unless another did."""
        query = (
            update(agent_runs)
            .where(_columns.id == run_id, _columns.status == "running", _columns.runner == dead)
            .values(runner=runner, starts=_columns.starts + 1)
            .returning(*_columns)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else run_of(row)

    async def waiting(self, session_key: str) -> list[StoredRun]:
        """What waits in a session, in order."""
        return [run_of(row) for row in await self._database.ask(_WAITING, session=session_key)]

    async def active(self, session_key: str) -> list[StoredRun]:
        """What runs and waits in a session, the running one first."""
        return [run_of(row) for row in await self._database.ask(_ACTIVE, session=session_key)]

    async def count_waiting(self) -> int:
        """How many wait, in all sessions."""
        return int((await self._database.ask(_COUNT_WAITING))[0]["count"])

    async def ready(self, now: float) -> list[str]:
        """Sessions in which something waits that may begin, and nothing runs. What was made later than now may, too: the clock
        has been set back."""
        found = (await self._database.ask_again(_NEXT_READY))[0]
        if found["next"] is None or found["newest"] <= now < found["next"]:
            return []
        return [row["session_key"] for row in await self._database.ask(_READY, now=now)]

    async def signals(self, run_id: str, session_key: str, modes: Collection[str]) -> Signals:
        """Whether a running turn is still wanted, and which messages that wait in one of `modes` it may take along."""
        rows = await self._database.ask(_SIGNALS, wanted=run_id, session=session_key)
        cancel = any(row["cancel_wanted"] for row in rows if row["id"] == run_id)
        return Signals(cancel, [run_of(row) for row in rows if row["id"] != run_id and row["mode"] in modes])

    async def absorb(self, run_ids: Collection[str], by: str) -> list[str]:
        """Let a turn take waiting messages along: those that it got."""
        query = (
            update(agent_runs)
            .where(_columns.id.in_(run_ids), _columns.status == "queued", _columns.absorbed_by == "")
            .values(absorbed_by=by)
            .returning(_columns.id)
        )
        async with self._database.write() as connection:
            return list((await connection.execute(query)).scalars())

    async def absorbed(self, by: str) -> list[StoredRun]:
        """The runs whose messages a turn took along, in order."""
        return [run_of(row) for row in await self._database.ask(_ABSORBED, by=by)]

    async def stranded(self) -> list[str]:
        """Turns that have ended, and others whose messages they took along have not."""
        return [row["absorbed_by"] for row in await self._database.ask_again(_STRANDED)]

    async def change(self, run_id: str, values: JsonObject, only_from: RunStatus) -> bool:
        """Change fields of a run that is in the state `only_from`. False: it is not."""
        query = update(agent_runs).where(_columns.id == run_id, _columns.status == only_from)
        async with self._database.write() as connection:
            return (await connection.execute(query.values(written(values)))).rowcount > 0

    async def keep(self, events: Sequence[RunEvent], ends: Sequence[RunEnd] = ()) -> None:
        """Keep events, and then the ends that they tell; numbers that are there already stay as they are."""
        rows = [event_row(event) for event in events]
        changes = [(end.run_id, written({"status": end.status, **end.values})) for end in ends]
        if self._database.is_sqlite:
            await self._database.write_at_once(lambda connection: keep_at_once(connection, rows, changes))
            return
        async with self._database.write() as connection:
            if rows:
                await connection.execute(insert_or_keep(self._database.dialect, agent_run_events), rows)
            for run_id, values in changes:
                query = update(agent_runs).where(_columns.id == run_id, _columns.status.not_in(ENDED))
                await connection.execute(query.values(values))

    async def events(self, run_id: str, after: int = 0, limit: int = 500) -> list[RunEvent]:
        """The events numbered above `after`, in order."""
        query = (
            select(agent_run_events)
            .where(_events.run_id == run_id, _events.number > after)
            .order_by(_events.number)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [
                RunEvent(row.run_id, row.number, row.at, cast(EventKind, row.kind), orjson.loads(row.data))
                for row in await connection.execute(query)
            ]

    async def rewrite(self, run_id: str, events: Sequence[tuple[int, JsonObject]]) -> None:
        """Give events, by their numbers, other data."""
        async with self._database.write() as connection:
            for number, data in events:
                query = update(agent_run_events).where(_events.run_id == run_id, _events.number == number)
                await connection.execute(query.values(data=orjson.dumps(data).decode()))

    async def last_number(self, run_id: str) -> int:
        """The number of a run's newest event; 0: it has none."""
        return int((await self._database.ask(_LAST_NUMBER, wanted=run_id))[0]["last"] or 0)

    async def runners(self) -> set[str]:
        """Which processes have runs at work, dead or alive."""
        return {row["runner"] for row in await self._database.ask_again(_RUNNERS)}

    async def of_runner(self, runner: str) -> list[str]:
        """The runs that a process has at work."""
        return [row["id"] for row in await self._database.ask(_OF_RUNNER, runner=runner)]

    async def children(self, parent_run_id: str) -> list[str]:
        """The runs that a run began and that have not ended."""
        query = select(_columns.id).where(
            _columns.parent_run_id == parent_run_id, _columns.status.in_(("running", "queued"))
        )
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def at_work_below(self, session_key: str) -> list[str]:
        """The runs that have not ended of all that a session has had begun, and that was begun by those in turn."""
        below = select(literal(session_key).label("key")).cte("below", recursive=True)
        below = below.union(select(_columns.session_key).where(_columns.spawned_by == below.c.key))
        query = (
            select(_columns.id)
            .where(_columns.spawned_by.in_(select(below.c.key)), _columns.status.in_(("running", "queued")))
            .order_by(_columns.created_at, _columns.id)
        )
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def spawned(self, session_key: str, since: float) -> list[StoredRun]:
        """What a session has had done: what is at work, and what ended after `since`; the newest first."""
        query = (
            select(agent_runs)
            .where(_columns.spawned_by == session_key)
            .where(_columns.status.in_(("running", "queued")) | (_columns.ended_at >= since))
            .order_by(_columns.created_at.desc(), _columns.id.desc())
            .limit(100)
        )
        async with self._database.read() as connection:
            return [run_of(row) for row in (await connection.execute(query)).mappings()]

    async def unannounced(self) -> list[StoredRun]:
        """Some runs that have ended without the session that wanted them having heard of it."""
        return [run_of(row) for row in await self._database.ask(_UNANNOUNCED)]

    async def delete_before(self, ended_at: float) -> int:
        """Remove runs that ended before, with their events, in small transactions. Returns how many."""
        query = select(_columns.id).where(_columns.ended_at < ended_at, _columns.status.in_(ENDED))
        removed = 0
        while True:
            async with self._database.write() as connection:
                ids = list((await connection.execute(query.limit(_DELETED_AT_ONCE))).scalars())
                await connection.execute(delete(agent_run_events).where(_events.run_id.in_(ids)))
                await connection.execute(delete(agent_runs).where(_columns.id.in_(ids)))
            removed += len(ids)
            if len(ids) < _DELETED_AT_ONCE:
                return removed

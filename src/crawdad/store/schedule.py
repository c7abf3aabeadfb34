"""Cron jobs and their runs. A run's row is made in the transaction that claims its time: it is the claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.cron import CronRun, Job, JobFilter, RunFilter
from crawdad.store.database import Database
from crawdad.store.key_values import Mark
from crawdad.store.question import Question
from crawdad.store.schedule_rows import job_of, job_row, run_of, run_row
from crawdad.store.schedule_tables import cron_jobs, cron_runs
from crawdad.store.upsert import insert_or_keep

Claim = Literal["claimed", "taken", "gone", "busy", "full"]
"""`taken`: another has the slot; `gone`: the job has changed or is no more; `busy`: it still runs; `full`: too many run."""
Edit = Callable[[Job], Job]
_CRON_LOCK = 0x637264_637231
_UNFINISHED = ("requested", "running")
_jobs, _runs = cron_jobs.c, cron_runs.c
_MOST_REQUESTED = 100
_OUTLOOK = Question(
    select(
        select(func.min(_jobs.next_run_at)).scalar_subquery().label("next"),
        select(_runs.job_id).where(_runs.status == "requested").exists().label("requested"),
    )
)
_NEXT_TIME = Question(select(func.min(_jobs.next_run_at).label("next")))
_REQUESTED = Question(
    select(cron_runs).where(_runs.status == "requested").order_by(_runs.requested_at, _runs.slot).limit(_MOST_REQUESTED)
)
_RUNNING = Question(select(cron_runs).where(_runs.status == "running").order_by(_runs.started_at))


class ScheduleStore:
    """The tables of jobs and runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, job: Job, most: int, wanted: JobFilter) -> bool:
        """Keep a new job. False when `most` jobs of the filter are there already. CONFLICT when its id is known."""
        async with self._database.write() as connection:
            await self._take_turns(connection)
            count = select(func.count()).select_from(cron_jobs).where(*_job_conditions(wanted))
            if (await connection.execute(count)).scalar_one() >= most:
                return False
            await connection.execute(insert(cron_jobs), job_row(job))
            return True

    async def get(self, job_id: str) -> Job | None:
        """One job."""
        async with self._database.read() as connection:
            return await _job(connection, job_id, lock=False)

    async def page(
        self, wanted: JobFilter, limit: int, offset: int, by: str = "next_run_at", down: bool = False
    ) -> list[Job]:
        """Jobs, by what runs next (those that never do at the end), by name or by when they were changed."""
        column = {"name": _jobs.name, "updated_at": _jobs.updated_at}.get(by, _jobs.next_run_at)
        order = column.desc() if down else column.asc()
        query = select(cron_jobs).where(*_job_conditions(wanted)).order_by(order.nulls_last(), _jobs.id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.limit(limit).offset(offset))).mappings()
            return [job_of(row) for row in rows]

    async def count(self, wanted: JobFilter) -> int:
        """How many jobs there are."""
        query = select(func.count()).select_from(cron_jobs).where(*_job_conditions(wanted))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def replace(self, wanted: JobFilter, edit: Callable[[list[Job]], list[Job]], most: int) -> list[Job] | None:
        """Put what `edit` (which may raise) makes of the jobs of the filter in their place, all in one step: those that it
        leaves out are removed. None, and nothing is done, when they would be more than `most`. CONFLICT when the id of a new
        one is known. Returns the jobs as they were."""
        query = select(cron_jobs).where(*_job_conditions(wanted)).order_by(_jobs.id)
        async with self._database.write() as connection:
            await self._take_turns(connection)
            locked = query if self._database.is_sqlite else query.with_for_update()
            before = {job.id: job for job in map(job_of, (await connection.execute(locked)).mappings())}
            after = edit(list(before.values()))
            if len(after) > max(most, len(before)):
                return None
            gone = [job_id for job_id in before if job_id not in {job.id for job in after}]
            if gone:
                await connection.execute(delete(cron_jobs).where(_jobs.id.in_(gone)))
            for job in after:
                if job.id not in before:
                    await connection.execute(insert(cron_jobs), job_row(job))
                elif job != before[job.id]:
                    await connection.execute(update(cron_jobs).where(_jobs.id == job.id).values(job_row(job)))
            return list(before.values())

    async def change(self, job_id: str, edit: Edit) -> Job | None:
        """Replace a job by what `edit` (which may raise) makes of it; None when there is none. Edits take turns."""
        async with self._database.write() as connection:
            return await self._change(connection, job_id, edit)

    async def delete(self, job_id: str) -> bool:
        """Remove a job; what is known of its runs stays for a while."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(cron_jobs).where(_jobs.id == job_id))).rowcount > 0

    async def replace_all(self, jobs: Sequence[Job], mark: Mark | None = None) -> None:
        """Have these jobs and no others, with what `mark` writes in the same transaction; what is known of runs stays."""
        async with self._database.write() as connection:
            await self._take_turns(connection)
            await connection.execute(delete(cron_jobs))
            for job in jobs:
                await connection.execute(insert(cron_jobs), job_row(job))
            if mark is not None:
                await mark(connection)

    async def due(self, now: int, limit: int = 100) -> list[Job]:
        """Enabled jobs whose time has come, the longest due first."""
        query = select(cron_jobs).where(_jobs.next_run_at <= now).order_by(_jobs.next_run_at, _jobs.id).limit(limit)
        async with self._database.read() as connection:
            return [job_of(row) for row in (await connection.execute(query)).mappings()]

    async def next_time(self) -> int | None:
        """When the next job is due."""
        found: int | None = (await self._database.ask(_NEXT_TIME))[0]["next"]
        return found

    async def outlook(self) -> tuple[int | None, bool]:
        """When the next job is due, and whether a run was asked for by hand: what the scheduler asks every second."""
        found = (await self._database.ask_again(_OUTLOOK))[0]
        return found["next"], bool(found["requested"])

    async def claim(self, run: CronRun, most: int, edit: Callable[[Job, bool], Job]) -> Claim:
        """Begin a run: its row and what `edit` (told whether it was claimed) makes of the job are kept in one step. Of all
        processes one gets it."""
        async with self._database.write() as connection:
            await self._take_turns(connection)
            job = await _job(connection, run.job_id, lock=True)
            if job is None:
                return "gone"
            if run.trigger != "manual" and (not job.enabled or str(job.state.next_run_at) != run.slot):
                return "gone"
            running = select(_runs.job_id).where(_runs.status == "running")
            busy = [row[0] for row in await connection.execute(running)]
            if run.job_id in busy:
                return "busy"
            if len(busy) >= most:
                return "full"
            if run.trigger == "manual":
                values = {"status": "running", "runner": run.runner, "started_at": run.started_at, "phase": run.phase}
                asked = update(cron_runs).where(_this(run), _runs.status == "requested").values(values)
                if (await connection.execute(asked)).rowcount != 1:
                    return "taken"
                claimed = True
            else:
                made = await connection.execute(insert_or_keep(self._database.dialect, cron_runs), run_row(run))
                claimed = made.rowcount == 1
            changed = edit(job, claimed)
            await connection.execute(update(cron_jobs).where(_jobs.id == job.id).values(job_row(changed)))
            return "claimed" if claimed else "taken"

    async def skip(self, run: CronRun, edit: Edit) -> bool:
        """Note that a time was left out. False when somebody else has dealt with it."""
        async with self._database.write() as connection:
            await self._take_turns(connection)
            job = await _job(connection, run.job_id, lock=True)
            if job is None or not job.enabled or str(job.state.next_run_at) != run.slot:
                return False
            made = await connection.execute(insert_or_keep(self._database.dialect, cron_runs), run_row(run))
            await connection.execute(update(cron_jobs).where(_jobs.id == job.id).values(job_row(edit(job))))
            return made.rowcount == 1

    async def request(self, run: CronRun) -> bool:
        """Ask for a run by hand: the next scheduler that looks begins it. False: it runs, or was asked for already."""
        unfinished = select(_runs.slot).where(_runs.job_id == run.job_id, _runs.status.in_(_UNFINISHED))
        async with self._database.write() as connection:
            await self._take_turns(connection)
            if (await connection.execute(unfinished.limit(1))).first() is not None:
                return False
            await connection.execute(insert(cron_runs), run_row(run))
            return True

    async def requested(self) -> list[CronRun]:
        """Runs asked for by hand that have not begun, in order."""
        return [run_of(row) for row in await self._database.ask(_REQUESTED)]

    async def drop_request(self, run: CronRun) -> None:
        """End a run that was asked for and never begun."""
        async with self._database.write() as connection:
            ended = update(cron_runs).where(_this(run), _runs.status == "requested")
            await connection.execute(ended.values(run_row(run)))

    async def note(self, run: CronRun) -> bool:
        """Keep how far a run came; it goes on until `finish`. False when it is no longer this process's."""
        async with self._database.write() as connection:
            changed = update(cron_runs).where(_this(run), _runs.status.in_(_UNFINISHED), _runs.runner == run.runner)
            return (await connection.execute(changed.values({**run_row(run), "status": "running"}))).rowcount == 1

    async def adopt(self, run: CronRun, runner: str) -> bool:
        """Take over a run from a process that is no more. False when another did."""
        async with self._database.write() as connection:
            mine = update(cron_runs).where(_this(run), _runs.status == "running", _runs.runner == run.runner)
            return (await connection.execute(mine.values(runner=runner))).rowcount == 1

    async def finish(self, run: CronRun, edit: Callable[[Job], Job | None]) -> bool:
        """End a run, and change its job (None from `edit`: remove it). False when it had ended already."""
        async with self._database.write() as connection:
            await self._take_turns(connection)
            ended = update(cron_runs).where(_this(run), _runs.status.in_(_UNFINISHED), _runs.runner == run.runner)
            if (await connection.execute(ended.values(run_row(run)))).rowcount != 1:
                return False
            job = await _job(connection, run.job_id, lock=True)
            if job is not None:
                changed = edit(job)
                if changed is None:
                    await connection.execute(delete(cron_jobs).where(_jobs.id == job.id))
                else:
                    await connection.execute(update(cron_jobs).where(_jobs.id == job.id).values(job_row(changed)))
            return True

    async def running(self) -> list[CronRun]:
        """What runs now, in whichever process."""
        return [run_of(row) for row in await self._database.ask_again(_RUNNING)]

    async def run(self, job_id: str, slot: str) -> CronRun | None:
        """One run."""
        found = await self._read_runs(select(cron_runs).where(_runs.job_id == job_id, _runs.slot == slot))
        return found[0] if found else None

    async def runs(self, wanted: RunFilter, limit: int, offset: int) -> list[CronRun]:
        """What was run, the newest first."""
        order = _runs.requested_at.asc() if wanted.ascending else _runs.requested_at.desc()
        query = select(cron_runs).where(*_run_conditions(wanted)).order_by(order, _runs.slot)
        return await self._read_runs(query.limit(limit).offset(offset))

    async def count_runs(self, wanted: RunFilter) -> int:
        """How many runs there are."""
        query = select(func.count()).select_from(cron_runs).where(*_run_conditions(wanted))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def prune(self, keep: int, before: int) -> int:
        """Forget what is more than `keep` runs of one job, and the runs from `before` of jobs that are no more."""
        place = func.row_number().over(partition_by=_runs.job_id, order_by=(_runs.requested_at.desc(), _runs.slot))
        ranked = select(_runs.job_id, _runs.slot, place.label("place")).subquery()
        excess = select(ranked.c.job_id, ranked.c.slot).where(ranked.c.place > keep).limit(1000)
        removed = 0
        async with self._database.write() as connection:
            for job_id, slot in (await connection.execute(excess)).all():
                old = delete(cron_runs).where(
                    _runs.job_id == job_id, _runs.slot == slot, _runs.status.not_in(_UNFINISHED)
                )
                removed += (await connection.execute(old)).rowcount
            orphans = delete(cron_runs).where(
                _runs.requested_at < before, _runs.status.not_in(_UNFINISHED), _runs.job_id.not_in(select(_jobs.id))
            )
            return removed + (await connection.execute(orphans)).rowcount

    async def ended_logs(self, before: int, limit: int = 200) -> list[CronRun]:
        """Runs that ended before that and whose session has not been let go of."""
        query = select(cron_runs).where(_runs.ended_at < before, _runs.session_id != "", _runs.phase != "forgotten")
        return await self._read_runs(query.order_by(_runs.ended_at).limit(limit))

    async def forgotten(self, run: CronRun) -> None:
        """Note that a run's session was let go of."""
        async with self._database.write() as connection:
            await connection.execute(update(cron_runs).where(_this(run)).values(phase="forgotten"))

    async def _read_runs(self, query: Select[tuple[object, ...]]) -> list[CronRun]:
        async with self._database.read() as connection:
            return [run_of(row) for row in (await connection.execute(query)).mappings()]

    async def _change(self, connection: AsyncConnection, job_id: str, edit: Edit) -> Job | None:
        job = await _job(connection, job_id, lock=not self._database.is_sqlite)
        if job is None:
            return None
        changed = edit(job)
        await connection.execute(update(cron_jobs).where(_jobs.id == job_id).values(job_row(changed)))
        return changed

    async def _take_turns(self, connection: AsyncConnection) -> None:
        """SQLite has one writer at a time anyway."""
        if not self._database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CRON_LOCK})


async def _job(connection: AsyncConnection, job_id: str, *, lock: bool) -> Job | None:
    query = select(cron_jobs).where(_jobs.id == job_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else job_of(row)


def _this(run: CronRun) -> ColumnElement[bool]:
    return and_(_runs.job_id == run.job_id, _runs.slot == run.slot)


def _job_conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        found.append(_jobs.owner == wanted.owner)
    if wanted.agent_id is not None:
        found.append(_jobs.agent_id == wanted.agent_id)
    if wanted.enabled is not None:
        found.append(_jobs.enabled == wanted.enabled)
    if wanted.made:
        found.append(_jobs.parent_id != "")
    if wanted.search:
        found.append(or_(_jobs.name.icontains(wanted.search, autoescape=True), _jobs.id == wanted.search))
    return found


def _run_conditions(wanted: RunFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        found.append(_runs.owner == wanted.owner)
    if wanted.job_id is not None:
        found.append(_runs.job_id == wanted.job_id)
    if wanted.statuses:
        found.append(_runs.status.in_(wanted.statuses))
    if wanted.delivery_statuses:
        found.append(_runs.delivery_status.in_(wanted.delivery_statuses))
    if wanted.search:
        words = (_runs.job_name, _runs.summary, _runs.error)
        found.append(or_(*(column.icontains(wanted.search, autoescape=True) for column in words)))
    return found

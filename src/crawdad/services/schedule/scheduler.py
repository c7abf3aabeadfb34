"""The scheduler: looks at the clock, claims what is due, has it carried out, and clears up after processes that died."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from crawdad.core.cron import CronRun, Job, JobFilter
from crawdad.core.errors import GatewayError
from crawdad.core.pacing import until_next
from crawdad.core.ports import Clock, Runner
from crawdad.core.schedule_settings import CronSettings
from crawdad.core.text import Text
from crawdad.services.schedule.planning import STALE_MS, Due, ZoneOf, begun, due, passed_over, put_right
from crawdad.services.schedule.running import Running
from crawdad.services.tasks import Tasks
from crawdad.store.schedule import ScheduleStore

LOOK_SECONDS = 1.0
_RECOVER_SECONDS = 5.0
_JUMP_SECONDS = 2.0
_PAGE = 200
_MOST_PUNCTUAL = 10_000

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Watch:
    """How far the wall's clock is ahead of the one that never goes back."""

    ahead: float | None = None
    recovered: float = float("-inf")


class Scheduler:
    """The scheduler of this process. Others may share the database: each time of a job is claimed by one of them."""

    def __init__(
        self,
        store: ScheduleStore,
        running: Running,
        tasks: Tasks,
        clock: Clock,
        runner: Runner,
        settings: Callable[[], CronSettings],
        zone_of: ZoneOf,
    ) -> None:
        self._store = store
        self._running = running
        self._tasks = tasks
        self._clock = clock
        self._runner = runner
        self._settings = settings
        self._zone_of = zone_of
        self._punctual: set[tuple[str, int]] = set()
        self._at_work: set[str] = set()
        """The runs that this process carries out."""
        self._watch = _Watch()
        self._upcoming: int | None = None
        """When the next job is due, as of the last look."""

    async def keep_running(self) -> None:
        """Look again and again, for ever: at the second at the latest, at once when something is due."""
        while True:
            due_in = LOOK_SECONDS
            try:
                await self.look()
                if self._upcoming is not None and self._upcoming > self._now():
                    due_in = max(self._upcoming / 1000 - self._clock.now(), 0.05)
            except GatewayError as error:
                _log.warning("schedule_unavailable", reason=error.message())
            await self._clock.sleep(min(due_in, until_next(self._clock.monotonic(), LOOK_SECONDS)))

    async def look(self) -> int:
        """Begin what is due now. Returns how many runs were begun."""
        await self._mind_the_clock()
        await self._recover()
        self._upcoming, requested = await self._store.outlook()  # nearly always the one thing that is asked
        count = await self._begin_requested() if requested else 0
        if not self._settings().enabled:
            self._punctual.clear()
            return count
        now = self._now()
        is_due = self._upcoming is not None and self._upcoming <= now
        found = due(await self._store.due(now), now, self._punctual) if is_due else []
        waiting: set[tuple[str, int]] = set()
        for each in found:
            if each.skip:
                await self._skip(each, now)
            elif self._tasks.full:
                break
            elif await self._begin(each):
                count += 1
            elif not each.late and len(waiting) < _MOST_PUNCTUAL:
                waiting.add((each.job.id, each.slot))
        self._punctual = waiting
        if requested or is_due:
            self._upcoming = await self._store.next_time()
        return count

    async def _begin(self, each: Due) -> bool:
        job, now = each.job, self._now()
        run = self._record(job, str(each.slot), now)
        run.trigger, run.planned_at = "late" if each.late else "schedule", each.slot

        def edit(current: Job, claimed: bool) -> Job:
            return begun(current, each.slot, now, self._zone_of) if claimed else self._moved_on(current, each, now)

        claim = await self._store.claim(run, self._settings().max_concurrent_runs, edit)
        if claim == "claimed":
            self._start(run, self._running.carry_out(job, run))
        return claim == "claimed"

    def _start(self, run: CronRun, work: Coroutine[Any, Any, None]) -> None:
        self._at_work.add(run.id)
        task = self._tasks.start(work, f"cron job {run.job_id}")
        task.add_done_callback(lambda _: self._at_work.discard(run.id))

    def _moved_on(self, job: Job, each: Due, now: int) -> Job:
        """The job after a time that was dealt with before (the clock was set back, say)."""
        state = job.state
        last, job.state.last_run_at = state.last_run_at, max(state.last_run_at or 0, each.slot)
        changed = begun(job, each.slot, max(now, each.slot), self._zone_of)
        changed.state.last_run_at, changed.state.running_at = last, state.running_at
        return changed

    async def _begin_requested(self) -> int:
        """What was asked for by hand."""
        count = 0
        for run in await self._store.requested():
            now = self._now()
            job = await self._store.get(run.job_id)
            run.runner = self._runner.name
            if job is None or now - run.requested_at > STALE_MS:
                await self._give_up(run, now)
                continue
            run.started_at, run.phase, run.status = now, "started", "running"
            claim = await self._store.claim(
                run,
                self._settings().max_concurrent_runs,
                lambda current, _, now=now: begun(current, None, now, self._zone_of),  # type: ignore[misc]
            )
            if claim == "claimed":
                self._start(run, self._running.carry_out(job, run))
                count += 1
        return count

    async def _give_up(self, run: CronRun, now: int) -> None:
        """A wish that nobody saw to in time. Nothing of the job changes."""
        run.status, run.ended_at, run.error = "skipped", now, Text("cron.stale")
        await self._store.drop_request(run)

    async def _skip(self, each: Due, now: int) -> None:
        run = self._record(each.job, str(each.slot), now)
        run.status, run.planned_at, run.ended_at = "skipped", each.slot, now
        run.trigger, run.started_at = "late", None
        run.error = Text("cron.missed", {"seconds": (now - each.slot) // 1000})
        await self._store.skip(run, lambda current: passed_over(current, now, self._zone_of, run.error))

    async def _recover(self) -> None:
        """See to the runs of processes that are no more, and to those of this one that a fault kept from their end."""
        if self._clock.monotonic() - self._watch.recovered < _RECOVER_SECONDS:
            return
        self._watch.recovered = self._clock.monotonic()
        alive: dict[str, bool] = {}
        at_work = frozenset(self._at_work)  # as of before the look: what ends meanwhile has not been given up
        for run in await self._store.running():
            if run.runner == self._runner.name:
                if run.id in at_work:
                    continue
            elif run.runner not in alive:
                alive[run.runner] = await self._runner.is_alive(run.runner)
            if alive.get(run.runner) or not await self._store.adopt(run, self._runner.name):
                continue
            _log.warning("cron_run_cut_off", job_id=run.job_id, phase=run.phase)
            run.runner = self._runner.name
            self._start(run, self._running.resume(await self._store.get(run.job_id), run))

    async def _mind_the_clock(self) -> None:
        """At the start, and when the clock was set: no job waits for a time that is further off than its next one."""
        ahead = self._clock.now() - self._clock.monotonic()
        before, self._watch.ahead = self._watch.ahead, ahead
        if before is not None and abs(ahead - before) < _JUMP_SECONDS:
            return
        if before is not None:
            _log.warning("clock_was_set", seconds=round(ahead - before, 1))
        now, offset = self._now(), 0
        while True:
            jobs = await self._store.page(JobFilter(enabled=True), _PAGE, offset, "name")
            for job in jobs:
                if put_right(job, now, self._zone_of) is not None:
                    await self._store.change(job.id, lambda current: put_right(current, now, self._zone_of) or current)
            offset += len(jobs)
            if len(jobs) < _PAGE:
                return

    def _record(self, job: Job, slot: str, now: int) -> CronRun:
        return CronRun(
            job.id,
            slot,
            "running",
            "schedule",
            job_name=job.name,
            owner=job.owner,
            agent_id=job.agent_id or "",
            runner=self._runner.name,
            requested_at=now,
            started_at=now,
            phase="started",
        )

    def _now(self) -> int:
        return int(self._clock.now() * 1000)

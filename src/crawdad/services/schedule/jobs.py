"""Jobs: made, listed, changed and removed, each by its owner or by whoever manages agents."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crawdad.core.cron import CRON_CHANGED, CronRun, Job, JobFilter, RunFilter
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.happenings import Event
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.schedule_settings import CronSettings
from crawdad.core.text import Text
from crawdad.services.schedule.owners import sees_all
from crawdad.services.schedule.planning import ZoneOf, next_time, parsed, planned, shortest_interval
from crawdad.services.schedule.previews import Times, times_between
from crawdad.store.rate_windows import RateWindows
from crawdad.store.schedule import ScheduleStore
from crawdad.wire.cron import read_changed, read_job
from crawdad.wire.cron.reading import need_future, read_schedule

_MOST_ON_A_PAGE = 200
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}")


@dataclass(frozen=True, slots=True)
class Maker:
    """The agent that makes a job by its tool, and the job whose run it does so in (empty: a person's talk). `by_itself`:
    nobody has spoken to it."""

    agent_id: str
    job_id: str = ""
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of the wish to have a job run: the run, or why there is none (`not-due`, `already-running`)."""

    run: CronRun | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs of all that were meant."""

    jobs: list[Job]
    total: int


class Jobs:
    """The jobs of this gateway."""

    def __init__(
        self,
        store: ScheduleStore,
        clock: Clock,
        randomness: Randomness,
        bus: Bus,
        rates: RateWindows,
        settings: Callable[[], CronSettings],
        zone_of: ZoneOf,
    ) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._bus = bus
        self._rates = rates
        self._settings = settings
        self.zone_of = zone_of

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self._clock.now() * 1000)

    @property
    def enabled(self) -> bool:
        """Whether jobs run at their times."""
        return self._settings().enabled

    async def create(
        self, document: Any, by: Principal, maker: Maker | None = None, name_from_text: bool = False
    ) -> Job:
        """Make a job that runs in the name of `by`. Raises BAD_REQUEST, FORBIDDEN, RATE_LIMITED, CONFLICT (too many)."""
        by.need(Permission.AGENTS_USE)
        now = self.now()
        job = read_job(document, job_id=self._new_id(), now=now, name_from_text=name_from_text)
        job.owner = by.id
        if maker is not None:
            await self._allow(job, maker, now)
        return await self._keep(job, now)

    async def take_over(self, jobs: Sequence[Job], by: Principal) -> int:
        """Keep jobs that were another program's; those that are here already stay as they are."""
        by.need(Permission.AGENTS_MANAGE)
        kept = 0
        for job in jobs:
            if await self._store.get(job.id) is None:
                await self._keep(replace(job, owner=by.id), self.now(), need_next=False)
                kept += 1
        return kept

    async def _keep(self, job: Job, now: int, need_next: bool = True) -> Job:
        checked = self._planned(job, now) if need_next else planned(job, now, self.zone_of)
        most = self._settings().limits.jobs_per_owner
        if not await self._store.create(checked, most, JobFilter(owner=job.owner)):
            raise GatewayError(ErrorKind.CONFLICT, Text("cron.too_many", {"most": most}), {"code": "too_many_jobs"})
        await self._tell(checked.id, "added", checked.state.next_run_at)
        return checked

    async def _allow(self, job: Job, maker: Maker, now: int) -> None:
        """What agents may make."""
        limits = self._settings().limits
        parent = await self._store.get(maker.job_id) if maker.job_id else None
        job.depth = (parent.depth + 1 if parent is not None else 1) if maker.by_itself else 0
        if job.depth > limits.max_depth:
            raise _forbidden("cron.too_deep", depth=job.depth - 1)
        shortest = shortest_interval(job.schedule, now, self.zone_of)
        if shortest is not None and shortest < limits.min_interval_seconds * 1000:
            raise bad_request("cron.too_short", "schedule", seconds=limits.min_interval_seconds)
        job.parent_id = maker.job_id or f"agent:{maker.agent_id}"
        if job.agent_id is None:
            job.agent_id = maker.agent_id
        if await self._store.count(JobFilter(agent_id=job.agent_id, made=True)) >= limits.made_per_agent:
            raise _forbidden("cron.too_many", most=limits.made_per_agent)
        added, seconds = await self._rates.add(f"cron:made:{maker.agent_id}", 1, limits.made_per_hour, 3600)
        if not added:
            raise _too_often("cron.too_often_made", limits.made_per_hour, seconds)

    async def get(self, job_id: str, by: Principal) -> Job:
        """One job. Raises NOT_FOUND, also for somebody else's."""
        found = await self._store.get(job_id)
        if found is None or not (found.owner == by.id or sees_all(by)):
            raise no_job(job_id)
        return found

    async def page(
        self, by: Principal, wanted: JobFilter, limit: int = 50, offset: int = 0, order: str = "", down: bool = False
    ) -> Page:
        """The jobs that `by` may see."""
        by.need(Permission.AGENTS_USE)
        seen = wanted if sees_all(by) else replace(wanted, owner=by.id)
        jobs = await self._store.page(seen, min(limit, _MOST_ON_A_PAGE), offset, order, down)
        return Page(jobs, await self._store.count(seen))

    async def change(self, job_id: str, patch: Any, by: Principal, maker: Maker | None = None) -> Job:
        """Change a job. Raises NOT_FOUND, BAD_REQUEST, FORBIDDEN for what would have it do more than whoever changes it may."""
        await self.get(job_id, by)
        now = self.now()

        def edit(job: Job) -> Job:
            changed = _changed(job, patch, by, now)
            if maker is not None:
                shortest = shortest_interval(changed.schedule, now, self.zone_of)
                least = self._settings().limits.min_interval_seconds
                if shortest is not None and shortest < least * 1000:
                    raise bad_request("cron.too_short", "schedule", seconds=least)
            return self._planned_anew(job, changed, now)

        found = await self._store.change(job_id, edit)
        if found is None:
            raise no_job(job_id)
        await self._tell(job_id, "updated", found.state.next_run_at)
        return found

    async def replace(self, documents: Sequence[Any], by: Principal) -> list[Job]:
        """Have these jobs, and of those that `by` may see no others: those whose `id` is known are changed and keep how they
        stand, the rest are new, what is not named goes. All of it or nothing. Raises BAD_REQUEST (`details["param"]` names the
        job), FORBIDDEN, CONFLICT."""
        by.need(Permission.AGENTS_USE)
        now = self.now()
        after: list[Job] = []

        def edit(before: list[Job]) -> list[Job]:
            known = {job.id: job for job in before}
            after.clear()
            for place, document in enumerate(documents):
                try:
                    job_id = _id_in(document) or self._new_id()
                    if any(job.id == job_id for job in after):
                        raise bad_request("cron.id_twice", "id", id=job_id)
                    after.append(self._replaced(known.get(job_id), job_id, document, by, now))
                except GatewayError as error:
                    field = error.details.get("param")
                    param = f"jobs[{place}].{field}" if field else f"jobs[{place}]"
                    raise GatewayError(error.kind, error.text, {**error.details, "param": param}) from None
            return after

        most = self._settings().limits.jobs_per_owner
        wanted = JobFilter() if sees_all(by) else JobFilter(owner=by.id)
        before = await self._store.replace(wanted, edit, most)
        if before is None:
            raise GatewayError(ErrorKind.CONFLICT, Text("cron.too_many", {"most": most}), {"code": "too_many_jobs"})
        known = {job.id: job for job in before}
        for job in after:
            if job.id not in known:
                await self._tell(job.id, "added", job.state.next_run_at)
            elif job != known[job.id]:
                await self._tell(job.id, "updated", job.state.next_run_at)
        for job_id in known.keys() - {job.id for job in after}:
            await self._tell(job_id, "removed")
        return after

    def _replaced(self, job: Job | None, job_id: str, document: Any, by: Principal, now: int) -> Job:
        if job is None:
            made = read_job(document, job_id=job_id, now=now)
            made.owner = by.id
            return self._planned(made, now)
        changed = self._planned_anew(job, _changed(job, document, by, now), now)
        return job if replace(changed, updated_at=job.updated_at) == job else changed

    async def remove(self, job_id: str, by: Principal) -> bool:
        """Remove a job. One that runs comes to its end; it is not run again. Raises NOT_FOUND."""
        await self.get(job_id, by)
        removed = await self._store.delete(job_id)
        await self._tell(job_id, "removed")
        return removed

    async def run(self, job_id: str, by: Principal, *, only_due: bool = False, maker: Maker | None = None) -> Asked:
        """Have a job run now. It runs in its owner's name. Raises NOT_FOUND, RATE_LIMITED."""
        job = await self.get(job_id, by)
        now = self.now()
        if only_due and (job.state.next_run_at is None or job.state.next_run_at > now):
            return Asked(None, "not-due")
        if any(run.job_id == job_id for run in (*await self._store.running(), *await self._store.requested())):
            return Asked(None, "already-running")
        if maker is not None:
            await self.count_start(maker)
        run = CronRun(
            job.id,
            f"manual:{self._randomness.new_id()}",
            "requested",
            "manual",
            job_name=job.name,
            owner=job.owner,
            agent_id=job.agent_id or "",
            requested_at=now,
        )
        return Asked(run) if await self._store.request(run) else Asked(None, "already-running")

    async def count_start(self, maker: Maker) -> None:
        """Count that an agent has something begun by its tool. Raises RATE_LIMITED."""
        most = self._settings().limits.runs_per_hour
        added, seconds = await self._rates.add(f"cron:started:{maker.agent_id}", 1, most, 3600)
        if not added:
            raise _too_often("cron.too_many_runs", most, seconds)

    def times(self, document: Any, job_id: str, after: int, until: int | None, most: int) -> Times:
        """When a schedule comes, that of a job (`job_id`) or one that is not kept yet. Raises BAD_REQUEST."""
        return times_between(job_id, read_schedule(document, self.now()), after, until, most, self.zone_of)

    async def runs(
        self, by: Principal, wanted: RunFilter, limit: int = 50, offset: int = 0
    ) -> tuple[list[CronRun], int]:
        """What was run, the newest first, and how much there is in all. Raises NOT_FOUND for a job that never was."""
        by.need(Permission.AGENTS_USE)
        seen = wanted if sees_all(by) else replace(wanted, owner=by.id)
        found = await self._store.runs(seen, min(limit, 5000), offset)
        if not found and wanted.job_id is not None:
            await self.get(wanted.job_id, by)
        return found, await self._store.count_runs(seen)

    async def run_of(self, job_id: str, slot: str, by: Principal) -> CronRun:
        """One run. Raises NOT_FOUND."""
        found = await self._store.run(job_id, slot)
        if found is None or not (found.owner == by.id or sees_all(by)):
            raise no_job(job_id)
        return found

    async def status(self, by: Principal) -> JsonObject:
        """`enabled`, how many jobs there are and when the next is due."""
        page = await self.page(by, JobFilter(enabled=True), limit=1)
        next_run = page.jobs[0].state.next_run_at if page.jobs else None
        return {"enabled": self.enabled, "jobs": (await self.page(by, JobFilter(), 1)).total, "nextWakeAtMs": next_run}

    def _planned_anew(self, job: Job, changed: Job, now: int) -> Job:
        """A changed job with its next time, where that is another now."""
        if changed.schedule == job.schedule and changed.enabled == job.enabled:
            return changed
        if changed.enabled and not job.enabled:
            changed.state = replace(changed.state, consecutive_errors=0, schedule_errors=0)
            if changed.schedule == job.schedule:
                need_future(changed.schedule, now)
        if changed.enabled or changed.schedule != job.schedule:
            return self._planned(changed, now)
        return planned(changed, now, self.zone_of)  # a job may be turned off whatever its schedule is

    def _planned(self, job: Job, now: int) -> Job:
        """With its next time. Raises BAD_REQUEST for a schedule that cannot be read, or never comes."""
        schedule = job.schedule
        if hasattr(schedule, "expr"):
            parsed(schedule.expr)
            if next_time(job.id, schedule, now, self.zone_of) is None:
                raise bad_request("cron.never", "schedule")
        return planned(job, now, self.zone_of)

    def _new_id(self) -> str:
        found = self._randomness.new_id()
        return "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:])) if len(found) == 32 else found

    async def _tell(self, job_id: str, action: str, next_run_at: int | None = None) -> None:
        data: JsonObject = {"jobId": job_id, "action": action}
        if next_run_at is not None:
            data["nextRunAtMs"] = next_run_at
        await self._bus.publish(Event(CRON_CHANGED, data, self._clock.now()))


def _changed(job: Job, patch: Any, by: Principal, now: int) -> Job:
    changed = read_changed(job, patch, now=now)
    # Whoever manages others' jobs does not thereby speak in their name: what the job does is the owner's word.
    if job.owner != by.id and (changed.payload, changed.agent_id) != (job.payload, job.agent_id):
        raise _forbidden("cron.not_owner")
    return changed


def _id_in(document: Any) -> str | None:
    """The id that a job says it has. Raises BAD_REQUEST for what can be none."""
    given = document.get("id") if isinstance(document, dict) else None
    if given is None or given == "":
        return None
    if not isinstance(given, str) or not _ID.fullmatch(given):
        raise bad_request("cron.bad_id", "id")
    return given


def no_job(job_id: str) -> GatewayError:
    """There is none, or none that one may see."""
    return GatewayError(ErrorKind.NOT_FOUND, Text("cron.not_found", {"id": job_id[:64]}), {"code": "not_found"})


def _forbidden(key: str, **values: object) -> GatewayError:
    return GatewayError(ErrorKind.FORBIDDEN, Text(key, values), {"code": "cron_limit"})


def _too_often(key: str, most: int, seconds: float) -> GatewayError:
    return GatewayError(ErrorKind.RATE_LIMITED, Text(key, {"most": most}), {"code": "cron_limit"}, int(seconds) + 1)

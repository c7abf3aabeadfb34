"""`/api/v1/cron`: jobs, their runs and the state of the scheduler, each key its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from crawdad.api.guide.envelope import enveloped
from crawdad.api.guide.errors import error_writer
from crawdad.api.guide.versioned import REST_PREFIX
from crawdad.api.management.access import principal_of
from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route
from crawdad.api.speaking import Gate
from crawdad.core.cron import CronRun, Job, JobFilter, RunFilter
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.services.schedule.jobs import Jobs
from crawdad.wire.cron import iso, write_job, write_run

CRON = f"{REST_PREFIX}cron"
_LOOK_SECONDS = 0.1
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Words = Annotated[str, Query(max_length=200)]
Statuses = Annotated[list[str] | None, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class Cron:
    """What the routes need. `admit` counts a request against the limits of whoever asks, and raises RATE_LIMITED."""

    gate: Gate
    jobs: Jobs
    admit: Callable[[Principal], Awaitable[None]] | None = None

    def answer(self, data: JsonObject, status: int = 200) -> Response:
        """A good answer."""
        return enveloped(data, self.gate.clock.now(), status)

    async def enter(self, request: Request) -> Principal:
        """A dependency: who asks. Raises UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED."""
        principal = principal_of(self.gate.door, request)
        principal.need(Permission.AGENTS_USE)
        if self.admit is not None:
            await self.admit(principal)
        return principal


def cron_contract(cron: Cron) -> Contract:
    """The routes as a contract of their own."""
    write_error = error_writer(cron.gate.clock)
    router = APIRouter(route_class=contract_route(write_error))
    cron_routes(router, cron)
    cron_run_routes(router, cron)
    return Contract("cron", (CRON,), router, write_error)


def cron_routes(router: APIRouter, cron: Cron) -> None:
    """Add the routes."""
    jobs = cron.jobs
    entered = Depends(cron.enter)

    @router.get(f"{CRON}/status")
    async def status(by: Principal = entered) -> Response:
        return cron.answer(await jobs.status(by))

    @router.get(f"{CRON}/jobs")
    async def list_jobs(  # noqa: PLR0913 - one parameter a filter
        include_disabled: Annotated[bool, Query(alias="includeDisabled")] = True,
        enabled: Literal["all", "enabled", "disabled"] = "all",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Offset = 0,
        query: Words = "",
        agent_id: Annotated[str | None, Query(alias="agentId", max_length=64)] = None,
        sort_by: Annotated[Literal["nextRunAtMs", "name", "updatedAtMs"], Query(alias="sortBy")] = "nextRunAtMs",
        sort_dir: Annotated[Literal["asc", "desc"], Query(alias="sortDir")] = "asc",
        by: Principal = entered,
    ) -> Response:
        wanted = JobFilter(
            agent_id=agent_id,
            enabled=True if not include_disabled or enabled == "enabled" else False if enabled == "disabled" else None,
            search=query.strip(),
        )
        order = {"name": "name", "updatedAtMs": "updated_at"}.get(sort_by, "next_run_at")
        page = await jobs.page(by, wanted, limit, offset, order, sort_dir == "desc")
        return cron.answer(
            {"jobs": [shown(job) for job in page.jobs], **_paging(page.total, offset, limit, len(page.jobs))}
        )

    @router.post(f"{CRON}/jobs")
    async def create(request: Request, by: Principal = entered) -> Response:
        return cron.answer(shown(await jobs.create(await _json(request), by)), 201)

    @router.get(f"{CRON}/jobs/{{job_id}}")
    async def read(job_id: str, by: Principal = entered) -> Response:
        return cron.answer(shown(await jobs.get(job_id, by)))

    async def change(job_id: str, request: Request, by: Principal = entered) -> Response:
        return cron.answer(shown(await jobs.change(job_id, await _json(request), by)))

    router.patch(f"{CRON}/jobs/{{job_id}}")(change)
    router.put(f"{CRON}/jobs/{{job_id}}", include_in_schema=False)(change)

    @router.delete(f"{CRON}/jobs/{{job_id}}")
    async def remove(job_id: str, by: Principal = entered) -> Response:
        return cron.answer({"id": job_id, "removed": await jobs.remove(job_id, by)})

    @router.post(f"{CRON}/jobs/{{job_id}}/enable")
    async def enable(job_id: str, by: Principal = entered) -> Response:
        return cron.answer(shown(await jobs.change(job_id, {"enabled": True}, by)))

    @router.post(f"{CRON}/jobs/{{job_id}}/disable")
    async def disable(job_id: str, by: Principal = entered) -> Response:
        return cron.answer(shown(await jobs.change(job_id, {"enabled": False}, by)))


def cron_run_routes(router: APIRouter, cron: Cron) -> None:
    """Add the routes of runs."""
    jobs = cron.jobs
    entered = Depends(cron.enter)

    @router.post(f"{CRON}/jobs/{{job_id}}/run")
    async def run(
        job_id: str,
        request: Request,
        wait: Annotated[float, Query(ge=0, le=600)] = 0,
        by: Principal = entered,
    ) -> Response:
        body = await _json(request, optional=True)
        mode = body.get("mode", "force")
        if mode not in ("due", "force"):
            raise bad_request("wire.value", "mode", value=ascii(mode)[:60])
        asked = await jobs.run(job_id, by, only_due=mode == "due")
        if asked.run is None:
            return cron.answer({"ran": False, "reason": asked.reason})
        found = await _until_ended(asked.run, wait, by)
        return cron.answer({"ran": True, "runId": found.id, "run": write_run(found)})

    async def _until_ended(run: CronRun, seconds: float, by: Principal) -> CronRun:
        """The run once it has ended, or as it stands after so many seconds."""
        until = cron.gate.clock.monotonic() + seconds
        while cron.gate.clock.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            run = await jobs.run_of(run.job_id, run.slot, by)
            if run.status not in ("requested", "running"):
                break
        return run

    @router.get(f"{CRON}/jobs/{{job_id}}/runs")
    async def runs_of(
        job_id: str,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Offset = 0,
        status: Statuses = None,
        by: Principal = entered,
    ) -> Response:
        return await _runs(RunFilter(job_id=job_id, statuses=status or ()), limit, offset, by)

    @router.get(f"{CRON}/runs")
    async def all_runs(
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Offset = 0,
        status: Statuses = None,
        delivery_status: Annotated[list[str] | None, Query(alias="deliveryStatus", max_length=10)] = None,
        query: Words = "",
        sort_dir: Annotated[Literal["asc", "desc"], Query(alias="sortDir")] = "desc",
        by: Principal = entered,
    ) -> Response:
        wanted = RunFilter(
            statuses=status or (), delivery_statuses=delivery_status or (), search=query, ascending=sort_dir == "asc"
        )
        return await _runs(wanted, limit, offset, by)

    async def _runs(wanted: RunFilter, limit: int, offset: int, by: Principal) -> Response:
        found, total = await jobs.runs(by, wanted, limit, offset)
        return cron.answer(
            {"entries": [write_run(each) for each in found], **_paging(total, offset, limit, len(found))}
        )


def shown(job: Job) -> JsonObject:
    """A job with the guide's own fields: `status`, `nextRun`, `lastRun`."""
    state = job.state
    return {
        **write_job(job),
        "status": "enabled" if job.enabled else "disabled",
        "nextRun": iso(state.next_run_at) if job.enabled and state.next_run_at is not None else None,
        "lastRun": None if state.last_run_at is None else iso(state.last_run_at),
    }


def _paging(total: int, offset: int, limit: int, count: int) -> JsonObject:
    more = offset + count < total
    return {
        "total": total,
        "offset": offset,
        "limit": limit,
        "hasMore": more,
        "nextOffset": offset + count if more else None,
    }


async def _json(request: Request, optional: bool = False) -> Any:
    """The body as a JSON object. Raises BAD_REQUEST."""
    from crawdad.wire.fields import parse_object

    raw = await request.body()
    return {} if optional and not raw.strip() else parse_object(raw)

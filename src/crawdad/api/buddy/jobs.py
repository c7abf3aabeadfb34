"""`/v1/openclaw/cron-jobs`: the jobs of agents, switched and removed. Making them is the console's and the agents' own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.fields import named
from crawdad.api.buddy.moments import moment
from crawdad.core.cron import JobFilter
from crawdad.core.identity import Permission, Principal
from crawdad.wire.cron import write_job

_PATH = "/v1/openclaw/cron-jobs"
_PAGE = 200
_MOST = 2000


def job_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes. Everybody sees his own jobs; who manages agents sees all."""
    jobs = context.jobs
    may_use = Depends(context.access.need(Permission.AGENTS_USE))

    @router.get(_PATH)
    async def listed(principal: Principal = may_use) -> dict[str, Any]:
        rows: list[Any] = []
        while len(rows) < _MOST:
            page = await jobs.page(principal, JobFilter(), _PAGE, len(rows))
            rows += [write_job(job) for job in page.jobs]
            if len(page.jobs) < _PAGE:
                break
        return success({"data": rows, "updated_at": moment(context.gate.clock.now())})

    for enabled in (True, False):
        word = "enable" if enabled else "disable"
        router.add_api_route(f"{_PATH}/{word}", _switch(context, enabled), methods=["POST"])
        router.add_api_route(f"{_PATH}/{{job}}/{word}", _switch_named(context, enabled), methods=["POST"])

    @router.delete(_PATH + "/{job}")
    async def remove(job: str, principal: Principal = may_use) -> dict[str, Any]:
        await jobs.remove(job, principal)
        return success({"status": "success", "id": job})


def _switch(context: Buddy, enabled: bool) -> Callable[..., Coroutine[Any, Any, dict[str, Any]]]:
    may_use = Depends(context.access.need(Permission.AGENTS_USE))

    async def switch(request: Request, principal: Principal = may_use) -> dict[str, Any]:
        job = named(await body_of(request), "id", "jobId", "job_id")
        changed = await context.jobs.change(job, {"enabled": enabled}, principal)
        return success({"status": "success", "job": write_job(changed)})

    return switch


def _switch_named(context: Buddy, enabled: bool) -> Callable[..., Coroutine[Any, Any, dict[str, Any]]]:
    may_use = Depends(context.access.need(Permission.AGENTS_USE))

    async def switch(job: str, principal: Principal = may_use) -> dict[str, Any]:
        changed = await context.jobs.change(job, {"enabled": enabled}, principal)
        return success({"status": "success", "job": write_job(changed)})

    return switch

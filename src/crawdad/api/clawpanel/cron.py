"""`/api/system/cron`: all jobs at once, read and written. How they stand is not the panel's to say, and is kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import LARGE_BYTES, body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.cron import Job, JobFilter
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.services.schedule.jobs import Jobs
from crawdad.wire.cron import write_job

_PAGE = 200
_MOST = 10_000


def cron_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_use = Depends(context.access.need(Permission.AGENTS_USE))

    @router.get("/api/system/cron")
    async def listed(principal: Principal = may_use) -> dict[str, Any]:
        return {"ok": True, "jobs": [write_job(job) for job in await _all(context.jobs, principal)]}

    @router.put("/api/system/cron")
    async def replace(request: Request, principal: Principal = may_use) -> dict[str, Any]:
        """Merged by id, and all or nothing. One who reads the answer sees what became of it."""
        given = (await body_of(request, LARGE_BYTES)).get("jobs")
        if not isinstance(given, list):
            raise bad_request("panel.not_a_list", "jobs")
        if len(given) > _MOST:
            raise bad_request("panel.too_many", "jobs", most=_MOST)
        kept = await context.jobs.replace([_read(each) for each in given], principal)
        return {"ok": True, "jobs": [write_job(job) for job in kept]}


async def _all(jobs: Jobs, principal: Principal) -> list[Job]:
    found: list[Job] = []
    while len(found) < _MOST:
        page = await jobs.page(principal, JobFilter(), _PAGE, len(found))
        found += page.jobs
        if len(page.jobs) < _PAGE:
            break
    return found


def _read(document: Any) -> Any:
    """A turn of an agent has a session of its own, whatever the contract's clients write (`main`, always)."""
    if not isinstance(document, dict):
        return document
    payload = document.get("payload")
    if isinstance(payload, dict) and payload.get("kind") == "agentTurn" and document.get("sessionTarget") == "main":
        return {key: value for key, value in document.items() if key != "sessionTarget"}
    return document

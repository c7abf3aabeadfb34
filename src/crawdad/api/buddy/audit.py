"""`/v1/gateway/usage-cost`, `/v1/audit/*` and `/v1/openclaw/security/status`: what was used, what happened, what is allowed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.api.control.methods.usage import cost_told, sums_told
from crawdad.core.activity import Activity
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.core.statistics import Used
from crawdad.services.statistics import Asked
from crawdad.services.tools.approvals import told_of

_DAY_HOURS = 24
_MOST_ENTRIES = 200
_LATEST = 1_000_000


def audit_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    clock, statistics = context.gate.clock, context.statistics
    may_count = Depends(context.access.need(Permission.STATISTICS_READ))
    may_read = Depends(context.access.need(Permission.LOGS_READ))
    may_decide = Depends(context.access.need(Permission.AGENTS_MANAGE))

    @router.get("/v1/gateway/usage-cost", dependencies=[may_count])
    async def usage_cost(days: Annotated[int, Query(ge=1, le=3660)] = 30) -> dict[str, Any]:
        """A day a row. It is counted as it happens: `force` changes nothing."""
        return success(await cost_told(statistics, clock.now(), {"days": days}))

    @router.get("/v1/audit/dashboard/summary", dependencies=[may_count])
    async def summary() -> dict[str, Any]:
        """Sums of the last day, of today, of this week, and of all."""
        found = await statistics.summary(_DAY_HOURS, Asked())
        spans = {"last24h": found.window, "today": found.today, "week": found.this_week, "total": found.ever}
        return success({name: _counted(used) for name, used in spans.items()})

    @router.get("/v1/audit/logs", dependencies=[may_read])
    async def logs(
        limit: Annotated[int, Query(ge=1, le=_MOST_ENTRIES)] = 50,
        offset: Annotated[int, Query(ge=0, le=_LATEST)] = 0,
        source: Annotated[str, Query(max_length=100)] = "",
        q: Annotated[str, Query(max_length=200)] = "",
    ) -> dict[str, Any]:
        """The activity log, the newest first."""
        page = await context.activity.page(limit, offset, source=source, search=q)
        return success({"logs": [_entry(entry) for entry in page.entries], "total": page.total})

    @router.get("/v1/openclaw/security/status", dependencies=[may_decide])
    async def security() -> dict[str, Any]:
        """What agents may run unasked, and what waits for somebody's word. Rules are changed in the configuration."""
        file = (await context.approval_file.show())["file"]
        waiting = [told_of(approval) for approval in await context.approvals.list(("pending",))]
        told = {"policies": file["defaults"], "allowlists": file["agents"], "approvals": waiting}
        return success({"data": told, "updated_at": moment(clock.now())})


def _counted(used: Used) -> JsonObject:
    return {"requests": used.requests, "failed": used.failed, **sums_told(used)}


def _entry(entry: Activity) -> JsonObject:
    at = moment(entry.at)
    return {
        "id": entry.id,
        "timestamp": at,
        "time": at,
        "source": entry.source,
        "type": entry.type,
        "summary": entry.summary,
        "detail": entry.detail or "",
    }

"""`GET /v1/tasks/status`: what is under way and what became of it, in the contract's words."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission
from crawdad.core.tasks import Task, TaskFilter, TaskStatus, rendered
from crawdad.core.text import Language

_MOST = 20
_STATUSES: dict[TaskStatus, str] = {
    "running": "Running",
    "succeeded": "Completed",
    "failed": "Failed",
    "cancelled": "Interrupted",
    "interrupted": "Interrupted",
}


def task_routes(router: APIRouter, context: Buddy) -> None:
    """Add the route."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/v1/tasks/status", dependencies=[may_read])
    async def status(request: Request) -> dict[str, Any]:
        """The newest first. `?taskId=` (`task_id`, `taskID`): that one alone, or none."""
        query = request.query_params
        wanted = query.get("taskId") or query.get("task_id") or query.get("taskID")
        page = await context.tasks.page(TaskFilter(ids=(wanted,) if wanted else ()), _MOST)
        return success([task_told(task, language_of(request)) for task in page.tasks])


def task_told(task: Task, language: Language) -> dict[str, Any]:
    """A task as the contract has it. Pure."""
    module, _, action = task.kind.partition(".")
    told: dict[str, Any] = {
        "id": task.id,
        "name": rendered(task.title, language),
        "module": module,
        "action": action,
        "target": task.target,
        "status": _STATUSES[task.status],
        "progress": task.progress,
        "startTime": moment(task.started_at),
    }
    if task.result is not None:
        said = task.result.get("message")
        told["result"] = said if isinstance(said, str) else orjson.dumps(task.result, default=str).decode()
    if task.error is not None:
        told["error"] = rendered(task.error, language)
    if task.ended_at is not None:
        told["endTime"] = moment(task.ended_at)
    return told

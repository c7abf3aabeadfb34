"""`GET /v1/system/events`: who had what done, and what happened to the gateway by itself, the newest first."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.api.management.contract_route import language_of
from crawdad.core.activity import Activity
from crawdad.core.identity import Permission
from crawdad.core.tasks import Task, TaskFilter, TaskStatus, rendered
from crawdad.core.text import Language

_MOST = 20
_SYSTEM = "system"
_STATUSES: dict[TaskStatus, str] = {
    "running": "running",
    "succeeded": "success",
    "failed": "failed",
    "cancelled": "failed",
    "interrupted": "failed",
}
_OF_MODULES = {"gateway": "CONTROL", "update": "UPDATE", "updates": "UPDATE"}
_OF_ENTRIES = {
    "system.configuration": "CONFIG",
    "system.plugin": "WARN",
    "system.account": "WARN",
    "system.healing": "HEAL",
}


def event_routes(router: APIRouter, context: Buddy) -> None:
    """Add the route."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/v1/system/events", dependencies=[may_read])
    async def events(request: Request) -> dict[str, Any]:
        """Tasks, each with who ordered it, and the entries of the activity log about Crawdad itself."""
        tasks = await context.tasks.page(TaskFilter(), _MOST)
        entries = await context.activity.page(_MOST, 0, source=_SYSTEM)
        told = [(task.started_at, task_event(task, language_of(request))) for task in tasks.tasks]
        told += [(entry.at, entry_event(entry)) for entry in entries.entries]
        told.sort(key=lambda each: each[0], reverse=True)
        return success([event for _, event in told[:_MOST]])


def task_event(task: Task, language: Language) -> dict[str, Any]:
    """What somebody had done, in both spellings that clients know. Pure."""
    module, _, action = task.kind.partition(".")
    kind = "ERROR" if _STATUSES[task.status] == "failed" else _OF_MODULES.get(module, "INFO")
    message = rendered(task.title, language) or ""
    verb = re.sub(r"\W+", "_", f"{action}_{module}" if action else module)
    return _event(task.id, task.started_at, kind, message, task.owner, verb, _STATUSES[task.status])


def entry_event(entry: Activity) -> dict[str, Any]:
    """What happened by itself. Pure."""
    verb = entry.type.removeprefix(f"{_SYSTEM}.").replace(".", "_")
    return _event(entry.id, entry.at, _OF_ENTRIES.get(entry.type, "INFO"), entry.summary, _SYSTEM, verb, "success")


def _event(name: str, at: float, kind: str, message: str, user: str, action: str, status: str) -> dict[str, Any]:
    return {
        "id": name,
        "timestamp": moment(at),
        "event_type": kind,
        "message": message,
        "time": moment(at),
        "user": user,
        "action": action,
        "status": status,
    }

"""`/api/system/version`, `check-update`, `do-update`, `update-status`: newer versions of Crawdad, in the contract's words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.tasks import Task, rendered
from crawdad.core.text import Text
from crawdad.services.updates.service import Standing


def update_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    orders = context.update_orders
    updates = orders.updates
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_change = context.access.need(Permission.SYSTEM_MANAGE)

    @router.get("/api/system/version", dependencies=[may_read])
    async def version() -> dict[str, Any]:
        known = await updates.known()
        return {
            "ok": True,
            "currentVersion": known.current,
            "latestVersion": known.latest,
            "lastCheckedAt": "" if known.checked_at is None else _iso(known.checked_at),
            "updateAvailable": known.available,
        }

    @router.post("/api/system/check-update", dependencies=[Depends(may_change)])
    async def check() -> dict[str, Any]:
        try:
            found = await updates.check()
        except GatewayError as error:  # the contract knows one status for all that can go wrong here
            raise GatewayError(
                ErrorKind.INTERNAL, error.text, {"code": error.details.get("code", error.kind)}
            ) from None
        return {
            "ok": True,
            "currentVersion": found.current,
            "latestVersion": found.latest,
            "updateAvailable": found.available,
            "checkedAt": _iso(found.checked_at or 0.0),
        }

    @router.post("/api/system/do-update")
    async def update(request: Request, by: Principal = Depends(may_change)) -> dict[str, Any]:  # noqa: B008 - FastAPI's way
        language = language_of(request)
        if (await updates.standing()).state == "running":
            return {"ok": False, "error": Text("panel.update_running").render(language)}
        try:
            task = await orders.run(by.id)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            running = error.details.get("code") == "task_running"
            text = Text("panel.update_running").render(language) if running else error.message(language)
            return {"ok": False, "error": text, "code": error.details.get("code")}
        return {"ok": True, "message": Text("panel.update_sent").render(language), "taskId": task.id}

    @router.get("/api/system/update-status", dependencies=[may_read])
    async def status(request: Request) -> dict[str, Any]:
        return _status(await orders.last(), await updates.standing(), language_of(request))


def _status(task: Task | None, standing: Standing, language: str) -> dict[str, Any]:
    """What became of the last update: the task up to the switch, then the switch."""
    switch = standing.switch
    since = float(switch.detail.get("at") or 0.0) if switch is not None else 0.0
    if task is None and switch is None:
        return {"ok": True, "status": "idle", "log": []}
    lines = [rendered(line.text, language) or "" for line in task.lines] if task is not None else []
    told: dict[str, Any] = {"ok": True, "status": standing.state, "log": lines}
    if task is not None:
        told["startedAt"] = _iso(task.started_at)
    if switch is not None and (task is None or since >= task.started_at):
        key = {"running": "panel.update_tried", "success": "panel.update_done"}.get(
            standing.state, "panel.update_undone"
        )
        version, reason = switch.detail.get("to", ""), switch.reason
        lines.append(Text(key, {"version": version, "reason": reason}).render(language))
        return told
    assert task is not None
    states = {"running": "running", "succeeded": "success"}
    told["status"] = states.get(task.status, "failed")
    if task.error is not None and (shown := rendered(task.error, language)) and shown not in lines:
        lines.append(shown)
    if task.ended_at is not None:
        told["finishedAt"] = _iso(task.ended_at)
    return told


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

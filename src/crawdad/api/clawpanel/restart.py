"""`/api/system/restart-gateway` and its status: the inside of the gateway is left and entered anew, the panel stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission
from crawdad.core.tasks import rendered
from crawdad.core.text import Text


def restart_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    lifecycle = context.lifecycle

    @router.post("/api/system/restart-gateway", dependencies=[may_manage])
    async def restart(request: Request) -> dict[str, Any]:
        asked = await lifecycle.ask("restart", "panel")
        words = Text("panel.restart_asked").render(language_of(request))
        return {"ok": True, "message": words, "requestId": asked.id}

    @router.get("/api/system/restart-gateway-status", dependencies=[may_read])
    async def status(request: Request) -> dict[str, Any]:
        """`idle` where nothing was ever asked for, else how the last wish stands: `running`, `success`, `failed`."""
        asked = lifecycle.last
        if asked is None:
            return {"ok": True, "status": "idle", "gateway": lifecycle.state}
        answer: dict[str, Any] = {
            "ok": True,
            "status": asked.status,
            "gateway": lifecycle.state,
            "requestId": asked.id,
            "action": asked.action,
            "phase": asked.phase,
            "requestedAt": _moment(asked.asked_at),
            "steps": [{"phase": phase, "at": _moment(at)} for phase, at in asked.steps],
        }
        if asked.ended_at is not None:
            answer["finishedAt"] = _moment(asked.ended_at)
        return {**answer, "error": rendered(asked.error, language_of(request))} if asked.error else answer


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

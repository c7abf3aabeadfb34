"""`/api/requests*`: who wants to be a friend or to join a group, and what is decided on it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.channels.deciding import RequestDecisions
from crawdad.services.channels.requests import PendingRequest

_LONGEST_REASON = 200


def request_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_decide = Depends(context.access.need(Permission.AGENTS_MANAGE))

    def desk() -> RequestDecisions:
        found = context.requests
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("panel.no_request"), {"code": "not_found"})
        return found

    @router.get("/api/requests", dependencies=[may_decide])
    async def pending() -> dict[str, Any]:
        found = await context.requests.pending() if context.requests is not None else []
        return {"ok": True, "requests": [_shown(one) for one in found]}

    @router.post("/api/requests/{flag:path}/approve")
    async def approve(flag: str, principal: Principal = may_decide) -> dict[str, Any]:
        await desk().decide(flag, True, "", principal)
        return {"ok": True}

    @router.post("/api/requests/{flag:path}/reject")
    async def reject(flag: str, request: Request, principal: Principal = may_decide) -> dict[str, Any]:
        reason = (await body_of(request)).get("reason")
        if reason is not None and not isinstance(reason, str):
            raise bad_request("activity.not_text", "reason")
        await desk().decide(flag, False, (reason or "")[:_LONGEST_REASON], principal)
        return {"ok": True}


def _shown(one: PendingRequest) -> dict[str, Any]:
    request = one.request
    friend = request.kind == "friend"
    shown: dict[str, Any] = {"type": "friend" if friend else "group"}
    if not friend:
        shown["subType"] = "invite" if request.kind == "group_invite" else "add"
    shown["userId"] = _id(one.sender)
    if request.group:
        shown["groupId"] = _id(request.group)
    shown |= {"comment": request.comment, "flag": request.flag, "time": round(one.at * 1000)}
    return shown | {"channel": one.account.channel, "account": one.account.name, "name": one.name}


def _id(text: str) -> int | str:
    """An id as QQ has it: a number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text

"""`/api/events*`: the activity log."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.addresses import is_loopback
from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.management.access import credentials_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text

MOST_ENTRIES = 1000
_USUAL = 100
_LONGEST_SEARCH = 200
_PROXIED = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "cf-connecting-ip")


def activity_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    log, pushed, access = context.activity, context.pushed, context.access
    may_read = Depends(access.need(Permission.LOGS_READ))
    may_manage = Depends(access.need(Permission.LOGS_MANAGE))

    @router.get("/api/events", dependencies=[may_read])
    async def entries(request: Request) -> dict[str, Any]:
        query = request.query_params
        limit = min(_number(query.get("limit")) or _USUAL, MOST_ENTRIES)
        offset = min(_number(query.get("offset")) or 0, 2**31)
        search = query.get("search", "")[:_LONGEST_SEARCH]
        page = await log.page(limit, offset, query.get("source", "")[:64], search)
        return {"ok": True, "entries": [entry.told() for entry in page.entries], "total": page.total}

    @router.post("/api/events/clear")
    async def clear(principal: Principal = may_manage) -> dict[str, Any]:
        await log.clear(principal.id)
        return {"ok": True}

    @router.post("/api/events/log")
    async def push(request: Request) -> dict[str, Any]:
        """From a program on this machine, or with a key, or with the push secret."""
        sender = await sender_of(request)
        entry = await pushed.push(await body_of(request), sender)
        return {"ok": True, "id": entry.id}

    async def sender_of(request: Request) -> str:
        address = str(request.state.address)
        if secret := request.headers.get("x-event-token", ""):
            access.door.check_address(address)
            if pushed.knows(secret):
                return address
            access.door.guessed(address)
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("panel.invalid_token"), {"code": "invalid_token"})
        if credentials_of(request):
            return (await access.principal(request)).id
        if not is_loopback(address) or any(name in request.headers for name in _PROXIED):
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("panel.push_needs_key"), {"code": "invalid_token"})
        if _is_foreign(request):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("panel.foreign_page"), {"code": "foreign_page"})
        return address


def _is_foreign(request: Request) -> bool:
    """Whether a page of another site asks: a browser on this machine would do it for any page that is open in it."""
    origin = request.headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] != request.headers.get("host", "")


def _number(value: str | None) -> int:
    """A number of a query; 0 for what is none, or is below it."""
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0

"""`POST /api/auth/ticket`: what stands in an address instead of a token, once and for a minute."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.errors import bad_request
from crawdad.services.identity.tickets import TICKET_SECONDS


def ticket_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""

    @router.post("/api/auth/ticket")
    async def ticket(request: Request, response: Response) -> dict[str, Any]:
        signed_in = await context.access.signed_in(request)
        path = (await body_of(request)).get("path")
        if not isinstance(path, str):
            raise bad_request("panel.ticket_path", "path")
        response.headers["cache-control"] = "no-store"
        made = await context.access.tickets.issue(signed_in, path)
        return {"ok": True, "ticket": made, "expiresIn": TICKET_SECONDS}

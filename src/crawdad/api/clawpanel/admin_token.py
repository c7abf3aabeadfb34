"""`GET /api/system/admin-token`: the token that administers, for whoever signed in with it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.identity import Permission, Principal


def admin_token_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/api/system/admin-token")
    async def admin_token(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        """Empty for everybody else, and where the token is kept as a hash alone."""
        response.headers["cache-control"] = "no-store"
        auth = context.gate.settings().gateway.auth
        token = {"admin": auth.admin_token, "token": auth.token if auth.admin_token is None else None}.get(principal.id)
        return {"ok": True, "token": token.reveal() if token is not None else ""}

"""`/api/system/sudo-password`: whether there is one, and another one. It is never told."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text


def sudo_password_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get("/api/system/sudo-password", dependencies=[may_manage])
    async def kept() -> dict[str, Any]:
        return {"ok": True, "configured": await context.sudo_password.is_kept()}

    @router.put("/api/system/sudo-password", dependencies=[may_manage])
    async def keep(request: Request) -> dict[str, Any]:
        password = (await body_of(request)).get("password")
        if password is not None and not isinstance(password, str):
            details = {"code": "invalid_request", "param": "password"}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.not_a_text", {"param": "password"}), details)
        await context.sudo_password.keep(password or "")
        return {"ok": True}

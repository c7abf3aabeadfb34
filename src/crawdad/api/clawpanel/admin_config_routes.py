"""`/api/admin/config`: ClawPanel's own settings, a view on Crawdad's."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.admin_config_keeper import Saved
from crawdad.api.clawpanel.bodies import LARGE_BYTES, body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission, Principal

_LONGEST_SECTION = 64


def admin_config_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    keeper = context.admin_config
    may_read = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get("/api/admin/config", dependencies=[may_read])
    async def config() -> dict[str, Any]:
        return {"ok": True, "config": await keeper.read()}

    @router.put("/api/admin/config")
    async def merge(request: Request, principal: Principal = may_write) -> dict[str, Any]:
        return _told(await keeper.save(await body_of(request, LARGE_BYTES), principal))

    @router.put("/api/admin/config/{section}")
    async def replace(section: str, request: Request, principal: Principal = may_write) -> dict[str, Any]:
        if len(section) > _LONGEST_SECTION:
            raise bad_request("panel.wrong_value", "section", wanted=f"≤ {_LONGEST_SECTION}")
        return _told(await keeper.save(await body_of(request, LARGE_BYTES), principal, section))


def _told(saved: Saved) -> dict[str, Any]:
    return {"ok": True, "changed": list(saved.changed), "restartRequired": saved.restart_required}

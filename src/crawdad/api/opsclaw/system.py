"""`/api/system/*`: what clients of the contract ask of the machine, answered as a server can."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.proxy_service import own_port
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text


class HttpApiSettings(BaseModel):
    """The management API is there as long as the process runs; `port` is that of everything."""

    enabled: bool = True
    port: int | None = Field(None, ge=1, le=65_535)


class SaveFile(BaseModel):
    """A file for the export folder."""

    path: str = Field(min_length=1, max_length=1024)
    content: str


def system_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_change = (
        Depends(context.need(Permission.SYSTEM_READ)),
        Depends(context.need(Permission.SYSTEM_MANAGE)),
    )
    may_configure = Depends(context.need(Permission.CONFIG_WRITE))

    @router.get("/api/system/data-dir", dependencies=[may_read])
    async def data_directory() -> str:
        return context.data_directory

    @router.get("/api/system/autostart/status", dependencies=[may_read])
    async def autostart() -> bool:
        return False

    @router.post("/api/system/autostart/toggle", dependencies=[may_change])
    async def toggle_autostart() -> None:
        raise _unsupported("system.autostart")

    @router.post("/api/system/open-folder", dependencies=[may_change])
    async def open_folder() -> None:
        raise _unsupported("system.open_folder")

    @router.get("/api/system/http-api/settings", dependencies=[may_read])
    async def http_api(request: Request) -> HttpApiSettings:
        return HttpApiSettings(port=own_port(request))

    @router.post("/api/system/http-api/settings")
    async def save_http_api(wanted: HttpApiSettings, principal: Principal = may_configure) -> dict[str, Any]:
        if not wanted.enabled:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("system.always_on"), {"param": "enabled"})
        saved = await context.config.save({"proxy": {"port": wanted.port}} if wanted.port else {}, principal)
        return {"success": True, "restart_required": saved.restart_required, "overridden": saved.overridden}

    @router.post("/api/system/save-file", dependencies=[may_change])
    async def save_file(wanted: SaveFile) -> dict[str, Any]:
        return {"success": True, "path": await context.exports.save(wanted.path, wanted.content)}


def _unsupported(what: str) -> GatewayError:
    values = {"what": Text(what)}
    return GatewayError(ErrorKind.BAD_REQUEST, Text("system.unsupported", values), {"code": "not_implemented"})

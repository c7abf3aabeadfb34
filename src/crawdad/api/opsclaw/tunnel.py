"""`/api/proxy/cloudflared/*`: a tunnel to this gateway."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, Field, ValidationError

from crawdad.api.management.contract_route import language_of
from crawdad.api.opsclaw.app_config import invalid
from crawdad.api.opsclaw.config import inner
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.proxy_service import own_port
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.secret import Secret
from crawdad.core.text import Language, Text
from crawdad.services.tunnel import TunnelOrder, TunnelStatus


class TunnelConfig(BaseModel):
    """What is wanted; with nothing said, a quick tunnel to the port that was asked. `enabled` is not looked at."""

    enabled: bool = True
    mode: Literal["quick", "auth"] = "quick"
    port: int | None = Field(None, ge=1, le=65_535)
    token: str | None = Field(None, max_length=4096)
    use_http2: bool = False


class CloudflaredStatus(BaseModel):
    """The contract's own fields, then ours: `mode`, and how often the program was started again."""

    installed: bool
    version: str | None
    running: bool
    url: str | None
    error: str | None
    mode: str | None
    restarts: int


def tunnel_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_change = (
        Depends(context.need(Permission.SYSTEM_READ)),
        Depends(context.need(Permission.SYSTEM_MANAGE)),
    )
    tunnel = context.tunnel

    @router.get("/api/proxy/cloudflared/status", dependencies=[may_read])
    async def status(request: Request) -> CloudflaredStatus:
        return _told(await tunnel.status(), language_of(request))

    @router.post("/api/proxy/cloudflared/start", dependencies=[may_change])
    async def start(request: Request, body: Annotated[dict[str, Any] | None, Body()] = None) -> CloudflaredStatus:
        wanted = _read(body or {})
        port = own_port(request)
        gateway = context.gate.settings().gateway
        ours = [port, gateway.port, *gateway.extra_ports]
        if wanted.port is not None and wanted.port not in ours:
            values = {"port": wanted.port, "ports": ", ".join(str(each) for each in dict.fromkeys(ours))}
            raise GatewayError(ErrorKind.FORBIDDEN, Text("tunnel.foreign_port", values), {"param": "port"})
        order = TunnelOrder(port, wanted.mode, Secret(wanted.token) if wanted.token else None, wanted.use_http2)
        return _told(await tunnel.start(order, sys.platform), language_of(request))

    @router.post("/api/proxy/cloudflared/stop", dependencies=[may_change])
    async def stop(request: Request) -> CloudflaredStatus:
        return _told(await tunnel.stop(), language_of(request))

    @router.post("/api/proxy/cloudflared/install", dependencies=[may_change])
    async def install(request: Request) -> CloudflaredStatus:
        """The program is the operator's to install; where it is, there is nothing to do."""
        found = await tunnel.status()
        if not found.installed:
            raise tunnel.refused_install(sys.platform)
        return _told(found, language_of(request))


def _read(body: dict[str, Any]) -> TunnelConfig:
    try:
        return TunnelConfig.model_validate(inner(body), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise invalid("config.bad_value", ".".join(map(str, first["loc"])), reason=first["msg"]) from None


def _told(status: TunnelStatus, language: Language) -> CloudflaredStatus:
    error = status.error.render(language) if isinstance(status.error, Text) else status.error
    return CloudflaredStatus(
        installed=status.installed,
        version=status.version,
        running=status.running,
        url=status.url,
        error=error,
        mode=status.mode,
        restarts=status.restarts,
    )

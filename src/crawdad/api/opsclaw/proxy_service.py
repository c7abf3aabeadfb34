"""`/api/proxy/{status,start,stop,api-key/generate}`: the model service, switched on and off."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from crawdad.api.opsclaw.app_config import masked
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.identity import Permission


class ServiceStatus(BaseModel):
    """What the documents and the clients of the contract look for, together. `url` is that of the upstream proxy."""

    running: bool
    port: int
    base_url: str
    url: str
    active_accounts: int
    auto_start: bool


class Done(BaseModel):
    """It is as it was asked for."""

    success: bool = True
    running: bool


def proxy_service_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_change = (
        Depends(context.need(Permission.SYSTEM_READ)),
        Depends(context.need(Permission.SYSTEM_MANAGE)),
    )
    switch = context.gate.switch

    @router.get("/api/proxy/status", dependencies=[may_read])
    async def status(request: Request) -> ServiceStatus:
        port = own_port(request)
        proxy = context.gate.settings().models.proxy
        return ServiceStatus(
            running=switch.running,
            port=port,
            base_url=f"http://127.0.0.1:{port}",
            url=masked({"url": proxy.reveal()})["url"] if proxy else "",
            active_accounts=context.active_accounts(),
            auto_start=switch.auto_start,
        )

    @router.post("/api/proxy/start", dependencies=[may_change])
    async def start() -> Done:
        await switch.turn(True)
        return Done(running=True)

    @router.post("/api/proxy/stop", dependencies=[may_change])
    async def stop() -> Done:
        await switch.turn(False)
        return Done(running=False)

    @router.post("/api/proxy/api-key/generate", dependencies=[may_read])
    async def generate() -> str:
        """A fresh key in the contract's form, kept nowhere: whoever wants it saves it in the configuration."""
        return "sk-" + hashlib.sha256(context.gate.randomness.new_token().encode()).hexdigest()[:32]


def own_port(request: Request) -> int:
    """The port that the request came in by."""
    server = request.scope.get("server")
    return int(server[1]) if server and server[1] else 0

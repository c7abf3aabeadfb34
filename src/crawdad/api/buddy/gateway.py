"""`POST /v1/gateway/start|stop|restart` and where its panel is: `GET /v1/openclaw/dashboard-url`."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from crawdad.api.buddy.bodies import body_of, has_body
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import accepted, success
from crawdad.api.management.contract_route import language_of
from crawdad.api.management.cookies import is_over_tls
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.lifecycle import Action


def gateway_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    def add(action: Action) -> None:
        @router.post(f"/v1/gateway/{action}")
        async def order(request: Request, principal: Principal = may_manage) -> JSONResponse:
            """A task, whatever the body says."""
            task = await context.lifecycle_orders.order(action, principal.name)
            return accepted(Text(f"buddy.gateway.{action}").render(language_of(request)), task.id)

    for action in get_args(Action):
        add(action)

    @router.post("/v1/system/restart")
    async def restart(request: Request, principal: Principal = may_manage) -> JSONResponse:
        """What is inside the gateway, as `gateway/restart`: the process and its panel stay."""
        task = await context.lifecycle_orders.order("restart", principal.name)
        return accepted(Text("buddy.gateway.restart").render(language_of(request)), task.id)

    @router.post("/v1/system/upgrade")
    async def upgrade(request: Request, principal: Principal = may_manage) -> JSONResponse:
        """`{version?}`: to the newest version, fetched, verified and rehearsed, with the way back; 400 for any other."""
        version = (await body_of(request)).get("version") if has_body(request) else None
        newest = (await context.updates.known()).latest
        if version is not None and (not isinstance(version, str) or version.removeprefix("v") != newest):
            raise bad_request("buddy.other_version", "version", newest=newest or context.updates.version)
        task = await context.update_orders.run(principal.id)
        return accepted(Text("buddy.accepted").render(language_of(request)), task.id)

    @router.get("/v1/openclaw/dashboard-url", dependencies=[may_read])
    async def dashboard(request: Request) -> dict[str, Any]:
        """The gateway as the client reached it. No credential is part of it."""
        scheme = "https" if is_over_tls(request) else "http"
        return success({"url": f"{scheme}://{request.url.netloc}/"})

"""`/api/accounts/oauth/*`, `/api/auth/url` and `/auth/callback`: signing in with the operator's own OAuth client."""

# Annotations are read where they stand: they name the guards of this contract, which are no globals.

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from crawdad.api.management.contract_route import language_of
from crawdad.api.opsclaw.accounts import shape_of
from crawdad.api.opsclaw.callback_page import callback_page
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.secret import mask
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.flows import Flow, Wish

_LONGEST = 200
_Word = Annotated[str, Field(min_length=1, max_length=_LONGEST)]


class _Asked(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class WishBody(_Asked):
    """What the account shall be; everything may be left out."""

    project: _Word | None = None
    location: _Word | None = None
    provider: _Word | None = None
    name: _Word | None = None

    def wish(self) -> Wish:
        """The same for the service."""
        return Wish(self.project, self.location, self.provider, self.name)


class StartBody(WishBody):
    """`wait`: answer only when the account was added. `redirect`: to a port of this machine, or to the gateway's page."""

    wait: bool = False
    redirect: Literal["loopback", "web"] = "loopback"


class FlowBody(_Asked):
    """Which flow: the one under way where no state is given."""

    state: _Word | None = None
    wait: bool = True


class CodeBody(_Asked):
    """A code, or the whole address that the browser was sent to."""

    code: Annotated[str, Field(min_length=1, max_length=8192)]
    state: _Word | None = None


class _Views:
    """What the routes answer."""

    def __init__(self, context: OpsClaw) -> None:
        self._context = context

    async def account(self, flow: Flow) -> dict[str, Any]:
        """The account of a flow that is over. Raises what it failed with."""
        if flow.account_id is None:
            problem = flow.problem or Text("oauth.interrupted")
            raise GatewayError(ErrorKind.BAD_REQUEST, problem, {"code": f"oauth_{flow.status}"})
        services = self._context.accounts
        return dict(await shape_of(services, await services.registry.get(flow.account_id)))

    async def flow(self, flow: Flow, wait: bool) -> dict[str, Any]:
        """The flow as it is, or (`wait`) the account once there is one."""
        return await self.account(await self._context.sign_ins.wait(flow)) if wait else self.pending(flow)

    def pending(self, flow: Flow) -> dict[str, Any]:
        """How a flow is told. `expires_in` is in seconds."""
        shown: dict[str, Any] = {
            "url": flow.url,
            "state": flow.state,
            "redirect_uri": flow.redirect_uri or None,
            "expires_in": max(0, int(flow.expires_at - self._context.gate.clock.now())),
            "status": flow.status,
            "method": flow.method,
        }
        if flow.device is not None:
            shown |= {
                "user_code": flow.device.user_code,
                "verification_url": flow.device.verification_url,
                "verification_uri": flow.device.verification_url,
                "verification_uri_complete": flow.device.complete_url,
                "interval": flow.device.interval,
            }
        return shown


def oauth_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    _begin_routes(router, context)
    _end_routes(router, context)


def _begin_routes(router: APIRouter, context: OpsClaw) -> None:
    sign_ins, views = context.sign_ins, _Views(context)
    Manager = Annotated[Principal, Depends(context.need(Permission.ACCOUNTS_MANAGE))]

    @router.post("/api/accounts/oauth/prepare")
    async def prepare(by: Manager, body: Annotated[WishBody | None, Body()] = None) -> dict[str, Any]:
        return views.pending(await sign_ins.prepare(by, _wish(body)))

    @router.post("/api/accounts/oauth/start")
    async def start(request: Request, by: Manager, body: Annotated[StartBody | None, Body()] = None) -> dict[str, Any]:
        asked = body or StartBody()
        if asked.redirect == "web":
            flow = await sign_ins.start_web(_callback_uri(request, context), by, _wish(body))
        else:
            flow = await sign_ins.prepare(by, _wish(body))
        return await views.flow(flow, asked.wait)

    @router.post("/api/accounts/oauth/device")
    async def device(by: Manager, body: Annotated[StartBody | None, Body()] = None) -> dict[str, Any]:
        return await views.flow(await sign_ins.start_device(by, _wish(body)), body is not None and body.wait)

    @router.get("/api/auth/url")
    async def url(request: Request, by: Manager) -> dict[str, Any]:
        return views.pending(await sign_ins.start_web(_callback_uri(request, context), by))

    @router.get("/api/accounts/oauth/clients", dependencies=[Depends(context.need(Permission.ACCOUNTS_READ))])
    async def clients(request: Request) -> dict[str, Any]:
        settings = sign_ins.provider.settings
        client = {
            "id": "google",
            "name": "Google",
            "configured": bool(settings.client_id),
            "client_id": mask(settings.client_id) if settings.client_id else None,
            "has_secret": bool(settings.client_secret),
            "scopes": list(settings.scopes),
            "project": settings.project,
            "redirect_uri": _callback_uri(request, context),
        }
        return {"clients": [client], "active": "google" if settings.client_id else None}


def _end_routes(router: APIRouter, context: OpsClaw) -> None:
    sign_ins, views = context.sign_ins, _Views(context)
    Manager = Annotated[Principal, Depends(context.need(Permission.ACCOUNTS_MANAGE))]

    @router.post("/api/accounts/oauth/complete")
    async def complete(by: Manager, body: Annotated[FlowBody | None, Body()] = None) -> dict[str, Any]:
        asked = body or FlowBody()
        flow = await sign_ins.status(asked.state) if asked.state else await sign_ins.waiting()
        if flow is None:
            raise GatewayError(ErrorKind.CONFLICT, Text("oauth.no_flow"), {"code": "no_flow"})
        return await views.flow(flow, asked.wait)

    @router.post("/api/accounts/oauth/cancel")
    async def cancel(by: Manager, body: Annotated[FlowBody | None, Body()] = None) -> dict[str, Any]:
        return {"success": True, "cancelled": await sign_ins.cancel(body.state if body else None)}

    @router.post("/api/accounts/oauth/submit-code")
    async def submit_code(by: Manager, body: CodeBody) -> dict[str, Any]:
        flow = await sign_ins.submit(body.code, body.state)
        return {"success": True, "status": flow.status, "account": await views.account(flow)}

    @router.get("/api/accounts/oauth/status")
    async def status(
        request: Request, by: Manager, state: Annotated[str, Query(max_length=_LONGEST)]
    ) -> dict[str, Any]:
        flow = await sign_ins.status(state)
        shown = views.pending(flow)
        if flow.account_id is not None:
            shown |= {"account_id": flow.account_id, "account": await views.account(flow)}
        shown["error"] = flow.problem.render(language_of(request)) if flow.problem else None
        return shown

    @router.get("/auth/callback", include_in_schema=False)
    async def callback(request: Request) -> Response:
        status_code, headers, page = callback_page(await sign_ins.callback(request.query_params))
        return Response(page, status_code, dict(headers))


def _wish(body: WishBody | None) -> Wish | None:
    """What the account shall be; None where nobody said."""
    return body.wish() if body is not None and body.model_fields_set & WishBody.model_fields.keys() else None


def _callback_uri(request: Request, context: OpsClaw) -> str:
    """Where the consent page sends browsers back to: the public address, or the one that this request came to."""
    public = context.sign_ins.provider.settings.public_url
    if public:
        return public.rstrip("/") + "/auth/callback"
    told = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    scheme = told if told in ("http", "https") else request.url.scheme
    host = request.headers.get("host") or f"localhost:{context.gate.settings().gateway.port}"
    return f"{scheme}://{host}/auth/callback"

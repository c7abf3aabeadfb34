"""`/api/mcp/servers`: the servers whose tools agents use, and signing in to them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from crawdad.api.console.context import Console
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission, Principal
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.core.text import Language
from crawdad.services.mcp.desk import McpDesk
from crawdad.services.mcp.logins import LoginState, McpLogin
from crawdad.services.mcp.server import McpServer

ServerState = Literal["off", "idle", "ready", "failed"]
Name = Annotated[str, Path(max_length=200)]


class LoginTold(BaseModel):
    """A sign-in. A person opens `url`; the browser then comes back to `redirect_uri`. Times are Unix seconds; `error`: what it
    failed of."""

    id: str
    server: str
    url: str
    redirect_uri: str
    expires_at: float
    state: LoginState
    error: str | None


class ServerTold(BaseModel):
    """A server. `address` is where it is spoken to, without what may be secret in it: scheme, host and path, or the program.

    `state`: off (switched off), idle (nobody has needed it yet in this process), ready, failed (`error` says of what).
    """

    name: str
    transport: Literal["http", "stdio"]
    address: str
    enabled: bool
    state: ServerState
    error: str | None
    tools: list[str]
    signed_in: bool
    login: LoginTold | None


class ServersTold(BaseModel):
    """The servers, by name."""

    servers: list[ServerTold]


class Pasted(BaseModel):
    """The address that the browser was sent to, or the code in it."""

    model_config = ConfigDict(extra="forbid")

    pasted: str = Field(min_length=1, max_length=8000)


def mcp_routes(router: APIRouter, context: Console, desk: McpDesk) -> None:
    """Add the routes."""
    manager = Depends(context.need(Permission.AGENTS_MANAGE))
    logins = desk.logins

    async def told(name: str, settings: McpServerSettings, language: Language) -> ServerTold:
        server = next((one for one in desk.servers.state if one.id == name and one.settings == settings), None)
        login = logins.newest(name)
        return ServerTold(
            name=name,
            transport="http" if settings.url else "stdio",
            address=_address(settings),
            enabled=settings.enabled,
            state=_state(settings, server),
            error=server.problem.message(language) if server is not None and server.problem is not None else None,
            tools=sorted(server.tools) if server is not None and server.ready else [],
            signed_in=bool(settings.url) and await logins.is_signed_in(name),
            login=_login(login, language) if login is not None else None,
        )

    @router.get("/api/mcp/servers")
    async def list_servers(request: Request, by: Principal = manager) -> ServersTold:
        language = language_of(request)
        return ServersTold(servers=[await told(*each, language) for each in sorted(desk.settings().items())])

    @router.get("/api/mcp/servers/{name}")
    async def read_server(name: Name, request: Request, by: Principal = manager) -> ServerTold:
        return await told(name, logins.need(name), language_of(request))

    @router.post("/api/mcp/servers/{name}/login", status_code=201)
    async def begin_login(name: Name, request: Request, by: Principal = manager) -> LoginTold:
        return _login(await logins.begin(name), language_of(request))

    @router.post("/api/mcp/servers/{name}/login/paste")
    async def paste_login(name: Name, pasted: Pasted, request: Request, by: Principal = manager) -> LoginTold:
        logins.need(name)
        return _login(await logins.paste(name, pasted.pasted), language_of(request))

    @router.delete("/api/mcp/servers/{name}/login", status_code=204)
    async def logout(name: Name, by: Principal = manager) -> Response:
        logins.need(name)
        await logins.forget(name)
        return Response(status_code=204)


def _state(settings: McpServerSettings, server: McpServer | None) -> ServerState:
    if not settings.enabled:
        return "off"
    if server is None:
        return "idle"
    return "ready" if server.ready else "failed" if server.problem is not None else "idle"


def _address(settings: McpServerSettings) -> str:
    if not settings.url:
        return settings.command or ""
    parts = urlsplit(settings.url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _login(login: McpLogin, language: Language) -> LoginTold:
    return LoginTold(
        id=login.id,
        server=login.server,
        url=login.url if login.state == "waiting" else "",
        redirect_uri=login.redirect_uri,
        expires_at=login.expires_at,
        state=login.state,
        error=None if login.problem is None else login.problem.message(language),
    )

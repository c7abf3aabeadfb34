"""`/api/console/session`: signing in to the web console, who is signed in, signing out.

The token becomes a session: a cookie that no script can read, and the proof (`csrf`) that a change has to carry in
`x-crawdad-csrf`. Neither stands in an address.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from crawdad import __version__
from crawdad.api.console.context import Console
from crawdad.api.management.access import principal_of
from crawdad.api.management.cookies import set_session_cookie
from crawdad.api.page_session import COOKIE
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.identity.panel_tokens import LIFETIME_SECONDS, SignedIn

_PATH = "/api/console/session"


class SignIn(BaseModel):
    """A token or key of Crawdad's."""

    model_config = ConfigDict(extra="forbid")
    token: Annotated[str, Field(min_length=1, max_length=512)]


class PrincipalTold(BaseModel):
    """Who is signed in, and what he may do."""

    id: str
    name: str
    permissions: list[str]


class SessionTold(BaseModel):
    """The session. `csrf` is empty, and `expiresAt` (Unix seconds) null, where none is needed: nobody is asked for a token, or
    a proxy says who comes. `language`: the one that is configured, where one is."""

    principal: PrincipalTold
    csrf: str
    expiresAt: float | None
    language: str | None
    version: str


def session_routes(router: APIRouter, context: Console) -> None:
    """Add the routes."""
    gate, pages = context.gate, context.pages
    door, tokens = gate.door, pages.tokens
    anybody = Depends(context.need(Permission.SYSTEM_READ))

    @router.post(_PATH)
    async def sign_in(wanted: SignIn, request: Request, response: Response) -> SessionTold:
        address = request.state.address
        try:
            principal = door.enter(wanted.token.strip(), address)
            principal.need(Permission.SYSTEM_READ)
        except GatewayError as error:
            if error.kind is ErrorKind.UNAUTHENTICATED:
                note("activity.sign_in_failed", address=address)
            raise
        token = await tokens.issue(principal)
        set_session_cookie(response, request, COOKIE, token, LIFETIME_SECONDS)
        note("activity.signed_in", principal=principal.id, address=address)
        return await told(await tokens.read(token, address))

    @router.get(_PATH)
    async def read_session(request: Request, response: Response) -> SessionTold:
        response.headers["cache-control"] = "no-store"
        signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
        return await told(signed_in or principal_of(door, request))

    @router.delete(_PATH, status_code=204)
    async def sign_out(request: Request, by: Principal = anybody) -> Response:
        signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
        if signed_in is not None:
            await pages.ended.end(signed_in)
            note("activity.signed_out", principal=by.id, address=request.state.address)
        response = Response(status_code=204)
        set_session_cookie(response, request, COOKIE, "", 0)
        return response

    def note(key: str, **values: object) -> None:
        pages.activity.system(Text(key, values), "system.sign_in")

    async def told(found: SignedIn | Principal) -> SessionTold:
        signed_in = found if isinstance(found, SignedIn) else None
        principal = found.principal if isinstance(found, SignedIn) else found
        language = gate.settings().language
        return SessionTold(
            principal=PrincipalTold(id=principal.id, name=principal.name, permissions=sorted(principal.permissions)),
            csrf="" if signed_in is None else await tokens.proof(signed_in),
            expiresAt=None if signed_in is None else signed_in.expires_at,
            language=None if language == "auto" else language,
            version=__version__,
        )

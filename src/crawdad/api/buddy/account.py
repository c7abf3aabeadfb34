"""`/v1/auth/*`: who is signed in, signing out, and tickets for sockets."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.access import COOKIE
from crawdad.api.buddy.bodies import body_of, has_body
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.sockets import ANY_SOCKET
from crawdad.api.management.access import credentials_of
from crawdad.api.management.cookies import set_session_cookie
from crawdad.core.errors import bad_request
from crawdad.core.identity import EVERYTHING, Permission, Principal
from crawdad.services.identity.tickets import TICKET_SECONDS


def account_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    tokens = context.access.tokens
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    anybody = Depends(context.access.need())

    @router.get("/v1/auth/me")
    async def me(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        """There are no users beside the holders of credentials, and no bots that belong to one."""
        response.headers["cache-control"] = "no-store"
        return success(
            {
                "is_superadmin": principal.permissions >= EVERYTHING,
                "id": principal.id,
                "username": principal.name,
                "real_name": principal.name,
                "remark": "",
                "role_keys": [principal.kind],
                "permissions": sorted(principal.permissions),
                "bot_ids": [],
                "login_type": "api_token" if principal.kind == "api_key" else "token",
            }
        )

    @router.post("/v1/auth/logout", dependencies=[anybody])
    async def logout(request: Request, response: Response) -> dict[str, Any]:
        """The session whose token was sent is over at once, everywhere, and the cookie goes."""
        for token in credentials_of(request):
            if tokens.looks_like_one(token):
                await context.ended.end(await tokens.read(token, request.state.address))
        set_session_cookie(response, request, COOKIE, "", 0)
        return success({"status": "success"})

    @router.post("/v1/auth/ticket")
    async def ticket(request: Request, response: Response) -> dict[str, Any]:
        """What opens a socket in place of a token, once, within a minute; with `path` in the body that one alone."""
        signed_in = await context.access.signed_in(request)
        made = await context.tickets.issue(signed_in, await _path_in(request))
        response.headers["cache-control"] = "no-store"
        return success({"ticket": made, "expires_in": TICKET_SECONDS})


async def _path_in(request: Request) -> str:
    """Where the ticket leads to: any socket, unless the body (which may be missing) says otherwise. Raises BAD_REQUEST."""
    if not has_body(request):
        return ANY_SOCKET
    path = (await body_of(request)).get("path", ANY_SOCKET)
    if not isinstance(path, str):
        raise bad_request("panel.ticket_path", "path")
    return path

"""`POST /login`: a credential for a session of a week, as a cookie and as a token to be sent in the header."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from crawdad.api.buddy.access import COOKIE
from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.management.cookies import set_session_cookie
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.identity.panel_tokens import LIFETIME_SECONDS

_MOST_BYTES = 16 * 1024


def sign_in_routes(router: APIRouter, context: Buddy) -> None:
    """Add the route."""
    door, tokens = context.access.door, context.access.tokens

    @router.post("/login")
    async def login(request: Request, response: Response) -> dict[str, Any]:
        given = await _token_in(request)
        try:
            principal = door.enter(given, request.state.address)
        except GatewayError as error:
            if error.kind is not ErrorKind.UNAUTHENTICATED:
                raise
            raise GatewayError(
                ErrorKind.UNAUTHENTICATED, Text("buddy.invalid_token"), {"code": "invalid_token"}
            ) from None
        principal.need(Permission.SYSTEM_READ)
        token = await tokens.issue(principal)
        set_session_cookie(response, request, COOKIE, token, LIFETIME_SECONDS)
        return success({"status": "success", "token": token, "login_type": "token", "username": principal.name})


async def _token_in(request: Request) -> str | None:
    """The token; None where none is said. Raises as `body_of`."""
    token = (await body_of(request, _MOST_BYTES)).get("token")
    return token if isinstance(token, str) else None

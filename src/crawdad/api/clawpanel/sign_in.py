"""`POST /api/auth/login`: an administrator's token for a JWT that holds for a week."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text


def sign_in_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""
    door, tokens = context.access.door, context.access.tokens

    def note(key: str, values: dict[str, object]) -> None:
        context.activity.system(Text(key, values), "system.sign_in")

    @router.post("/api/auth/login")
    async def login(request: Request, response: Response) -> dict[str, Any]:
        given = (await body_of(request)).get("token")
        try:
            principal = door.enter(given if isinstance(given, str) else None, request.state.address)
        except GatewayError as error:
            if error.kind is not ErrorKind.UNAUTHENTICATED:
                raise
            note("activity.sign_in_failed", {"address": request.state.address})
            raise GatewayError(
                ErrorKind.UNAUTHENTICATED, Text("panel.wrong_password"), {"code": "invalid_token"}
            ) from None
        principal.need(Permission.SYSTEM_READ)
        response.headers["cache-control"] = "no-store"
        note("activity.signed_in", {"principal": principal.id, "address": request.state.address})
        return {"ok": True, "token": await tokens.issue(principal)}

"""`/v1/openclaw/chat/*`: talking to models and agents as whoever signed in, and whether that is to be had."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.paths import CHAT
from crawdad.api.call import Call, Receive, Scope, Send
from crawdad.api.management.contract_route import language_of
from crawdad.api.openai.routes import CHAT as DIALECT
from crawdad.api.speaking import Gate, speak
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text

_ENABLE = {"gateway": {"http": {"endpoints": {"chatCompletions": {"enabled": True}}}}}


def chat_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    gate = context.gate
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))
    speaker = Depends(context.access.need(Permission.MODELS_USE))

    @router.post(CHAT)
    async def completions(request: Request, principal: Principal = speaker) -> Response:
        """As `POST /v1/chat/completions`, in its own words and without the envelope; the session is the credential."""
        need_models(context, principal)
        return _Spoken(gate, request, principal)

    @router.get("/v1/openclaw/chat/status", dependencies=[may_read])
    async def status() -> dict[str, Any]:
        return success({"enabled": gate.settings().gateway.http.endpoints.chat_completions.enabled})

    @router.post("/v1/openclaw/chat/enable", dependencies=[may_write])
    async def enable(request: Request) -> dict[str, Any]:
        await context.configuration.change(_ENABLE)
        return success({"status": "success", "message": Text("buddy.chat_on").render(language_of(request))})


def need_models(context: Buddy, principal: Principal) -> None:
    """Raise what keeps `principal` from models: UNAVAILABLE while they are not served, FORBIDDEN for a token that administers
    alone (as everywhere models are used; 401 would sign the panel out)."""
    context.need_inside()
    context.gate.switch.check()
    if principal.kind == "admin":
        raise GatewayError(ErrorKind.FORBIDDEN, Text("identity.admin_only"), {"code": "forbidden"})


class _Spoken(Response):
    """The answer of the route of models, sent by that route itself: a stream goes out as it comes in."""

    def __init__(self, gate: Gate, request: Request, principal: Principal) -> None:
        super().__init__()
        self._gate = gate
        self._principal = principal
        self._state = request.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the request and answer it."""
        call = Call(scope, receive, send, self._state.id)
        call.address = self._state.address
        call.default_language = self._state.language
        await speak(call, self._gate, DIALECT, principal=self._principal)

"""`POST /api/wechat/callback`: what the bridge to WeChat posts. The channel judges who comes, before a byte of the body is
read, and says what the bridge is told; here is only the way to it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from crawdad.api.clawpanel.bodies import raw_body
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.downstream import language_of
from crawdad.api.clawpanel.errors import write_error
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.text import Text
from crawdad.services.chat_accounts.wechat import BRIDGE

MOST_BYTES = 20 * 1024 * 1024
"""A post and the file in it."""
MOST_AT_ONCE = 4


def wechat_callback_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""
    taken = 0

    @router.post("/api/wechat/callback")
    async def callback(request: Request) -> Response:
        nonlocal taken
        try:
            refused = await _pass_on(context, request, "HEAD", b"")
            if refused is not None and refused.status == 204:
                if taken >= MOST_AT_ONCE:
                    raise GatewayError(ErrorKind.UNAVAILABLE, Text("panel.busy"), retry_after=1)
                taken += 1
                try:
                    refused = await _pass_on(context, request, "POST", await raw_body(request, MOST_BYTES))
                finally:
                    taken -= 1
        except GatewayError as error:
            status, body = write_error(error, language_of(request))
            return JSONResponse({"success": False, **body}, status)
        if refused is None:
            return JSONResponse({"success": False, "ok": False, "error": "not found"}, 404)
        return Response(refused.body, refused.status, media_type=refused.media_type)


async def _pass_on(context: ClawPanel, request: Request, method: str, body: bytes) -> PluginAnswer | None:
    access = context.chats
    account = access.running(BRIDGE).account
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = PluginRequest(method, "", dict(request.query_params), headers, body, request.state.address)
    return await access.host.webhook(account.channel, account.name, told)

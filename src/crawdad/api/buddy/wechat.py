"""`/v1/wechat/*`: signing WeChat in by QR code, and how the channels stand. WeChat is a channel of Crawdad's own: there is
nothing to be downloaded, so that to install it is to turn it on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import accepted, success
from crawdad.api.management.contract_route import language_of
from crawdad.api.management.errors import status_of
from crawdad.api.speaking import STREAM_HEADERS
from crawdad.core.channels import ChannelKind
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.secret import mask
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Language, Text
from crawdad.services.channels.views import AccountView
from crawdad.services.chat_accounts.weixin_sign_in import SUCCEEDED, WEIXIN, Scan

PING_SECONDS = 15.0
_STATES = {"qr": "waiting", "scanned": "scanned", "need_code": "need_code", "connected": "confirmed"}
_TRUE = ("1", "true", "yes")
_CODE = re.compile(r"[0-9]{1,12}\Z", re.ASCII)


def wechat_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    _sign_in_routes(router, context)
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    writer = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get("/v1/wechat/config/status", dependencies=[may_read])
    async def status() -> dict[str, Any]:
        context.need_inside()
        host = context.chats.host
        views = await host.view()
        rows = [_channel(kind, host.is_configured(kind.id), views) for kind in host.kinds]
        return success({"data": rows, "updated_at": _moment(context.gate.clock.now())})

    @router.get("/v1/wechat/plugin/status", dependencies=[may_read])
    async def plugin() -> dict[str, Any]:
        """WeChat's plugin, which comes along."""
        listed = await context.plugins().listed()
        found = next((each for each in listed if each["id"] == WEIXIN), None)
        told = {"status": found["status"], "version": found["version"]} if found else {"status": "", "version": ""}
        return success({"installed": found is not None, **told, "last_check": _moment(context.gate.clock.now())})

    @router.post("/v1/wechat/install", status_code=202)
    async def install(request: Request, principal: Principal = writer) -> Response:
        async def work(_report: Report) -> JsonObject:
            switched = await context.channel_switch.turn(WEIXIN, True)
            return {"channel": switched.channel, "enabled": True}

        order = TaskOrder("plugins.install", Text("buddy.install_wechat"), WEIXIN, f"install {WEIXIN}", principal.id)
        task = await context.tasks.start(order, work)
        return accepted(Text("buddy.accepted").render(language_of(request)), task.id)


def _sign_in_routes(router: APIRouter, context: Buddy) -> None:
    sign_in = context.weixin_sign_in
    manager = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get("/v1/wechat/qrcode")
    async def qrcode(request: Request, response: Response, principal: Principal = manager) -> Any:
        """The code once, or all that becomes of it where a stream is asked for. The sign-in goes on without either."""
        context.need_inside()
        query = request.query_params
        scan, cached = await sign_in.begin(principal.id, force=query.get("force", "").lower() in _TRUE)
        if query.get("stream", "").lower() in _TRUE or "text/event-stream" in request.headers.get("accept", ""):
            events = _events(scan, cached, language_of(request))
            headers = {**STREAM_HEADERS, "cache-control": "no-store"}
            return StreamingResponse(events, headers=headers, media_type="text/event-stream")
        if scan.step.state in SUCCEEDED:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("buddy.nothing_to_scan"), {"code": "already_signed_in"})
        response.headers["cache-control"] = "no-store"
        return success(_code(scan, cached))

    @router.post("/v1/wechat/qrcode", dependencies=[manager])
    async def typed(request: Request) -> dict[str, Any]:
        """`{code}`: the number that the phone shows, where the sign-in asks for it."""
        code = (await body_of(request)).get("code")
        if not isinstance(code, str | int) or not _CODE.match(str(code)):
            raise GatewayError(
                ErrorKind.BAD_REQUEST, Text("buddy.no_number", {"field": "code"}), {"code": "invalid_request"}
            )
        await sign_in.type(str(code))
        return success({"status": "success"})


def _code(scan: Scan, cached: bool) -> dict[str, Any]:
    return {"qrcode_url": scan.shown, "cached": cached, "expires_at": _moment(scan.expires_at)}


async def _events(scan: Scan, cached: bool, language: Language) -> AsyncIterator[bytes]:
    """What becomes of a sign-in, from where it stands."""
    shown, count = "", max(0, len(scan.steps) - 1)
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                steps = await scan.after(count)
        except TimeoutError:
            yield b": ping\n\n"
            continue
        count += len(steps)
        for step in steps:
            if scan.shown and scan.shown != shown:
                cached, shown = cached and not shown, scan.shown
                yield _event("qrcode", _code(scan, cached))
            if step.state in _STATES:
                yield _event("status", {"state": _STATES[step.state]})
        if scan.over and count >= len(scan.steps):
            break
    if scan.step.state in SUCCEEDED:
        yield _event("done", {"ok": True, "alreadyConnected": scan.step.state == "already"})
        return
    if scan.step.state == "expired":
        yield _event("status", {"state": "expired"})
    error = scan.error or GatewayError(
        ErrorKind.CONFLICT, Text("buddy.not_signed_in", {"state": scan.step.state}), {"code": scan.step.state}
    )
    yield _event("error", {"code": status_of(error), "message": error.message(language)})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


def _channel(kind: ChannelKind, configured: bool, views: Sequence[AccountView]) -> dict[str, Any]:
    own = [view for view in views if view.account.channel == kind.id]
    identifiers = [str(getattr(view.settings, "app_id", "") or view.status.identity) for view in own]
    return {
        "name": kind.id,
        "configured": configured,
        "enabled": any(view.status.enabled for view in own),
        "appId": next((mask(each) for each in identifiers if each), ""),
        "accounts": [
            {"id": view.account.name, "state": view.state, "connected": view.state == "connected"} for view in own
        ],
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""`/api/wechat/*`: how WeChat is, signing it in, and what an operator says through it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.downstream import failed, field
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.services.chat_accounts.wechat import Receiver
from crawdad.wire.qr import qr_data_uri, qr_png

LOGIN_QR = "/api/wechat/login-qr"
_MOST_TEXT = 20_000
_MOST_URL = 8192


def wechat_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    _sign_in_routes(router, context)
    _sending_routes(router, context)
    _config_routes(router, context)


def _sign_in_routes(router: APIRouter, context: ClawPanel) -> None:
    wechat = context.wechat
    may_read = [Depends(context.access.need(Permission.SYSTEM_READ))]
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))
    may_look = Depends(context.access.need(Permission.SYSTEM_MANAGE, by_query=True))

    @router.get("/api/wechat/status", dependencies=may_read)
    async def status() -> dict[str, Any]:
        state = await wechat.state()
        return {"ok": True, "connected": state.connected, "loggedIn": state.signed_in, "name": state.name}

    @router.get("/api/wechat/login-url")
    async def login_url(request: Request, response: Response, principal: Principal = may_manage) -> Any:
        """The bridge's own page would show its token in the address: this names our picture of the code instead."""
        response.headers["cache-control"] = "no-store"
        told = {"ok": True, "externalUrl": f"{str(request.base_url).rstrip('/')}{LOGIN_QR}", "internalUrl": LOGIN_QR}
        try:
            step = await wechat.code(principal.id)
        except GatewayError as error:
            return failed(request, error, 200, externalUrl=told["externalUrl"], internalUrl=LOGIN_QR)
        if step.qr:
            return {**told, "loggedIn": False, "state": step.state, "qrcode": qr_data_uri(step.qr)}
        return {**told, "loggedIn": step.state in ("already", "connected"), "name": step.identity}

    @router.get(LOGIN_QR)
    async def login_qr(request: Request, principal: Principal = may_look) -> Response:
        """The code as a PNG; 409 where nothing is to be scanned."""
        try:
            step = await wechat.code(principal.id)
        except GatewayError as error:
            return failed(request, error, 502 if error.kind is not ErrorKind.NOT_FOUND else 404)
        if not step.qr:
            signed_in = step.state in ("already", "connected")
            return JSONResponse({"ok": False, "error": step.state, "loggedIn": signed_in}, 409)
        headers = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}
        return Response(qr_png(step.qr), 200, headers, "image/png")


def _sending_routes(router: APIRouter, context: ClawPanel) -> None:
    wechat = context.wechat
    may_manage = [Depends(context.access.need(Permission.SYSTEM_MANAGE))]

    @router.post("/api/wechat/send", dependencies=may_manage)
    async def send(request: Request) -> Any:
        body = await body_of(request)
        to, room = _receiver(body)
        content = body.get("content")
        if not isinstance(content, str) or not content or len(content) > _MOST_TEXT:
            raise field("content", f"1–{_MOST_TEXT} characters")
        try:
            return {"ok": True, "result": await wechat.send(to, content, room=room)}
        except GatewayError as error:
            return failed(request, error, 500)

    @router.post("/api/wechat/send-file", dependencies=may_manage)
    async def send_file(request: Request) -> Any:
        body = await body_of(request)
        to, room = _receiver(body)
        url = body.get("fileUrl")
        if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")) or len(url) > _MOST_URL:
            raise field("fileUrl", "http:// | https://")
        try:
            return {"ok": True, "result": await wechat.send_files(to, url, room=room)}
        except GatewayError as error:
            return failed(request, error, 400 if error.kind is ErrorKind.BAD_REQUEST else 500)


def _config_routes(router: APIRouter, context: ClawPanel) -> None:
    """The section `wechat` of the panel's own settings, which is a view on `channels.wechat`: in effect at once."""
    keeper = context.admin_config
    may_read = [Depends(context.access.need(Permission.CONFIG_READ))]
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get("/api/wechat/config", dependencies=may_read)
    async def config() -> dict[str, Any]:
        return {"ok": True, "config": (await keeper.read())["wechat"]}

    @router.put("/api/wechat/config")
    async def save(request: Request, principal: Principal = may_write) -> dict[str, Any]:
        saved = await keeper.save({"wechat": await body_of(request)}, principal)
        return {"ok": True, "changed": list(saved.changed)}


def _receiver(body: dict[str, Any]) -> tuple[Receiver, bool]:
    """Whom it goes to: a name, `{"alias": …}`, or with `isRoom` the topic of a group. Raises BAD_REQUEST."""
    to, room = body.get("to"), body.get("isRoom", False)
    if not isinstance(room, bool):
        if room not in ("true", "false", "1", "0", 1, 0):
            raise field("isRoom", "true | false")
        room = room in ("true", "1", 1)
    if isinstance(to, dict) and isinstance(to.get("alias"), str) and to["alias"] and not room:
        return {"alias": to["alias"]}, False
    if not isinstance(to, str) or not to.strip() or len(to) > 200:
        raise field("to", "a name" if room else 'a name | {"alias": …}')
    return to.strip(), room

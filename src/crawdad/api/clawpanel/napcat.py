"""`/api/napcat/*`: signing QQ in and out. `ok` says that NapCat has answered; what it said is in `code`, `data` and
`message`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.downstream import failed, language_of
from crawdad.core.errors import GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.chat_accounts.qq_sign_in import NapcatReply, QQSignIn, password_md5

Ask = Callable[[dict[str, Any]], Awaitable[NapcatReply]]
_LONGEST = 8192
_WITH_BODY = (
    "quick-login",
    "password-login",
    "captcha-login",
    "new-device-qrcode",
    "new-device-poll",
    "new-device-login",
)


def napcat_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    qq = context.qq_sign_in
    may_manage = [Depends(context.access.need(Permission.SYSTEM_MANAGE))]

    def add(method: str, path: str, ask: Ask) -> None:
        async def answer(request: Request, response: Response) -> Any:
            response.headers["cache-control"] = "no-store"
            body = await body_of(request)
            try:
                return _told(await ask(body), request)
            except GatewayError as error:
                return failed(request, error, 200)

        router.add_api_route(f"/api/napcat/{path}", answer, methods=[method], dependencies=may_manage, name=path)

    add("POST", "login-status", lambda _: qq.status())
    add("POST", "qrcode", lambda _: qq.code())
    add("POST", "qrcode/refresh", lambda _: qq.new_code())
    add("GET", "quick-login-list", lambda _: qq.quick_accounts())
    add("GET", "login-info", lambda _: qq.info())
    for name in _WITH_BODY:
        add("POST", name, partial(_asked, qq, name))

    @router.post("/api/napcat/logout", dependencies=may_manage)
    async def logout(request: Request) -> Any:
        try:
            cleared = await qq.log_out()
        except GatewayError as error:
            return failed(request, error, 200)
        words = Text("panel.logged_out" if cleared else "panel.restarting")
        return {"ok": True, "message": words.render(language_of(request)), "sessionCleared": cleared}


async def _asked(qq: QQSignIn, path: str, body: dict[str, Any]) -> NapcatReply:
    """What a route with a body wants."""

    def of(name: str) -> str:
        value = body.get(name)
        return str(value).strip()[:_LONGEST] if isinstance(value, (str, int)) and not isinstance(value, bool) else ""

    digest = password_md5(body.get("password"), body.get("passwordMd5"))
    match path:
        case "quick-login":
            return await qq.quick(of("uin"))
        case "password-login":
            return await qq.by_password(of("uin"), digest)
        case "captcha-login":
            words = of("ticket"), of("randstr"), of("sid"), of("proofWaterUrl")
            return await qq.with_captcha(of("uin"), digest, *words)
        case "new-device-qrcode":
            return await qq.device_code(of("uin"), of("jumpUrl"))
        case "new-device-poll":
            return await qq.device_state(of("uin"), of("bytesToken"))
        case _:
            return await qq.from_device(of("uin"), digest, of("newDevicePullQrCodeSig"))


def _told(reply: NapcatReply, request: Request) -> dict[str, Any]:
    language = language_of(request)

    def shown(value: Any) -> Any:
        return value.render(language) if isinstance(value, Text) else value

    told: dict[str, Any] = {"ok": True, "code": reply.code}
    if reply.code == 0:
        told["data"] = reply.data
    told["message"] = shown(reply.message)
    return {**told, **{name: shown(value) for name, value in reply.more.items()}}

"""`/api/bot/*`: what an operator has the QQ account do."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import LARGE_BYTES, body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.downstream import failed, field
from crawdad.core.errors import GatewayError
from crawdad.core.identity import Permission
from crawdad.services.chat_accounts.qq_bot import ChatType

_MOST_SEGMENTS = 500


def bot_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    bot = context.qq_bot
    may_read = [Depends(context.access.need(Permission.SYSTEM_READ))]
    may_manage = [Depends(context.access.need(Permission.SYSTEM_MANAGE))]

    @router.get("/api/bot/groups", dependencies=may_read)
    async def groups(request: Request) -> Any:
        try:
            return {"ok": True, "groups": await bot.groups()}
        except GatewayError as error:
            return failed(request, error, 200, groups=[])

    @router.get("/api/bot/friends", dependencies=may_read)
    async def friends(request: Request) -> Any:
        try:
            return {"ok": True, "friends": await bot.friends()}
        except GatewayError as error:
            return failed(request, error, 200, friends=[])

    @router.post("/api/bot/send", dependencies=may_manage)
    async def send(request: Request) -> Any:
        kind, target, message = _said(await body_of(request, LARGE_BYTES))
        try:
            identity = await bot.send(kind, target, message)
        except GatewayError as error:
            return failed(request, error, 500)
        return {"ok": True, "message_id": int(identity) if identity.lstrip("-").isdigit() else identity or None}

    @router.post("/api/bot/reconnect", dependencies=may_manage)
    async def reconnect() -> dict[str, Any]:
        return {"ok": True, "reconnecting": bot.reconnect()}


def _said(body: dict[str, Any]) -> tuple[ChatType, int, Any]:
    """Where and what. Raises BAD_REQUEST: what is wrong is never sent on."""
    kind, target, message = body.get("type"), body.get("id"), body.get("message")
    if kind not in ("private", "group"):
        raise field("type", "private | group")
    digits = str(target).strip() if isinstance(target, (int, str)) and not isinstance(target, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and int(digits) > 0):
        raise field("id", "a QQ number")
    if not _is_message(message):
        raise field("message", "segments | text")
    return cast(ChatType, kind), int(digits), message


def _is_message(message: Any) -> bool:
    if isinstance(message, str):
        return bool(message.strip())
    segments = message if isinstance(message, list) else [message]
    return 0 < len(segments) <= _MOST_SEGMENTS and all(
        isinstance(one, dict) and isinstance(one.get("type"), str) and isinstance(one.get("data", {}), dict)
        for one in segments
    )

"""`POST /api/openclaw/toggle-channel`: a channel on or off.

It counts at once, so that nothing of the gateway is started anew for it. QQ is signed out before it goes off.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.openclaw import EXTERNAL, named
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.channels.configured import DEFAULTS

_LABELS = {
    "qq": "QQ (NapCat)",
    "wechat": "微信",
    "feishu": "飞书",
    "qqbot": "QQ Bot",
    "dingtalk": "钉钉",
    "wecom": "企业微信",
}
"""The contract's names in this answer; other channels go by their id."""


def toggle_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.post("/api/openclaw/toggle-channel", dependencies=[may_write])
    async def toggle(request: Request) -> dict[str, Any]:
        given = await body_of(request)
        channel = given.get("channelId")
        if not isinstance(channel, str) or channel in ("", DEFAULTS):  # `defaults` is no channel, but what all share
            raise GatewayError(
                ErrorKind.BAD_REQUEST, Text("panel.no_channel"), {"code": "invalid_request", "param": "channelId"}
            )
        on = _flag(given.get("enabled"))
        switched = await context.channel_switch.turn(
            named(channel), on, sign_out=channel == "qq", with_plugin=channel != EXTERNAL
        )
        words = Text("panel.channel_on" if on else "panel.channel_off", {"label": _LABELS.get(channel, channel)})
        answer: dict[str, Any] = {"ok": True, "message": words.render(language_of(request))}
        if switched.not_signed_out is not None:
            answer["warning"] = switched.not_signed_out.render(language_of(request))
        return answer


def _flag(value: Any) -> bool:
    """A form says it in a word."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise GatewayError(
        ErrorKind.BAD_REQUEST,
        Text("panel.not_a_flag", {"param": "enabled"}),
        {"code": "invalid_request", "param": "enabled"},
    )

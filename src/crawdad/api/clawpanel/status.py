"""`GET /api/status`: everything a dashboard shows, within three seconds whatever is down."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.identity import Permission
from crawdad.core.settings import Settings
from crawdad.services.channels.configured import DEFAULTS
from crawdad.services.channels.figures import QQ

LABELS = {
    "qq": "QQ (NapCat)",
    "wechat": "微信",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "discord": "Discord",
    "irc": "IRC",
    "slack": "Slack",
    "signal": "Signal",
    "googlechat": "Google Chat",
    "bluebubbles": "BlueBubbles",
    "webchat": "WebChat",
    "feishu": "飞书 / Lark",
    "qqbot": "QQ 官方机器人",
    "dingtalk": "钉钉",
    "wecom": "企业微信",
    "msteams": "Microsoft Teams",
    "mattermost": "Mattermost",
    "line": "LINE",
    "matrix": "Matrix",
    "twitch": "Twitch",
    "openclaw-weixin": "微信",
}
"""Channels by the names that panels know them by."""


def status_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""
    gate = context.gate
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/api/status", dependencies=[may_read])
    async def status() -> dict[str, Any]:
        qq, wechat = await asyncio.gather(context.figures.qq(), context.wechat.state())
        settings = gate.settings()
        return {
            "ok": True,
            "napcat": {
                "connected": qq.connected,
                "selfId": qq.self_id,
                "nickname": qq.nickname,
                "groupCount": qq.groups,
                "friendCount": qq.friends,
            },
            "wechat": {"connected": wechat.connected, "loggedIn": wechat.signed_in, "name": wechat.name},
            "openclaw": openclaw_part(settings, context.configured()),
            "admin": {
                "uptime": round(context.uptime(), 2),
                "memoryMB": round(context.memory_bytes() / 2**20),
            },
        }


def openclaw_part(settings: Settings, configured: bool) -> dict[str, Any]:
    """What the configuration says. Pure."""
    entries, blocks = settings.plugins.entries, settings.channels
    on = [name for name, block in blocks.items() if name != DEFAULTS and block.enabled]
    plugins = [name for name, entry in entries.items() if entry.enabled and name in LABELS and name not in on]
    enabled = [{"id": name, "label": LABELS.get(name, name), "type": "builtin"} for name in on]
    enabled += [{"id": name, "label": LABELS[name], "type": "plugin"} for name in plugins]
    entry = entries.get(QQ)
    return {
        "configured": configured,
        # QQ's channel is part of Crawdad: it is as much on as its channel is, unless an entry says otherwise.
        "qqPluginEnabled": entry.enabled if entry is not None and entry.enabled is not None else QQ in on,
        "qqChannelEnabled": QQ in on,
        "currentModel": settings.agents.defaults.model.primary or "",
        "enabledChannels": enabled,
    }

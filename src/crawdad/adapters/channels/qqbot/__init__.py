"""QQ through a bot of one's own at its open platform (the official interface)."""

from __future__ import annotations

from crawdad.adapters.channels.qqbot.settings import QQBotSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind, Quota
from crawdad.wire.qqbot.messages import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.qqbot.channel import QQBotChannel

    return QQBotChannel(context)


def _identity(text: str) -> str:
    """An openid; the channel's name and the kind of chat may stand before it."""
    text = text.strip()
    for prefix in ("qqbot:", "c2c:", "group:"):
        text = text.removeprefix(prefix)
    return text.strip()


CHANNEL = ChannelKind(
    id="qqbot",
    label=("QQ (official bot)", "QQ 官方机器人"),
    open=_open,
    settings=QQBotSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        markdown=False,
        media=frozenset(("image", "video", "document")),
        media_limit=10 * 1024 * 1024,
        sign_in=True,
        quota=Quota(4, 3600.0),
        silence_seconds=180.0,
    ),
    secrets=("clientSecret",),
    identity=_identity,
)

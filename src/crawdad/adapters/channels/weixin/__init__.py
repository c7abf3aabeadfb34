"""WeChat, through Tencent's iLink bot service."""

from __future__ import annotations

from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind, Quota
from crawdad.wire.weixin.requests import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.weixin.channel import WeixinChannel

    return WeixinChannel(context)


def _identity(text: str) -> str:
    """Ids end in `@im.wechat`; a channel's name may stand before them."""
    text = text.strip()
    for prefix in ("openclaw-weixin:", "weixin:", "wechat:"):
        if text.lower().startswith(prefix):
            text = text[len(prefix) :].strip()
    return text


CHANNEL = ChannelKind(
    id="openclaw-weixin",
    label=("WeChat", "微信"),
    open=_open,
    settings=WeixinSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        media=frozenset(("image", "document", "video")),
        media_limit=100 * 1024 * 1024,
        groups=False,
        typing_seconds=5.0,
        streaming="off",
        sign_in=True,
        quota=Quota(messages=10, window_seconds=24 * 3600.0),
        silence_seconds=150.0,
    ),
    aliases=("weixin",),
    identity=_identity,
)

"""WeCom (企业微信), through a bot of one's own."""

from __future__ import annotations

from crawdad.adapters.channels.wecom.settings import WeComSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.wecom.frames import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.wecom.channel import WeComChannel

    return WeComChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, WeComSettings) and bool(settings.bot_id and settings.secret)


CHANNEL = ChannelKind(
    id="wecom",
    label=("WeCom", "企业微信"),
    open=_open,
    settings=WeComSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        media=frozenset(("image", "video", "document")),
        media_limit=20 * 1024 * 1024,
        edit=True,
        edit_seconds=0.5,
        streaming="partial",
        silence_seconds=120.0,
    ),
    configured=_configured,
    secrets=("secret",),
)

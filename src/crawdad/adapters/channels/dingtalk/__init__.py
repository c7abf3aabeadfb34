"""DingTalk, through an app of one's own."""

from __future__ import annotations

from crawdad.adapters.channels.dingtalk.settings import DingTalkSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.dingtalk.messages import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.dingtalk.channel import DingTalkChannel

    return DingTalkChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, DingTalkSettings) and bool(settings.client_id and settings.client_secret)


CHANNEL = ChannelKind(
    id="dingtalk",
    label=("DingTalk", "钉钉"),
    open=_open,
    settings=DingTalkSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        media=frozenset(("image", "document")),
        media_limit=20 * 1024 * 1024,
        silence_seconds=180.0,
    ),
    configured=_configured,
    secrets=("clientSecret",),
)

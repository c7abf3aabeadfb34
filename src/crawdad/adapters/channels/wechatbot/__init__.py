"""WeChat, through wechatbot-webhook: a bridge to WeChat's web protocol that runs beside Crawdad."""

from __future__ import annotations

from crawdad.adapters.channels.wechatbot.settings import WechatSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.wechatbot.requests import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.wechatbot.channel import WechatChannel

    return WechatChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, WechatSettings) and bool(settings.api_url) and settings.token is not None


def _identity(text: str) -> str:
    """Remarks, as `alias:<remark>`; `wechat:` may stand before them."""
    text = text.strip()
    return text[len("wechat:") :].strip() if text.lower().startswith("wechat:") else text


CHANNEL = ChannelKind(
    id="wechat",
    label=("WeChat (wechatbot-webhook)", "微信（wechatbot-webhook）"),
    open=_open,
    settings=WechatSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        markdown=False,
        media=frozenset(("image", "document", "audio", "video")),
        media_limit=20 * 1024 * 1024,
        streaming="off",
        sign_in=True,
        requests=True,
        silence_seconds=120.0,
    ),
    aliases=("wechatbot-webhook",),
    configured=_configured,
    secrets=("token", "callbackSecret"),
    identity=_identity,
)

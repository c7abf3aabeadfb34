"""QQ, through any implementation of OneBot 11 (NapCat, Lagrange and others)."""

from __future__ import annotations

from crawdad.adapters.channels.onebot.settings import OneBotSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.onebot.actions import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.onebot.channel import OneBotChannel

    return OneBotChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, OneBotSettings) and settings.way is not None


def _identity(text: str) -> str:
    """QQ numbers; `qq:` and `onebot:` may stand before them."""
    text = text.strip().lower()
    for prefix in ("qq:", "onebot:", "user:", "group:"):
        text = text.removeprefix(prefix)
    return text.strip()


CHANNEL = ChannelKind(
    id="qq",
    label=("QQ (OneBot 11)", "QQ（OneBot 11）"),
    open=_open,
    settings=OneBotSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        markdown=False,
        media=frozenset(("image", "document", "audio", "video")),
        media_limit=30 * 1024 * 1024,
        quote=True,
        mention=True,
        delete=True,
        react=True,
        typing_seconds=5.0,
        streaming="off",
        sign_in=True,
        requests=True,
        directory=True,
        silence_seconds=120.0,
    ),
    aliases=("onebot", "napcat"),
    configured=_configured,
    secrets=("accessToken", "secret", "napcat.webToken"),
    identity=_identity,
)

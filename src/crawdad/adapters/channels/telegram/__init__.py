"""Telegram, through a bot of one's own."""

from __future__ import annotations

from crawdad.adapters.channels.telegram.settings import TelegramSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.telegram.channel import TelegramChannel

    return TelegramChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, TelegramSettings) and bool(settings.bot_token or settings.token_file)


def _identity(text: str) -> str:
    """Ids are numbers, user names begin with @ and know no case; `telegram:` and `tg:` may stand before them."""
    text = text.strip()
    for prefix in ("telegram:", "tg:"):
        if text.lower().startswith(prefix):
            text = text[len(prefix) :].strip()
    return text.lower()


CHANNEL = ChannelKind(
    id="telegram",
    label=("Telegram", "Telegram"),
    open=_open,
    settings=TelegramSettings,
    capabilities=Capabilities(
        text_limit=4096,
        caption_limit=1024,
        media=frozenset(("image", "document", "audio", "video")),
        media_limit=50 * 1024 * 1024,
        quote=True,
        buttons=True,
        edit=True,
        edit_seconds=1.5,
        delete=True,
        react=True,
        typing_seconds=5.0,
        streaming="partial",
        requests=True,
        silence_seconds=150.0,
    ),
    aliases=("tg",),
    configured=_configured,
    secrets=("botToken", "webhookSecret"),
    identity=_identity,
)

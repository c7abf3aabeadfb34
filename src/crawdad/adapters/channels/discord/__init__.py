"""Discord, through a bot of one's own."""

from __future__ import annotations

from crawdad.adapters.channels.discord.settings import DiscordSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.discord.messages import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.discord.channel import DiscordChannel

    return DiscordChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, DiscordSettings) and bool(settings.token)


def _identity(text: str) -> str:
    """A user's id; a channel's name, `user:` or the signs of a mention may stand around it."""
    text = text.strip().removeprefix("discord:").removeprefix("user:").removeprefix("channel:")
    return text.removeprefix("<@").removeprefix("!").removesuffix(">").strip()


CHANNEL = ChannelKind(
    id="discord",
    label=("Discord", "Discord"),
    open=_open,
    settings=DiscordSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        caption_limit=TEXT_LIMIT,
        media=frozenset(("image", "video", "audio", "document")),
        media_limit=10 * 1024 * 1024,
        quote=True,
        mention=True,
        buttons=True,
        edit=True,
        edit_seconds=1.2,
        delete=True,
        react=True,
        typing_seconds=9.0,
        repeats_safely=True,
        streaming="partial",
        silence_seconds=180.0,
    ),
    configured=_configured,
    secrets=("token",),
    identity=_identity,
)

"""Slack, through an app of one's own in socket mode."""

from __future__ import annotations

from crawdad.adapters.channels.slack.settings import SlackSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.slack.messages import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.slack.channel import SlackChannel

    return SlackChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, SlackSettings) and bool(settings.bot_token and settings.app_token)


def _identity(text: str) -> str:
    """A user's id; the channel's name, `user:` or the signs of a mention may stand around it."""
    text = text.strip().removeprefix("slack:").removeprefix("user:").removeprefix("channel:")
    return text.removeprefix("<@").removesuffix(">").strip()


CHANNEL = ChannelKind(
    id="slack",
    label=("Slack", "Slack"),
    open=_open,
    settings=SlackSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        caption_limit=3000,
        media=frozenset(("image", "video", "audio", "document")),
        media_limit=20 * 1024 * 1024,
        mention=True,
        buttons=True,
        edit=True,
        edit_seconds=1.2,
        delete=True,
        react=True,
        streaming="partial",
        silence_seconds=180.0,
    ),
    configured=_configured,
    secrets=("botToken", "appToken"),
    identity=_identity,
)

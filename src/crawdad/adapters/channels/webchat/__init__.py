"""Webchat: a chat for a page of one's own, over a WebSocket of the gateway's. What is said on it: `wire.webchat`."""

from __future__ import annotations

from pydantic import Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.core.section import SecretValue
from crawdad.wire.webchat import MOST_TEXT


class WebchatSettings(ChannelSettings):
    """`channels.webchat.*`."""

    token: SecretValue | None = None
    """What the page has to show; unset: every page that the gateway lets connect."""
    keep_messages: int = Field(200, ge=1, le=2000)
    """How many messages of a chat a page is shown when it comes back."""


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.webchat.channel import WebchatChannel

    return WebchatChannel(context)


CHANNEL = ChannelKind(
    id="webchat",
    label=("Web chat", "网页聊天"),
    open=_open,
    settings=WebchatSettings,
    capabilities=Capabilities(
        text_limit=MOST_TEXT,
        groups=False,
        buttons=True,
        edit=True,
        edit_seconds=0.3,
        delete=True,
        typing_seconds=6.0,
        repeats_safely=True,
        streaming="partial",
        silence_seconds=120.0,
    ),
    secrets=("token",),
)

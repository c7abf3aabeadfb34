"""`channels.discord.*`."""

from __future__ import annotations

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class DiscordSettings(ChannelSettings):
    """A bot of one's own, with the message content intent switched on."""

    token: SecretValue | None = None
    api_root: str = "https://discord.com/api/v10"
    proxy: str = ""

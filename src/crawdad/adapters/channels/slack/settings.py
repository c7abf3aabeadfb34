"""`channels.slack.*`."""

from __future__ import annotations

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class SlackSettings(ChannelSettings):
    """An app of one's own with socket mode switched on."""

    bot_token: SecretValue | None = None
    """`xoxb-…`."""
    app_token: SecretValue | None = None
    """`xapp-…`, with the scope `connections:write`."""
    api_root: str = "https://slack.com/api"
    files_root: str = "https://files.slack.com"
    """Only files below these two addresses are fetched with the bot's token."""
    proxy: str = ""

"""`channels.telegram.*`."""

from __future__ import annotations

from pydantic import Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class TelegramSettings(ChannelSettings):
    """What the Bot API needs. With `webhookUrl` Telegram calls that address, which must lead to
    `/channels/telegram/<account>`; without, it is asked for news."""

    bot_token: SecretValue | None = None
    token_file: str = ""
    """A file that holds the token, instead of `botToken`."""
    api_root: str = "https://api.telegram.org"
    proxy: str = ""
    webhook_url: str = ""
    webhook_secret: SecretValue | None = None
    """What Telegram says in each call, 1–256 of A-Z a-z 0-9 _ -; there is no webhook without."""
    poll_seconds: int = Field(30, ge=1, le=50)

"""`channels.qqbot.*`."""

from __future__ import annotations

from typing import Literal

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class QQBotSettings(ChannelSettings):
    """A bot of one's own at q.qq.com. Without `appId` the one that a sign-in by QR code brought is used."""

    app_id: str = ""
    client_secret: SecretValue | None = None
    client_secret_file: str = ""
    """A file that holds the secret, instead of `clientSecret`."""
    connection_mode: Literal["websocket", "webhook"] = "websocket"
    """`webhook`: the platform posts its events to `/channels/qqbot/<account>`."""
    api_root: str = "https://api.sgroup.qq.com"
    token_url: str = "https://bots.qq.com/app/getAppAccessToken"
    bind_root: str = "https://q.qq.com"
    """Where a sign-in by QR code is asked for."""

"""`channels.wecom.*`."""

from __future__ import annotations

from pydantic import Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class WeComSettings(ChannelSettings):
    """A bot of one's own in WeCom's administration, with its long connection switched on."""

    bot_id: str = ""
    secret: SecretValue | None = None
    ws_url: str = "wss://openws.work.weixin.qq.com"
    media_root: str = ""
    """Files below this address are fetched though it is a private one (a relay of one's own)."""
    call_seconds: float = Field(15.0, gt=0)
    """How long an answer to a call may take."""

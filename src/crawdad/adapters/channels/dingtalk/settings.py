"""`channels.dingtalk.*`."""

from __future__ import annotations

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class DingTalkSettings(ChannelSettings):
    """An app of one's own with a robot in stream mode."""

    client_id: str = ""
    client_secret: SecretValue | None = None
    robot_code: str = ""
    """Empty: the app's id, as it is for apps of one's own."""
    api_root: str = "https://api.dingtalk.com"
    oapi_root: str = "https://oapi.dingtalk.com"
    """The older interface: uploads, and the webhooks of conversations."""

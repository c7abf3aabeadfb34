"""`channels.openclaw-weixin.*`."""

from __future__ import annotations

from crawdad.core.channel_settings import ChannelSettings


class WeixinSettings(ChannelSettings):
    """WeChat is signed in by QR code: nothing must be set."""

    base_url: str = "https://ilinkai.weixin.qq.com"
    """Where sign-ins begin; afterwards the service says where it wants to be asked."""
    cdn_base_url: str = "https://novac2c.cdn.weixin.qq.com/c2c"
    route_tag: str = ""

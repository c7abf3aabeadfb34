"""`channels.wechat.*`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.networks import parse_network
from crawdad.core.section import SecretValue


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        parse_network(value)  # raises ValueError
    return values


class WechatSettings(ChannelSettings):
    """How the bridge is reached, and who may post what happens in WeChat."""

    api_url: str = ""
    """Such as `http://wechat:3001`."""
    token: SecretValue | None = None
    """The bridge's `LOGIN_API_TOKEN`."""
    auto_reply: bool = True
    """Whether agents answer; otherwise what people write is only taken down."""
    callback_secret: SecretValue | None = None
    """What the bridge's posts must carry, as `?token=`."""
    callback_from: Annotated[tuple[str, ...], AfterValidator(_networks)] = ()
    """Addresses and networks that may post without. Neither set: this machine alone."""
    poll_seconds: float = Field(10.0, gt=0, le=60)
    call_seconds: float = Field(20.0, gt=0)

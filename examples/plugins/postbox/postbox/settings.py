"""`channels.postbox.*`, besides what all channels have."""

from __future__ import annotations

from pydantic import Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue


class PostboxSettings(ChannelSettings):
    """Where the service is. `waitSeconds`: how long it may hold back an answer while there is no news."""

    url: str = ""
    token: SecretValue | None = None
    wait_seconds: int = Field(25, ge=0, le=60)


def is_configured(settings: ChannelSettings) -> bool:
    """Whether there is enough to try."""
    return isinstance(settings, PostboxSettings) and bool(settings.url and settings.token)

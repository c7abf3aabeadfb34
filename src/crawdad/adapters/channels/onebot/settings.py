"""`channels.qq.*`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue, Section


class NapcatSettings(Section):
    """`channels.qq.napcat.*`: NapCat's own web page, for signing QQ in."""

    web_url: str = ""
    """Such as `http://127.0.0.1:6099`."""
    web_token: SecretValue | None = None


class OneBotSettings(ChannelSettings):
    """How the QQ side is reached: `wsUrl` (we connect to it), `httpUrl` (we call it, it posts events to us) or, with
    `mode: "reverse"`, it connects to us."""

    mode: Literal["forward", "reverse", "http"] | None = None
    """Unset: what `wsUrl` or `httpUrl` says."""
    ws_url: str = ""
    http_url: str = ""
    access_token: SecretValue | None = None
    secret: SecretValue | None = None
    """The key of `X-Signature` on events that are posted to us."""
    owner_qq: str = Field("", alias="ownerQQ")
    call_seconds: float = Field(30.0, gt=0)
    napcat: NapcatSettings = NapcatSettings()

    @property
    def way(self) -> Literal["forward", "reverse", "http"] | None:
        """How it is reached; None: not said."""
        if self.mode is not None:
            return self.mode
        return "forward" if self.ws_url else "http" if self.http_url else None

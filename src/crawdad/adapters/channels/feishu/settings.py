"""`channels.feishu.*`."""

from __future__ import annotations

from typing import Literal

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue
from crawdad.wire.feishu.messages import RenderMode

_DOMAINS = {"feishu": "https://open.feishu.cn", "lark": "https://open.larksuite.com"}


class FeishuSettings(ChannelSettings):
    """An app of one's own at the open platform. `websocket` needs no public address; `webhook` needs `encryptKey` or
    `verificationToken`."""

    app_id: str = ""
    app_secret: SecretValue | None = None
    domain: str = "feishu"
    """`feishu`, `lark`, or the address of another server."""
    connection_mode: Literal["websocket", "webhook"] = "websocket"
    verification_token: SecretValue | None = None
    encrypt_key: SecretValue | None = None
    render_mode: RenderMode = "auto"
    reply_in_thread: bool = False
    typing_indicator: bool = True

    @property
    def address(self) -> str:
        """The server."""
        return _DOMAINS.get(self.domain, self.domain).rstrip("/")

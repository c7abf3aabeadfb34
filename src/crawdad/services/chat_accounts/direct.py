"""An account's own actions, asked for by an operator: once, never by itself again, and told like everything that goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawdad.core.channel_notices import SENT
from crawdad.core.channels import Account, Chat
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.channels.host import ChannelHost
from crawdad.services.channels.running import RunningAccount
from crawdad.store.channel_rows import lane_of


class DirectAccess:
    """The way to the default account of a channel. `host` None: there are no channels."""

    def __init__(self, host: ChannelHost | None) -> None:
        self._host = host

    @property
    def host(self) -> ChannelHost:
        """The channels. Raises UNAVAILABLE where there are none (safe mode)."""
        if self._host is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("panel.no_channels"))
        return self._host

    def account(self, channel: str) -> Account:
        """The account that panels mean. Raises NOT_FOUND when there is none."""
        return self.host.account(channel)

    def running(self, channel: str) -> RunningAccount:
        """It, at work in this process. Raises NOT_FOUND, UNAVAILABLE."""
        return self.host.running(self.account(channel))

    async def call(self, channel: str, action: str, params: JsonObject) -> Any:
        """See `core.channels.Channel.call`."""
        return await self.running(channel).desk.channel.call(action, params)

    async def told(self, channel: str, chat: Chat, text: str, ids: Sequence[str] = (), media: str = "") -> None:
        """Tell that an operator has said something."""
        desk = self.running(channel).desk
        desk.status.outbound_at = desk.now
        shown = {"chat": lane_of(chat), "text": text, "ids": list(ids), "role": "operator", "media": media}
        await desk.publish(SENT, shown)

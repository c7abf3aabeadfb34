"""The way out: which channels can send, and handing a message to the right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crawdad.core.agents import Delivery
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Part
from crawdad.core.sessions import Route
from crawdad.core.text import Text


class SendingChannel(Protocol):
    """A channel that can send."""

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery: ...


class OutboundChannels:
    """`core.agents.Outbound` over the channels that are registered; none to begin with."""

    def __init__(self) -> None:
        self._channels: dict[str, SendingChannel] = {}

    def register(self, name: str, channel: SendingChannel) -> None:
        """Offer `channel` as `name`, instead of what was there."""
        self._channels[name] = channel

    def unregister(self, name: str) -> None:
        """Offer it no more."""
        self._channels.pop(name, None)

    def channels(self) -> Sequence[str]:
        """The ids of the channels that can send."""
        return sorted(self._channels)

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        """Send by the channel that `route` names. Raises NOT_FOUND for one that is not there."""
        channel = self._channels.get(route.channel)
        if channel is None:
            known = ", ".join(self.channels()) or "-"
            raise GatewayError(
                ErrorKind.NOT_FOUND, Text("channels.unknown", {"channel": route.channel, "known": known})
            )
        return await channel.send(route, parts, key=key)

"""The way out: which channels can send, and handing a message to the right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crawdad.core.agents import Delivery
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Part, TextPart
from crawdad.core.plugin_hooks import MessageSending, MessageSent, NoHooks, PluginHooks, refused
from crawdad.core.sessions import Route
from crawdad.core.tasks import rendered
from crawdad.core.text import Text


class SendingChannel(Protocol):
    """A channel that can send."""

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery: ...


class OutboundChannels:
    """`core.agents.Outbound` over the channels that are registered; none to begin with."""

    def __init__(self) -> None:
        self._channels: dict[str, SendingChannel] = {}
        self.hooks: PluginHooks = NoHooks()

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
        """Send by the channel that `route` names. Raises NOT_FOUND for one that is not there, FORBIDDEN for what a plugin keeps
        back."""
        channel = self._channels.get(route.channel)
        if channel is None:
            known = ", ".join(self.channels()) or "-"
            raise GatewayError(
                ErrorKind.NOT_FOUND, Text("channels.unknown", {"channel": route.channel, "known": known})
            )
        if not (self.hooks.wanted(MessageSending.hook) or self.hooks.wanted(MessageSent.hook)):
            return await channel.send(route, parts, key=key)
        text = "\n".join(part.text for part in parts if isinstance(part, TextPart))
        asked = MessageSending(channel=route.channel, account=route.account, to=route.to, text=text)
        event = await self.hooks.ask(asked)
        if event.refused_by:
            raise refused(event)
        if event.text != text:
            parts = [TextPart(event.text), *(part for part in parts if not isinstance(part, TextPart))]
        delivery = await channel.send(route, parts, key=key)
        self.hooks.tell_soon(
            MessageSent(
                channel=route.channel,
                account=route.account,
                to=route.to,
                text=event.text,
                status=delivery.status,
                error=rendered(delivery.error, "en") or "",
            )
        )
        return delivery

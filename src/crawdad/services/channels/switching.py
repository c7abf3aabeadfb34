"""Turning a channel on and off: what the configuration says of it, and its sign-in where that is to end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crawdad.core.channels import Account, ChannelKind
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import CHANNEL_SWITCHED, Event
from crawdad.core.ports import Bus, Clock
from crawdad.core.text import Text
from crawdad.services.channels.configured import block_name
from crawdad.services.channels.host import ChannelHost
from crawdad.services.configuration import edits
from crawdad.services.configuration.running import RunningConfiguration

_SIGN_OUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Switched:
    """What became of it. `channel` is the id that the gateway knows it by. `not_signed_out`: why an account's sign-in did not
    end."""

    channel: str
    not_signed_out: Text | None = None


class ChannelSwitch:
    """The one switch of channels. `host` is that of the moment (None: no channels run), `kinds` are those that there are."""

    def __init__(
        self,
        configuration: RunningConfiguration,
        host: Callable[[], ChannelHost | None],
        kinds: Callable[[], Sequence[ChannelKind]],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._host = host
        self._kinds = kinds
        self._bus = bus
        self._clock = clock

    async def block(self, name: str) -> str:
        """The key below `channels` that the channel called `name` is configured by. Raises BAD_REQUEST where the configuration
        cannot be read."""
        value, _ = await self._configuration.value(reveal=False)
        blocks = value.get("channels")
        return block_name(self._kind(name), name, blocks if isinstance(blocks, dict) else {})

    def _kind(self, name: str) -> ChannelKind | None:
        return next((kind for kind in self._kinds() if name.lower() in (kind.id, *kind.aliases)), None)

    async def turn(self, name: str, on: bool, *, sign_out: bool = False, with_plugin: bool = False) -> Switched:
        """Write it down and let it count at once: no other channel is touched, and nothing is started anew.

        `sign_out`: a channel that goes off is signed out by its own means before. `with_plugin`: the plugin of that name goes
        with it. Raises BAD_REQUEST where the configuration cannot be written; then nothing was done.
        """
        block = await self.block(name)
        host, kind = self._host(), self._kind(name)
        channel = kind.id if kind is not None else name
        problem = None
        if sign_out and not on and host is not None and kind is not None:
            problem = await _signed_out(host, channel)

        def edit(text: str) -> str:
            new = edits.set_value(text, ("channels", block, "enabled"), on)
            return edits.set_value(new, ("plugins", "entries", name, "enabled"), on) if with_plugin else new

        await self._configuration.write(edit)
        if on and host is not None:
            for account in host.accounts(channel):
                await host.start(account)  # one that was stopped by hand is meant as well
        data = {"channel": channel, "enabled": on, "signedOut": sign_out and not on and problem is None}
        await self._bus.publish(Event(CHANNEL_SWITCHED, data, self._clock.now()))
        return Switched(channel, problem)


async def _signed_out(host: ChannelHost, channel: str) -> Text | None:
    """Sign every account of the channel out that runs here; what went wrong with the last that did not."""
    problem: Text | None = None
    for account in host.accounts(channel):
        try:
            async with asyncio.timeout(_SIGN_OUT_SECONDS):
                await _sign_out(host, account)
        except TimeoutError:
            problem = Text("channels.sign_out_slow", {"account": str(account)})
        except GatewayError as error:
            problem = error.text if isinstance(error.text, Text) else Text("channels.fault")
    return problem


async def _sign_out(host: ChannelHost, account: Account) -> None:
    if host.is_running(account):
        await host.sign_out(account)

"""Where platforms' sides that connect to us come in while no channel is open: each is let in for as long as a letter has to go
out by it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crawdad.core.channels import Account, Channel, ChannelKind, Socket
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.services.tasks import until_first

_NOBODY, _GOING = 4404, 1001


class Doorstep:
    """`api.channels.routes.Platforms` of the letters that wait for a connection. What is posted is nobody's here."""

    def __init__(self) -> None:
        self._turns: defaultdict[Account, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[Account, tuple[ChannelKind, Channel, asyncio.Event]] = {}

    @asynccontextmanager
    async def open(self, kind: ChannelKind, account: Account, channel: Channel) -> AsyncIterator[None]:
        """Let the account's connections in: for one letter after another, as there is one connection."""
        async with self._turns[account]:
            over = asyncio.Event()
            self._waiting[account] = kind, channel, over
            try:
                yield
            finally:
                del self._waiting[account]
                over.set()

    async def webhook(self, channel: str, account: str, request: PluginRequest) -> PluginAnswer | None:
        """See `api.channels.routes.Platforms`."""
        return None

    async def socket(self, channel: str, account: str, socket: Socket) -> None:
        """See `api.channels.routes.Platforms`."""
        for its, (kind, wanted, over) in self._waiting.items():
            if its.name == account and channel in (kind.id, *kind.aliases):
                await until_first(wanted.socket(socket), _until(over))
                await socket.close(_GOING)
                return
        await socket.close(_NOBODY)


async def _until(over: asyncio.Event) -> None:
    await over.wait()

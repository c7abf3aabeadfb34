"""Platforms that are spoken to over HTTP and speak over a WebSocket, as the conformance suite wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import Accounts
from tests.simulators.sockets import SocketSimulator

SocketSide = TypeVar("SocketSide", bound=SocketSimulator)


class SocketPlatform(Accounts[SocketSide]):
    """What such platforms have in common. What was handed out is delivered again as it was; a platform is cut by breaking all
    its connections."""

    def spoken(self, event_id: str, event: JsonObject) -> str:
        """Keep what was handed out, for `repeat`; its id."""
        self._events[event_id] = event
        return event_id

    async def listening(self, account: str) -> SocketSide:
        """The account's simulator, once the bot hears it; of use where what nobody hears is lost."""
        one = self._accounts[account]
        if not one.down:
            await one.until(lambda it: bool(it.sockets))
        return one

    async def repeat(self, event_id: str, account: str = "default") -> None:
        self._accounts[account].deliver(self._events[event_id])

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self._accounts[account].texts(self.room(chat))

    def room(self, chat: str) -> str:
        """Where what is sent to a chat stands."""
        return chat

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].down = True
        self._accounts[account].hang_up()

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        one = self._accounts[account]
        self.revoke(one)
        one.hang_up()

    def revoke(self, one: SocketSide) -> None:
        """From now on the bot's credentials are not taken."""
        raise NotImplementedError

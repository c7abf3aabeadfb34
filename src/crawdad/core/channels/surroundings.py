"""What the host gives to a channel: its memory, its files, its way to the core, and sockets that come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels.messages import Account
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness, Transport
from crawdad.core.text import Text


class ChannelState(Protocol):
    """An account's small memory: JSON values by name, encrypted at rest, kept when a call returns."""

    async def get(self, name: str) -> Any:
        """The value; None: there is none."""

    async def put(self, name: str, value: Any) -> None:
        """Set the value."""

    async def delete(self, name: str) -> None:
        """Remove it."""


class ChannelFiles(Protocol):
    """Files that a platform brings along with its events, and does not keep for us: they are kept for some days."""

    async def keep(self, data: bytes) -> str:
        """Keep a file, before the event that names it is admitted. Returns its name, for `InboundMedia.handle`."""

    async def read(self, name: str) -> bytes:
        """The file. Raises NOT_FOUND."""


class ChannelContext(Protocol):
    """What the host gives to the channel of one account. `settings` are those of the account, upon those of the channel."""

    account: Account
    settings: ChannelSettings
    state: ChannelState
    files: ChannelFiles
    transport: Transport
    clock: Clock
    randomness: Randomness

    async def admit(self, *events: JsonObject) -> None:
        """Keep events, in this order, all or none; what is known already is dropped. When it returns they may be
        acknowledged. Raises UNAVAILABLE when nothing can be kept now: do not acknowledge, try again."""

    async def show(self, frame: JsonObject) -> None:
        """Let those who watch the platform's side see what came, as it came (panels do). Optional; never raises."""

    def heard(self, identity: str = "") -> None:
        """Evidence that the link works now (a finished poll, a heartbeat). `identity`: whose account this is, for people."""

    def lost(self, reason: Text | str) -> None:
        """The link is down; `run` goes on trying."""


class Socket(Protocol):
    """A WebSocket that the platform's side opened to us."""

    path: str
    """What follows the account's address, such as `/event`."""
    headers: Mapping[str, str]
    query: Mapping[str, str]

    async def receive(self) -> str | bytes:
        """The next message. Raises `EOFError` when the other side is gone."""

    async def send(self, message: str | bytes) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

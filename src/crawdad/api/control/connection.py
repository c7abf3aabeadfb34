"""One client of the control channel that has come in: what waits for it, its numbers, and its end.

Nobody waits for a client: what is said to it waits in a queue of bounded size. A client that does not read is not told what it
can do without, and is let go when more waits than the protocol allows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from crawdad.api.call import Send
from crawdad.core.identity import Principal
from crawdad.core.text import Language
from crawdad.services.devices.admission import Admitted
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.wire.control import frames
from crawdad.wire.control.connect import Connect
from crawdad.wire.control.limits import MAX_BUFFERED, POLICY, close_reason

_OVERHEAD = 100
"""What a waiting frame takes besides its bytes."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a client comes from. `local`: a program on this machine, reached without a proxy. `visitor`: whom a proxy or
    Tailscale vouches for, or who signed in to our pages; `signed_in` is the session then."""

    address: str
    host: str
    origin: str
    local: bool
    foreign: bool
    visitor: Principal | None = None
    signed_in: SignedIn | None = None


WriteNow = Callable[[bytes], bool]
"""Writes a text at once; False: it has to wait for the client."""


def _never(_: bytes) -> bool:
    return False


class Connection:
    """A client. `offer` and `tell` never wait; `write` runs for as long as the connection, for what could not go out at
    once."""

    def __init__(
        self,
        connection_id: str,
        peer: Peer,
        send: Send,
        limit: int = MAX_BUFFERED,
        write_now: WriteNow = _never,
    ) -> None:
        self.id = connection_id
        self.peer = peer
        self.version = 3
        self.language: Language = "en"
        """Of what is said to a person there."""
        self.connect: Connect
        self.admitted: Admitted
        self.generation = 0
        self.sessions: set[str] = set()
        """What a node wants to hear of."""
        self.close_frame: tuple[int, str] | None = None
        self._send = send
        self._write_now = write_now
        self._sending = False
        self._limit = limit
        self._sequence = 0
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._bytes = 0
        self._news = asyncio.Event()

    @property
    def backlog(self) -> int:
        """How many bytes wait."""
        return self._bytes

    @property
    def closing(self) -> bool:
        """Whether its end was decided."""
        return self.close_frame is not None

    @property
    def presence_key(self) -> str:
        """What it is known by among those who are there."""
        return self.admitted.device_id or self.connect.said("instanceId") or self.id

    def offer(self, encoded: bytes) -> None:
        """Say an answer, or an event that goes to this client alone."""
        self._put(encoded, 0)

    def tell(self, encoded: bytes, *, droppable: bool = False) -> None:
        """Say an event with the next number. One that is dropped leaves a gap, by which the client knows."""
        if self.closing:
            return
        self._sequence += 1
        if droppable and self._bytes + len(encoded) + _OVERHEAD > self._limit:
            return
        self._put(encoded, self._sequence)

    def close(self, code: int, reason: str) -> None:
        """Say what waits, then close. Only the first close counts."""
        if self.close_frame is None:
            self.close_frame = (code, close_reason(reason))
            self._news.set()

    def abandon(self, code: int, reason: str) -> None:
        """Close without saying what waits."""
        self._waiting.clear()
        self._bytes = 0
        self.close(code, reason)

    async def write(self) -> None:
        """Send what waits, as fast as the client reads, until the close is sent or the client is gone."""
        with suppress(OSError):  # who has gone needs to hear no more; the reading side sees the end
            await self._write()

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            self._sending = True
            while self._waiting:
                encoded, number = self._waiting.popleft()
                self._bytes -= len(encoded) + _OVERHEAD
                if number:
                    encoded = frames.numbered(encoded, number)
                await self._send({"type": "websocket.send", "text": encoded.decode()})
            self._sending = False
            if self.close_frame is not None:
                code, reason = self.close_frame
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
                return

    def _put(self, encoded: bytes, number: int) -> None:
        if self.closing:
            return
        first = not self._waiting and not self._sending
        if first and self._write_now(frames.numbered(encoded, number) if number else encoded):
            return
        if self._bytes + len(encoded) + _OVERHEAD > self._limit:
            self.abandon(POLICY, "slow consumer")
            return
        self._waiting.append((encoded, number))
        self._bytes += len(encoded) + _OVERHEAD
        self._news.set()

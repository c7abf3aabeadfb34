"""What simulators of platforms with an HTTP interface and a WebSocket have in common: both servers, faults by path, and the
sockets that are open."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

Json = dict[str, Any]


async def _say(message: Any, sockets: Sequence[ServerConnection]) -> None:
    for socket in sockets:
        await socket.send(message if isinstance(message, (str, bytes)) else orjson.dumps(message).decode())


@dataclass
class Fault:
    """What happens to the next request whose path contains `path`: an answer, or a broken connection (status 0). `taken`: it
    is done nevertheless."""

    path: str
    status: int
    body: Any
    taken: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Shown:
    """What a person sees of the bot's."""

    id: str
    chat: str
    text: str
    mark: str = ""
    """By which the platform knows doubles."""
    data: bytes = b""
    parent: str = ""
    more: Json = field(default_factory=dict)


class SocketSimulator(LoopbackServer):
    """A platform. Subclasses answer `do` (HTTP) and `talk` (one WebSocket)."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self.down = False
        """Whether connections break instead of being answered."""
        self.connections_made = 0
        self.socket_port = 0
        self.sockets: list[ServerConnection] = []
        self.unacknowledged: dict[str, Json] = {}
        """What was pushed with `push_until_acknowledged`, by its id, until `talk` takes it out."""
        self._faults: deque[Fault] = deque()
        self._next = 0
        self._lock = threading.RLock()

    @property
    def socket_url(self) -> str:
        """The WebSocket's address."""
        return f"ws://127.0.0.1:{self.socket_port}"

    def made_id(self, kind: str) -> str:
        """A fresh id."""
        with self._lock:
            self._next += 1
            return f"{kind}{self._next}"

    async def _serve(self) -> None:
        async with serve(self._connected, "127.0.0.1", 0, ping_interval=None, max_size=2**26) as server:
            self.socket_port = server.sockets[0].getsockname()[1]
            await super()._serve()

    async def _connected(self, socket: ServerConnection) -> None:
        if self.down:
            await socket.close()
            return
        self.connections_made += 1
        self.journal.touch()
        try:
            await self.talk(socket)
        except ConnectionClosed:
            pass
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
            self.journal.touch()

    async def talk(self, socket: ServerConnection) -> None:
        """Hold one WebSocket; put it among `sockets` once it may hear."""
        raise NotImplementedError

    def do(self, request: Received) -> tuple[int, Any]:
        """Answer one request: a status, and bytes or JSON."""
        raise NotImplementedError

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer one request, or fail as ordered."""
        if self.down:
            reply.reset()
            return
        fault = next((one for one in self._faults if one.path in request.path), None)
        if fault is not None:
            self._faults.remove(fault)
            if fault.taken:
                self.do(request)
                self.journal.touch()
            if fault.status == 0:
                reply.reset()
            else:
                await reply.whole(fault.status, fault.body, fault.headers)
            return
        status, body = self.do(request)
        self.journal.touch()
        headers = {"content-type": "application/octet-stream"} if isinstance(body, bytes) else {}
        await reply.whole(status, body, headers)

    def fail(
        self, path: str, status: int, body: Any = None, *, taken: bool = False, headers: Mapping[str, str] | None = None
    ) -> None:
        """The next request to a path fails."""
        self._faults.append(Fault(path, status, body if body is not None else {}, taken, headers or {}))

    def deliver(self, message: Json, /) -> None:
        """Tell an event as it stands, in the frame of the platform's own."""
        raise NotImplementedError

    def push(self, make: Callable[[], Any]) -> None:
        """Say to whoever is connected what `make` gives (in the server's thread)."""

        async def say() -> None:
            await _say(make(), self.sockets[-1:])

        self._soon(say)

    def push_until_acknowledged(self, identity: str, frame: Json) -> None:
        """Say `frame` to whoever is connected, and to all who connect until it is acknowledged. Each socket hears it once: one
        that opens in this moment finds it either here or in `waiting_for`, never in both."""
        with self._lock:
            self.unacknowledged[identity] = frame
            sockets = self.sockets[-1:]
        self._soon(partial(_say, frame, sockets))

    def waiting_for(self, socket: ServerConnection) -> list[Json]:
        """Put a socket among those that hear; the frames that have waited for it."""
        with self._lock:
            self.sockets.append(socket)
            waiting = list(self.unacknowledged.values())
        self.journal.touch()
        return waiting

    def hang_up(self, code: int = 1000) -> None:
        """End the connections."""

        async def end() -> None:
            for socket in list(self.sockets):
                await socket.close(code)

        self._soon(end)

    def _soon(self, work: Callable[[], Any]) -> None:
        loop = self._loop
        assert loop is not None
        asyncio.run_coroutine_threadsafe(work(), loop)

    def texts(self, chat: str) -> list[str]:
        """What stands in a chat."""
        return [one.text for one in self.shown if one.chat == chat]

    async def until(self, condition: Callable[[Self], bool]) -> None:
        """Wait until it holds."""
        await self.journal.until(lambda _: condition(self))

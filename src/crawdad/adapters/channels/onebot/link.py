"""Actions over WebSockets: many at once, told apart by `echo`."""

from __future__ import annotations

import asyncio

import orjson

from crawdad.core.channels import SendFailed, Socket
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import Action, Reply, read_reply
from crawdad.wire.onebot.events import is_event


class Link:
    """The socket by which actions go out at present, and those that wait for their answer."""

    def __init__(self) -> None:
        self._socket: Socket | None = None
        self._waiting: dict[str, tuple[Socket, asyncio.Future[Reply]]] = {}
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether actions can go out."""
        return self._socket is not None

    def attach(self, socket: Socket) -> None:
        """Send actions by this socket from now on."""
        self._socket = socket

    def detach(self, socket: Socket) -> None:
        """The socket has ended: what still waits for an answer of its may or may not have been done."""
        if self._socket is socket:
            self._socket = None
        for its, future in list(self._waiting.values()):
            if its is socket and not future.done():
                future.set_exception(SendFailed("ambiguous", Text("onebot.cut", {})))

    async def act(self, action: Action, seconds: float) -> Reply:
        """Have something done. Raises `SendFailed` when there is no answer."""
        socket = self._socket
        if socket is None:
            raise SendFailed("not_sent", Text("onebot.not_connected", {}))
        self._count += 1
        echo = f"c{self._count}"
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[echo] = (socket, future)
        try:
            async with asyncio.timeout(seconds):
                frame = {"action": action.name, "params": action.params, "echo": echo}
                try:
                    await socket.send(orjson.dumps(frame).decode())
                except EOFError:
                    raise SendFailed("ambiguous", Text("onebot.cut", {})) from None
                return await future
        except TimeoutError:
            raise SendFailed("ambiguous", Text("onebot.no_answer", {"action": action.name})) from None
        finally:
            self._waiting.pop(echo, None)

    def answered(self, frame: JsonObject) -> bool:
        """Whether the frame is the answer to an action; if so whoever waits has it."""
        if is_event(frame):
            return False
        waiting = self._waiting.get(str(frame.get("echo") or ""))
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(read_reply(frame))
        return True

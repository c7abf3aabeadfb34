"""Clients that speak OneBot and share the account's connection: each hears every event, and its actions go out by the account's
own link, under an `echo` of ours, so that what two of them call `1` are two things.

One connection for all serves every way there is to the QQ side, also where it connects to us.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from crawdad.adapters.channels.onebot.link import Call
from crawdad.core.channels import SendFailed, Socket
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import RETCODE_FAILED, failed_reply

MOST_CLIENTS = 32
MOST_CALLS = 256
"""Of one client, without an answer; the next is refused."""
_MOST_FRAMES = 512
_MOST_BYTES = 64 * 1024 * 1024
"""What may wait for a client that does not read."""
_CLOSE_SECONDS = 1.0
_FINISH_SECONDS = 30.0
"""What a client that has left had asked for is still done, for so long."""
_GONE, _SLOW, _BAD_GATEWAY = 1001, 1013, 1014
_BAD_REQUEST, _BUSY = 1400, 1429

Frame = str | bytes
Perform = Callable[[Call], Awaitable[None]]
"""Has an action done, which is answered in the end. Raises `SendFailed` when it has not gone out."""
Forget = Callable[[object], None]
"""Whose calls need no answer any more."""


class Clients:
    """The clients of one account."""

    def __init__(self, perform: Perform, forget: Forget) -> None:
        self._perform, self._forget = perform, forget
        self._clients: set[_Client] = set()

    def hear(self, frame: Frame) -> None:
        """An event, as the QQ side sent it."""
        for client in tuple(self._clients):
            client.put(frame)

    def drop(self) -> None:
        """The link is down: clients are to connect again, as they would to the QQ side itself."""
        for client in tuple(self._clients):
            client.end(_BAD_GATEWAY, "the QQ side is not connected")

    def __len__(self) -> int:
        return len(self._clients)

    async def serve(self, socket: Socket, greeting: JsonObject) -> None:
        """Hold a client's connection until it ends. Raises `SendFailed` when there are too many, before it is accepted."""
        if len(self._clients) >= MOST_CLIENTS:
            raise SendFailed("rate_limited", Text("onebot.many_clients"))
        client = _Client(socket, self._perform)
        client.put(orjson.dumps(greeting).decode())
        self._clients.add(client)
        try:
            await client.run()
        finally:
            self._clients.discard(client)
            self._forget(client)


class _Client:
    def __init__(self, socket: Socket, perform: Perform) -> None:
        self._socket = socket
        self._perform = perform
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue(_MOST_FRAMES)
        self._bytes = 0
        self._calls = 0
        self._code, self._reason = _GONE, ""
        self._ended = asyncio.Event()
        self._beside = asyncio.TaskGroup()

    def put(self, frame: Frame) -> None:
        if self._ended.is_set():
            return
        if self._waiting.full() or self._bytes + len(frame) > _MOST_BYTES:
            self.end(_SLOW, "it does not read")
            return
        self._bytes += len(frame)
        self._waiting.put_nowait(frame)

    def end(self, code: int, reason: str) -> None:
        """Say no more; the connection is closed with `code`."""
        if not self._ended.is_set():
            self._code, self._reason = code, reason
            self._ended.set()

    async def run(self) -> None:
        """Until either side ends it, and what it had asked for is done."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as patience, self._beside:
                await self._talk()
                if self._code == _BAD_GATEWAY:
                    patience.reschedule(0)  # there is nobody to do it
                else:
                    patience.reschedule(asyncio.get_running_loop().time() + _FINISH_SECONDS)

    async def _talk(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(self._write()), tasks.create_task(self._read())]
            await self._ended.wait()
            for task in working:
                task.cancel()
        with contextlib.suppress(TimeoutError, EOFError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(self._code, self._reason)

    async def _write(self) -> None:
        while True:
            frame = await self._waiting.get()
            try:
                await self._socket.send(frame)
            except EOFError:
                self.end(_GONE, "")
                return
            self._bytes -= len(frame)

    async def _read(self) -> None:
        while True:
            try:
                data = await self._socket.receive()
            except EOFError:
                self.end(_GONE, "")
                return
            await self._called(data)

    async def _called(self, data: Frame) -> None:
        as_bytes = isinstance(data, bytes)
        try:
            frame = orjson.loads(data)
        except ValueError:
            frame = None
        if not isinstance(frame, dict) or not isinstance(frame.get("action"), str):
            self._tell(failed_reply(_BAD_REQUEST, "this is no action"), "", as_bytes)
            return
        echo = frame.get("echo", "")
        if self._calls >= MOST_CALLS:
            self._tell(failed_reply(_BUSY, "too many actions wait for their answers"), echo, as_bytes)
            return
        self._calls += 1

        def answer(reply: JsonObject, binary: bool) -> None:
            if reply.get("stream") != "stream-action":
                self._calls -= 1
            self._tell(reply, echo, binary)

        try:
            await self._perform(Call(self, frame, as_bytes, answer, self._beside.create_task))
        except SendFailed as error:
            self._calls -= 1
            self._tell(failed_reply(RETCODE_FAILED, error.message()), echo, as_bytes)

    def _tell(self, reply: JsonObject, echo: Any, as_bytes: bool) -> None:
        frame = orjson.dumps({**reply, "echo": echo})
        self.put(frame if as_bytes else frame.decode())

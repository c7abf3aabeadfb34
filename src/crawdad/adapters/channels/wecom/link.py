"""Calls over WeCom's connection: each is answered by a frame with its id, and calls of one id go one after another."""

from __future__ import annotations

import asyncio

from crawdad.adapters.channels.recent import Recent
from crawdad.core.channels import SendFailed, Socket
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.wecom.frames import frame_of


class Link:
    """One connection at work."""

    def __init__(self, socket: Socket, seconds: float) -> None:
        self._socket = socket
        self._seconds = seconds
        self._waiting: dict[str, asyncio.Future[JsonObject]] = {}
        self._turns: Recent[asyncio.Lock] = Recent()
        self.subscribed = False
        """Whether the other side has taken us for the bot."""

    async def ask(self, command: str, request: str, body: JsonObject | None = None) -> JsonObject:
        """Call, and wait for the answer. Raises `SendFailed`: `not_sent` where it cannot have left, else `ambiguous`."""
        turn = self._turns[request] = self._turns.get(request) or asyncio.Lock()
        async with turn:
            answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
            self._waiting[request] = answer
            try:
                async with asyncio.timeout(self._seconds):  # also of a side that does not read: then even pings wait
                    try:
                        await self._socket.send(frame_of(command, request, body))
                    except EOFError:
                        raise SendFailed("not_sent", Text("wecom.cut")) from None
                    return await answer
            except TimeoutError:
                raise SendFailed("ambiguous", Text("wecom.no_answer")) from None
            finally:
                self._waiting.pop(request, None)

    def answered(self, request: str, frame: JsonObject) -> bool:
        """Whether a frame is the answer that somebody waits for."""
        waiting = self._waiting.get(request)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(frame)
        return True

    def close(self) -> None:
        """The connection is no more: what is not answered never will be."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(SendFailed("ambiguous", Text("wecom.cut")))

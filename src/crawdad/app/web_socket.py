"""A WebSocket connection: uvicorn's, with a limit that its handler sets, texts that go out at once, and an end that does not
wait for the client."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

UNKNOWN_BYTES = 1024 * 1024 + 4096
"""The largest message of somebody who has yet to prove who he is."""


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Puts into the scope: `crawdad.limit` (call it with the bytes that a message may have), `crawdad.write` (writes a text at
    once; False where that has to wait for the client, or the connection is no more) and `crawdad.abort`."""

    def handle_connect(self, event: Request) -> None:
        self._limit(UNKNOWN_BYTES)
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else it was no handshake
            extras = cast(dict[str, object], self.scope)
            extras["crawdad.limit"] = self._limit
            extras["crawdad.write"] = self._write_text
            extras["crawdad.abort"] = self.transport.abort

    async def run_asgi(self) -> None:
        serve = self.app

        async def served(scope: Any, receive: Any, send: Any) -> None:
            await serve(scope, receive, send)
            # Refused with an answer of its own, the handshake is complete: uvicorn would log each of them as an error.
            self.handshake_complete = self.handshake_complete or (self.initial_response is not None and self.close_sent)

        self.app = served
        try:
            await super().run_asgi()
        finally:
            self.app = serve

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        # What the handler was given knows this connection: parted, both are freed at once and wait for no collection.
        self.scope = {}  # type: ignore[typeddict-item]

    def _write_text(self, text: bytes) -> bool:
        """A thousand clients that hear of one thing cost a thousand of these: no message, no task, one write."""
        open_ = self.handshake_complete and not self.close_sent and not self.disconnected
        if not (open_ and self.writable.is_set()) or self.transport.is_closing():
            return False
        self.transport.write(_head(len(text)) + text)
        return True

    def _limit(self, most: int) -> None:
        self.conn.max_message_size = min(most, self.config.ws_max_size)


def _head(length: int) -> bytes:
    """What stands before a text in one unmasked frame (RFC 6455, 5.2)."""
    if length < 126:
        return bytes((0x81, length))
    return struct.pack("!BBH", 0x81, 126, length) if length < 65_536 else struct.pack("!BBQ", 0x81, 127, length)

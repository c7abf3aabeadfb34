"""A WebSocket connection: uvicorn's, with a limit that its handler sets, and an end that does not wait for the client."""

from __future__ import annotations

from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

UNKNOWN_BYTES = 1024 * 1024 + 4096
"""The largest message of somebody who has yet to prove who he is."""


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Puts into the scope: `crawdad.limit` (call it with the bytes that a message may have) and `crawdad.abort`."""

    def handle_connect(self, event: Request) -> None:
        self._limit(UNKNOWN_BYTES)
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else it was no handshake
            extras = cast(dict[str, object], self.scope)
            extras["crawdad.limit"] = self._limit
            extras["crawdad.abort"] = self.transport.abort

    def _limit(self, most: int) -> None:
        self.conn.max_message_size = min(most, self.config.ws_max_size)

"""The HTTP server: uvicorn's protocols on given sockets, with a shutdown that loses no request."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import Any, Protocol

import uvicorn
from uvicorn.server import ServerState

from crawdad.app.http_connection import HEADER_BYTES, HEADER_COUNT, HttpConnection
from crawdad.core.pacing import until_next

KEEP_ALIVE_SECONDS = 75
TICK_SECONDS = 1.0
LINGER_SECONDS = 2.0
"""How long a kept-alive connection stays open for one more request after we stopped listening."""
_CANCEL_SECONDS = 5.0
_SETTLE_SECONDS = _POLL_SECONDS = 0.05


class Drainable(Protocol):
    """What finishes its running turns."""

    async def drain(self, grace_seconds: float) -> None: ...


class _WebSocket(asyncio.Protocol):
    """Stands for uvicorn's WebSocket protocol, which is imported with the first connection that needs it."""

    def __new__(cls, **arguments: Any) -> Any:
        from websockets import http11

        http11.MAX_LINE_LENGTH, http11.MAX_NUM_HEADERS = HEADER_BYTES, HEADER_COUNT  # what we took, it takes too
        from crawdad.app.web_socket import WebSocketConnection

        return WebSocketConnection(**arguments)


class Front:
    """Serves an ASGI application on listening sockets. `serve`, later `wind_down`."""

    def __init__(self, asgi: Any, max_message_bytes: int) -> None:
        # uvicorn logs WebSocket URLs with their query at this level, and a query may hold a key.
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        self._config = uvicorn.Config(
            asgi,
            http=HttpConnection,
            ws=_WebSocket,
            ws_max_size=max_message_bytes,
            ws_per_message_deflate=False,  # a small frame could be a large message
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.TimerHandle | None = None
        self._closing = False

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on `sockets` from now on."""
        loop = asyncio.get_running_loop()
        self._tick(loop)
        for each in sockets:
            self._servers.append(await loop.create_server(self._connection, sock=each, backlog=self._config.backlog))

    async def wind_down(self, application: Drainable, grace_seconds: float) -> None:
        """Stop listening, let running requests finish within the grace, then cut what is left.

        Kept-alive connections stay open a moment: a client that is just sending on one gets its answer, with
        `connection: close`, instead of a reset.
        """
        deadline = time.monotonic() + grace_seconds
        for server in self._servers:
            server.close()
        self._closing = True
        for connection in self._http_connections():
            connection.retire()
        await asyncio.sleep(_SETTLE_SECONDS)  # what has just been accepted becomes a connection
        await _until(lambda: not any(each.expectant for each in self._http_connections()), LINGER_SECONDS)
        for connection in self._http_connections():
            if connection.idle:
                connection.transport.close()
        await asyncio.sleep(_SETTLE_SECONDS)  # what has just been read becomes a running turn
        await application.drain(max(0.0, deadline - time.monotonic()))
        await self._cut()

    async def _cut(self) -> None:
        """End every connection: WebSockets with a close frame, requests that outlived the grace by cancellation."""
        for connection in list(self._state.connections):
            connection.shutdown()
        await _until(lambda: not self._state.tasks, 1.0)
        for task in list(self._state.tasks):
            task.cancel("the server stops")
        await _until(lambda: not self._state.tasks and not self._state.connections, _CANCEL_SECONDS)
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._ticker is not None:
            self._ticker.cancel()

    def _connection(self) -> HttpConnection:
        connection = HttpConnection(self._config, self._state, {})
        if self._closing:
            connection.retire()
        return connection

    def _http_connections(self) -> list[HttpConnection]:
        return [each for each in self._state.connections if isinstance(each, HttpConnection)]

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a second: the Date header, and the time limits of every connection."""
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        now = loop.time()
        for connection in self._http_connections():
            connection.check(now)
        self._ticker = loop.call_later(until_next(now, TICK_SECONDS), self._tick, loop)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until `condition` holds, at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn's sets tell nobody of a change
        await asyncio.sleep(_POLL_SECONDS)

"""WebSockets that channels open to their platforms."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from crawdad.core.channels import Socket
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.text import Text

MOST_IN_ONE_MESSAGE = 64 * 1024 * 1024


class UpgradeRefused(GatewayError):
    """The other side answered the handshake with `status`."""

    def __init__(self, url: str, status: int) -> None:
        words = Text("channels.upgrade_refused", {"host": urlsplit(url).netloc.rpartition("@")[2], "status": status})
        super().__init__(ErrorKind.UPSTREAM_ERROR, words, {"status": status})
        self.status = status


class SocketEnded(EOFError):
    """The other side is gone; it closed with `code` (1006: without one)."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


@contextlib.asynccontextmanager
async def dial(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float = 10.0,
    ping: float | None = 30.0,
    proxy: str | None = None,
) -> AsyncIterator[Socket]:
    """A WebSocket to an address of the operator's own. `ping`: how often a ping is sent; a pong must come within the same
    time. `proxy`: an HTTP proxy of the operator's. Raises `UpgradeRefused`, `NotReached`; what the socket itself raises is
    `SocketEnded`."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

    host = urlsplit(url).netloc.rpartition("@")[2]
    dialed = connect(
        url,
        additional_headers=dict(headers or {}),
        open_timeout=seconds,
        close_timeout=1.0,
        max_size=MOST_IN_ONE_MESSAGE,
        max_queue=16,
        ping_interval=ping,
        ping_timeout=ping,
        proxy=proxy,
        user_agent_header=None,
    )
    try:
        connection = await dialed
    except InvalidStatus as error:
        raise UpgradeRefused(url, error.response.status_code) from None
    except TimeoutError:
        raise NotReached(ErrorKind.UPSTREAM_TIMEOUT, Text("http.timeout", {"host": host})) from None
    except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
        reason = str(error).replace(url, host)[:200] or type(error).__name__
        raise NotReached(
            ErrorKind.UPSTREAM_BROKEN, Text("http.unreachable", {"host": host, "reason": reason})
        ) from None
    try:
        yield _Dialed(connection, urlsplit(url).path)
    finally:
        await connection.close()


class _Dialed:
    """`core.channels.Socket` over a connection of the library's."""

    def __init__(self, connection: object, path: str) -> None:
        from websockets.asyncio.client import ClientConnection

        assert isinstance(connection, ClientConnection)
        self._connection = connection
        self.path = path
        self.headers: Mapping[str, str] = {}
        self.query: Mapping[str, str] = {}

    async def receive(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            closed = error.rcvd
            raise SocketEnded(closed.reason[:200] if closed else "", closed.code if closed else 1006) from None

    async def send(self, message: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(message)
        except ConnectionClosed:
            raise EOFError from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)

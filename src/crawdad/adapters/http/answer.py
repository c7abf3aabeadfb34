"""An upstream's answer whose body has yet to be read."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping

from crawdad.adapters.http.connection import Connection
from crawdad.adapters.http.decoding import decoder_for
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Timeouts
from crawdad.core.text import Text


class HttpAnswer:
    """`core.ports.UpstreamAnswer` over a connection, which `let_go` takes back when the answer is closed."""

    __slots__ = ("_connection", "_deadline", "_let_go", "_timeouts", "headers", "status", "url")

    def __init__(
        self, connection: Connection, timeouts: Timeouts, url: str, let_go: Callable[[Connection], None]
    ) -> None:
        self._connection: Connection | None = connection
        self._timeouts = timeouts
        self._deadline = math.inf  # of the loop's clock
        self.url = url
        self._let_go = let_go
        self.status = connection.status
        self.headers: Mapping[str, str] = connection.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        try:
            idle = self._timeouts.idle
            decoder = decoder_for(self.headers.get("content-encoding"))
            while (connection := self._connection) is not None:  # closed: the connection may be another's by now
                data = await connection.more(idle, self._deadline)
                if not data:
                    break
                if decoder is None:
                    yield data
                else:
                    for piece in decoder.feed(data):
                        yield piece
            if decoder is not None:
                decoder.close()
        except TimeoutError as error:
            reason = "http.idle" if asyncio.get_running_loop().time() < self._deadline else "http.endless"
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text(reason, {"host": host_of(self.url)})) from error
        except (OSError, ValueError) as error:
            raise broken(self.url, error) from error

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes."""
        connection = self._connection
        if connection is not None and connection.complete and not self.headers.get("content-encoding"):
            data = connection.taken()  # a small answer came whole with its headers
            if len(data) > limit:
                raise self._too_large(limit)
            return data
        self._deadline = asyncio.get_running_loop().time() + self._timeouts.whole
        size = 0
        pieces: list[bytes] = []
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                await self.close()
                raise self._too_large(limit)
            pieces.append(chunk)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _too_large(self, limit: int) -> GatewayError:
        return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("http.answer_too_large", {"limit": limit}))

    def __del__(self) -> None:
        """Nobody is left to close it, as whoever waited for it was cancelled in the very moment in which it came."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.loop.is_closed():
            # Rubbish is collected by whichever thread happens to: the connection belongs to the loop's.
            connection.loop.call_soon_threadsafe(self._let_go, connection)

    async def close(self) -> None:
        """Back to the pool when the body came to its end; otherwise the connection is dropped."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._let_go(connection)


def host_of(url: str) -> str:
    """Whom an error is about."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def broken(url: str, error: Exception) -> GatewayError:
    """No answer could be had, or not all of one."""
    reason = str(error) or type(error).__name__
    if "?" in url:  # a reason may quote the URL it is about; what follows the question mark may be secret
        reason = reason.replace(url.partition("?")[2], "…")
    return GatewayError(
        ErrorKind.UPSTREAM_BROKEN, Text("http.unreachable", {"host": host_of(url), "reason": reason[:300]})
    )

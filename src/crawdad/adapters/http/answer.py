"""An upstream's answer whose body has yet to be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from crawdad.adapters.http.connection import Connection
from crawdad.adapters.http.decoding import decoder_for
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text


class HttpAnswer:
    """`core.ports.UpstreamAnswer` over a connection, which `let_go` takes back when the answer is closed."""

    __slots__ = ("_connection", "_idle", "_let_go", "headers", "status", "url")

    def __init__(self, connection: Connection, idle: float, url: str, let_go: Callable[[Connection], None]) -> None:
        self._connection: Connection | None = connection
        self._idle = idle
        self.url = url
        self._let_go = let_go
        self.status = connection.status
        self.headers: Mapping[str, str] = connection.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        try:
            decoder = decoder_for(self.headers.get("content-encoding"))
            while (connection := self._connection) is not None:  # closed: the connection may be another's by now
                data = await connection.more(self._idle)
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
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("http.idle", {"host": host_of(self.url)})) from error
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

"""A port of this machine that waits for a browser to come back from a consent page (RFC 8252, 7.3).

A server of one path: it reads one GET request a connection, answers and hangs up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

import httptools
import structlog

from crawdad.core.text import Text

PATH = "/oauth-callback"
_log = structlog.get_logger(__name__)
_HOST = "127.0.0.1"
_NAMES = (_HOST, "localhost")
_MOST_BYTES = 16 * 1024
_MOST_CONNECTIONS = 32
_MOST_PARAMETERS = 50
_READ_SECONDS = 10.0

OnCallback = Callable[[Mapping[str, str]], Awaitable[Text | None]]
Page = Callable[[Text | None], tuple[int, Mapping[str, str], bytes]]
"""The page for whoever comes back: status, headers and HTML for what went wrong, or for success."""


class OpenPort:
    """One port, until it is closed."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.redirect_uri = f"http://{_HOST}:{server.sockets[0].getsockname()[1]}{PATH}"

    async def close(self) -> None:
        """Let the port go. Whoever is being answered is answered."""
        self._server.close()


class LoopbackListeners:
    """Opens ports that answer one path, with pages that `page` makes."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._connections = 0

    async def open(self, on_callback: OnCallback) -> OpenPort:
        """A random port on 127.0.0.1. Raises OSError."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connections += 1
            try:
                if self._connections <= _MOST_CONNECTIONS:
                    await self._answer(reader, writer, on_callback)
            except (OSError, TimeoutError, httptools.HttpParserError):
                pass  # no browser, or one that left
            except Exception:  # a connection is an edge
                _log.exception("loopback_listener_failed")
            finally:
                self._connections -= 1
                writer.close()

        return OpenPort(await asyncio.start_server(serve, _HOST, 0, limit=_MOST_BYTES))

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_callback: OnCallback
    ) -> None:
        request = _Request()
        async with asyncio.timeout(_READ_SECONDS):
            await request.read(reader)
        if (
            not request.whole or request.host not in _NAMES
        ):  # a page elsewhere may have rebound its name to this machine
            status, headers, body = 400, {"content-type": "text/plain"}, b"Bad Request"
        elif request.path != PATH or request.method != "GET":
            status, headers, body = 404, {"content-type": "text/plain"}, b"Not Found"
        else:
            status, found, body = self._page(await on_callback(request.query))
            headers = dict(found)
        headers |= {"content-length": str(len(body)), "connection": "close"}
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        await writer.drain()


class _Request:
    """What `httptools` finds in the bytes of one request."""

    def __init__(self) -> None:
        self.whole = False
        self.method = ""
        self.path = ""
        self.query: Mapping[str, str] = {}
        self.host = ""
        self._url = b""
        self._parser = httptools.HttpRequestParser(self)

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read until the head is whole, or too much has come."""
        size = 0
        while not self.whole and size < _MOST_BYTES:
            data = await reader.read(_MOST_BYTES - size)
            if not data:
                return
            size += len(data)
            self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"host":
            self.host = value.decode("latin-1").partition(":")[0].lower()

    def on_headers_complete(self) -> None:
        self.method = self._parser.get_method().decode("latin-1")
        path, _, query = self._url.decode("latin-1").partition("?")
        self.path = path
        try:
            self.query = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
        except ValueError:
            self.query = {}
        self.whole = True

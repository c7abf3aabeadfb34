"""A loopback HTTP/1.1 server whose handlers may also misbehave: they have the request and the naked socket.

It runs in a thread with an event loop of its own, so that blocking clients, async clients and gateways in other
processes can all be served from one test. Everything it receives is kept in a journal.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

import httptools
import orjson

from tests.support.waiting import PATIENCE


@dataclass
class Received:
    """One request as it arrived, and what became of its answer. Header names are lower-case; times are monotonic seconds."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    header_list: list[tuple[str, str]]
    body: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)
    sent: int = 0
    """Bytes of the answer that the socket took."""
    done_at: float | None = None
    """When the answer was complete (or ended on purpose)."""
    left_at: float | None = None
    """When the client went away before that."""
    error: BaseException | None = None
    """What the handler failed with, if it did: a mistake in the test's own upstream."""

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises `orjson.JSONDecodeError` when it is none."""
        return orjson.loads(self.body)


class Journal:
    """What a server received, in order. Safe to read from any thread."""

    def __init__(self) -> None:
        self._entries: list[Received] = []
        self._changed = threading.Condition()

    def add(self, entry: Received) -> None:
        """Keep one request."""
        with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()

    def touch(self) -> None:
        """Wake whoever waits: an entry has changed."""
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget everything."""
        with self._changed:
            self._entries.clear()

    def __iter__(self) -> Iterator[Received]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Received:
        return self._entries[index]

    @property
    def last(self) -> Received:
        """The newest request. Raises `IndexError` when there is none."""
        return self._entries[-1]

    def wait(self, condition: Callable[[Journal], bool], timeout: float = PATIENCE) -> None:
        """Block until `condition` holds. Raises `AssertionError` after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), timeout):
                raise AssertionError(f"this did not happen within {timeout} s; the journal holds {self._entries}")

    async def until(self, condition: Callable[[Journal], bool], timeout: float = PATIENCE) -> None:
        """`wait` for tests that have an event loop to keep going."""
        await asyncio.to_thread(self.wait, condition, timeout)


class Reply:
    """The answer to one request: whole, in chunks, or anything that can be done to a socket.

    Every sending method raises `ConnectionResetError` once the client is gone, and waits while the client does not read.
    """

    def __init__(self, connection: _Connection, request: Received) -> None:
        self._connection = connection
        self._request = request
        self._chunked = False

    async def whole(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """A complete answer. `body` is bytes, or anything else to be sent as JSON."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        head = {"content-type": "application/json", **(headers or {})}
        await self.raw(_head(status, {**head, "content-length": str(len(data))}) + data)
        self.done()

    async def begin(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Start an answer in chunks."""
        self._chunked = True
        await self.raw(_head(status, {**(headers or {}), "transfer-encoding": "chunked"}))

    async def send(self, data: bytes) -> None:
        """One chunk, flushed."""
        if data:
            await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        """The proper end of a chunked answer."""
        await self.raw(b"0\r\n\r\n")
        self.done()

    async def raw(self, data: bytes) -> None:
        """Bytes on the socket, as they are."""
        await self._connection.write(data)
        self._request.sent += len(data)

    def done(self) -> None:
        """The answer is over, whatever it looked like; a client that leaves now has not left early."""
        self._request.done_at = time.monotonic()
        self._connection.server.journal.touch()

    def finish(self) -> None:
        """Close the connection politely (FIN), whatever the client still expected."""
        self.done()
        self._connection.close()

    def reset(self) -> None:
        """Break the connection (RST)."""
        self.done()
        self._connection.reset()

    async def until_left(self) -> None:
        """Say nothing more until the client goes away."""
        await self._connection.gone.wait()


class LoopbackServer:
    """Serves `answer` on an ephemeral port of 127.0.0.1 between `start` and `stop` (or as a context manager)."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.connections_open = 0
        self.connections_peak = 0
        self.connections_total = 0
        self.requests_open = 0
        self.requests_peak = 0
        self.port = 0
        self._connections: set[_Connection] = set()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer one request. Cancelled when the client leaves."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """The server's origin, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Begin to serve; returns once the port is open."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name=type(self).__name__, daemon=True
        )
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise RuntimeError("the loopback server did not start")
        return self

    def stop(self) -> None:
        """Close the port and every connection. Raises what a handler failed with, so that no mistake stays hidden."""
        loop, stop, thread = self._loop, self._stop, self._thread
        if loop is None or stop is None or thread is None:
            return
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        self._thread = None
        for entry in self.journal:
            if entry.error is not None:
                raise entry.error

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        working = [task for connection in self._connections if (task := connection.abandon()) is not None]
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close their sockets

    def opened(self, connection: _Connection) -> int:
        """Count a connection in; its number."""
        self._connections.add(connection)
        self.connections_total += 1
        self.connections_open += 1
        self.connections_peak = max(self.connections_peak, self.connections_open)
        return self.connections_total

    def closed(self, connection: _Connection) -> None:
        """Count a connection out."""
        self._connections.discard(connection)
        self.connections_open -= 1
        self.journal.touch()


class _Connection(asyncio.Protocol):
    """One client connection: parses requests and answers them one after the other."""

    def __init__(self, server: LoopbackServer) -> None:
        self.server = server
        self.gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Received] = deque()
        self._current: Received | None = None
        self._task: asyncio.Task[None] | None = None
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._number = self.server.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        entry = Received(
            self._parser.get_method().decode(),
            unquote(path),
            dict(parse_qsl(query, keep_blank_values=True)),
            dict(self._headers),
            self._headers,
            b"".join(self._body),
            self._number,
        )
        self._url, self._headers, self._body = b"", [], []
        self.server.journal.add(entry)
        self._waiting.append(entry)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        server = self.server
        while self._waiting:
            entry = self._current = self._waiting.popleft()
            server.requests_open += 1
            server.requests_peak = max(server.requests_peak, server.requests_open)
            server.journal.touch()
            try:
                await server.answer(entry, Reply(self, entry))
            except ConnectionError:
                self._left(entry)
            except Exception as error:  # the thread's edge: `stop` raises it in the test
                entry.error = error
                self._transport.abort()
            finally:
                server.requests_open -= 1
                self._current = None
                server.journal.touch()
        self._task = None

    async def write(self, data: bytes) -> None:
        """Send, and wait while the client does not read. Raises `ConnectionResetError` once it is gone."""
        if self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(data)
        await asyncio.sleep(0)  # so that endless answers let the others work
        await self._writable.wait()

    def close(self) -> None:
        """Send what is buffered, then FIN."""
        self._transport.close()

    def reset(self) -> None:
        """RST: the client's next read fails."""
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def abandon(self) -> asyncio.Task[None] | None:
        """The server stops: end whatever goes on here."""
        self._transport.abort()
        if self._task is not None:
            self._task.cancel()
        return self._task

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.gone.set()
        self._writable.set()
        if self._current is not None and self._task is not None:
            self._left(self._current)
            self._task.cancel()
        self.server.closed(self)

    def _left(self, entry: Received) -> None:
        if entry.done_at is None and entry.left_at is None:
            entry.left_at = time.monotonic()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")

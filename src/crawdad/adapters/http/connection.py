"""One HTTP/1.1 connection to an upstream: writes a request, parses its answer, holds back an upstream that is too fast."""

from __future__ import annotations

import asyncio
import math
from typing import cast

import httptools

HEADER_BYTES = 64 * 1024
HEADER_COUNT = 256
BUFFER_BYTES = 64 * 1024
"""Beyond this much unread body nothing more is read from the socket."""

_IDLE, _HEAD, _BODY, _DONE = range(4)


class BrokenAnswer(OSError):
    """What came is no HTTP answer, or not a whole one."""


class StaleConnection(BrokenAnswer):
    """A kept connection was closed before any byte of an answer came: most likely before it was used."""


class Connection(asyncio.Protocol):
    """Serves one request at a time: `ask`, then `more` until it returns nothing. After that it may be asked again where
    `reusable` says so. `deadline` (of the loop's clock) is when whoever waits here shall be given up."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._stage = _IDLE
        self._asked = 0
        self._paused = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._method = ""
        self._informational = self._until_close = self._keep_alive = self._heard = False
        self._header_bytes = self._header_count = 0
        self._codings = b""
        self.deadline = math.inf
        self.idle_until = 0.0
        self.status = 0
        self.headers: dict[str, str] = {}

    # What whoever asks calls

    async def ask(self, method: str, head: bytes, body: bytes | None, deadline: float) -> None:
        """Write a request and wait for the head of its answer (`status`, `headers`). Raises `StaleConnection`,
        `BrokenAnswer` or another `OSError`; `TimeoutError` when the deadline passes."""
        if self._transport is None or self._stage != _IDLE:
            raise StaleConnection("the connection is closed")
        self._stage = _HEAD
        self._asked += 1
        self._method = method
        self._informational = self._until_close = self._keep_alive = self._heard = False
        self._header_bytes = self._header_count = 0
        self._codings = b""
        self.headers = {}
        if body:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head)
        try:
            await self._wait(deadline)
        except BaseException:
            self.abort()
            raise

    async def more(self, seconds: float, deadline: float = math.inf) -> bytes:
        """The body that has come since, waiting up to `seconds` for some, and not beyond `deadline`; empty at its end."""
        while not self._pieces:
            if self._stage == _DONE:
                return b""
            await self._wait(min(self.loop.time() + seconds, deadline))
        return self.taken()

    def taken(self) -> bytes:
        """The body that has come since, without waiting."""
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self._size = 0
        if self._paused:
            self._paused = False
            if self._transport is not None:
                self._transport.resume_reading()
        return data

    @property
    def complete(self) -> bool:
        """Whether the whole answer has come."""
        return self._stage == _DONE

    @property
    def reusable(self) -> bool:
        """Whether the answer is over and another request may be made."""
        transport = self._transport
        return (
            self._stage == _DONE
            and self._keep_alive
            and transport is not None
            and not transport.is_closing()
            and not transport.get_write_buffer_size()
        )

    @property
    def alive(self) -> bool:
        """Whether nothing speaks against using the connection that was kept."""
        return self._stage == _IDLE and self._transport is not None and not self._transport.is_closing()

    def rest(self) -> None:
        """Wait for the next request."""
        self.taken()
        self._stage = _IDLE

    def abort(self) -> None:
        """Close at once."""
        self._fail(BrokenAnswer("the connection was closed"))

    def expire(self) -> None:
        """The deadline has passed."""
        self._fail(TimeoutError("no answer in time"))

    async def _wait(self, deadline: float) -> None:
        if self._error is not None:
            raise self._error
        waiter = self._waiter = self.loop.create_future()
        self.deadline = deadline
        try:
            await waiter
        finally:
            self._waiter = None
            self.deadline = math.inf

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        if self._error is None:
            self._error = error
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                waiter.set_exception(error)

    # What the socket calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._stage == _IDLE or self._stage == _DONE:
            self._keep_alive = False  # nobody asked: whatever it is must not become the next answer
            if self._stage == _IDLE:
                self.abort()
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(BrokenAnswer("the upstream changed the protocol"))
        except httptools.HttpParserError as error:
            self._keep_alive = False
            if self._stage != _DONE:
                cause = error.__context__
                self._fail(cause if isinstance(cause, BrokenAnswer) else BrokenAnswer(f"no HTTP: {error}"))
            return
        if self._stage == _HEAD:
            # A field that never ends reaches no callback: count what the parser holds back.
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES:
                self._fail(BrokenAnswer("the answer's headers are too large"))
        elif self._size > BUFFER_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._ended(error)
        self._transport = None
        del self._parser  # the two hold each other

    def _ended(self, error: Exception | None) -> None:
        self._keep_alive = False
        if self._stage == _BODY and self._until_close and error is None:
            self._stage = _DONE
            self._wake()
        elif self._stage == _HEAD and not self._heard and self._asked > 1:
            self._fail(StaleConnection("the upstream had closed the connection"))
        elif self._stage == _HEAD or self._stage == _BODY:
            self._fail(error or BrokenAnswer("the upstream closed the connection before the answer's end"))
        elif self._stage == _IDLE:
            self.abort()

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._stage == _DONE:
            raise BrokenAnswer("more came than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        self._header_bytes += len(name) + len(value)
        if self._header_count > HEADER_COUNT or self._header_bytes > HEADER_BYTES:
            raise BrokenAnswer("the answer's headers are too large")
        if self._stage == _HEAD:  # a trailer must not pass for a header
            key = name.decode("latin-1").lower()
            if key == "transfer-encoding":
                self._codings += b"," + value.lower()
            # The first of several counts, as it does for whoever reads them one by one.
            self.headers.setdefault(key, value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        status = self.status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise BrokenAnswer("the upstream changed the protocol")
            self._informational = True
            self.headers = {}
            self._codings = b""
            return
        is_chunked = self._codings.rpartition(b",")[2].strip() == b"chunked"
        self._until_close = not is_chunked and "content-length" not in self.headers
        self._keep_alive = self._parser.should_keep_alive()
        self._stage = _BODY
        if self._method == "HEAD":  # the parser waits for a body that does not come
            self._keep_alive = False
            self._stage = _DONE
        self._wake()

    def on_body(self, body: bytes) -> None:
        if self._stage == _BODY:
            self._pieces.append(body)
            self._size += len(body)
            self._wake()

    def on_message_complete(self) -> None:
        if self._informational:
            self._informational = False
        elif self._stage == _BODY:
            self._stage = _DONE
            self._wake()

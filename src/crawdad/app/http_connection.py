"""One HTTP/1.1 connection: uvicorn's httptools protocol with the limits it lacks.

uvicorn and httptools refuse malformed framing (conflicting or doubled lengths, unknown transfer codings, bare line
feeds, bad chunk sizes) and push back on a client that does not read. What they do not bound is added here: the size and
number of header fields, how long a client may take over its headers and its body, how long it may leave an answer
unread, trailers that pose as headers, a missing or doubled Host (RFC 9112 §3.2).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from crawdad.app.http_answer import AnswerCycle
from crawdad.core.text import Text

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

HEADER_BYTES = 64 * 1024
HEADER_COUNT = 200
URL_BYTES = 16 * 1024
HEADER_SECONDS = 15.0
"""From the first byte of a request (or from connecting) to the end of its headers."""
BODY_SECONDS = 30.0
"""The longest silence within a body, and the time that a body of any size may take."""
BODY_RATE = 1000.0
"""Bytes per second that buy a body more time."""
LINGER_SECONDS = 2.0
"""How long a refused client may take to read why."""
DISCARD_SECONDS = 5.0
"""How long the rest of a body is read that was answered before its end."""
UNREAD_SECONDS = 300.0
"""How long a client may leave an answer unread while it is held back."""

_HOST = re.compile(rb"[A-Za-z0-9._~%:\[\]-]+")
_OFFER = {b"connection", b"upgrade", b"http2-settings"}
_CODES = {400: "bad_request", 408: "request_timeout", 414: "uri_too_long", 431: "header_fields_too_large"}


class _Refused(Exception):
    """Raised in a parser callback to stop the parser."""


class HttpConnection(HttpToolsProtocol):
    """A client connection. `check` must be called about once a second with the loop's time."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._reading = ""  # "headers" or "body" while within one
        self._deadline: float | None = self.loop.time() + HEADER_SECONDS
        self._unread_since: float | None = None
        self._header_bytes = self._header_count = 0
        self._host = b""
        self._status = 400
        self._refused = False
        self._retiring = False
        self._on_lost: Callable[[], None] | None = None
        self._answering: RequestResponseCycle | None = None

    # What arrives

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(self._status)
            return
        if self._reading == "headers":
            # A field that never ends reaches no callback: count what the parser holds back.
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES:
                self._refuse(431)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return
            # An offer of something else, mostly HTTP/2 (Java's client makes it with its first request). The parser
            # takes the body for the other protocol's: read the request again without the offer.
            head = [self.parser.get_method(), b" ", self.url, b" HTTP/1.1\r\n"]
            for name, value in self.headers:
                if name not in _OFFER:
                    head += [name, b": ", value, b"\r\n"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(b"".join(head) + b"\r\n" + data[upgrade.args[0] :])

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        self._part()
        # A handshake that the WebSocket library does not take is told to nobody, and would stay open unanswered.
        handshake = getattr(self.transport.get_protocol(), "conn", None)
        if getattr(handshake, "handshake_exc", None) is not None:
            self.transport.write(_REFUSALS[400])
            self.transport.close()

    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and not self._should_upgrade()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading = "headers"
        self._deadline = self.loop.time() + HEADER_SECONDS
        self._header_bytes = self._header_count = 0
        self._host = b""

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > URL_BYTES:
            self._stop_parsing(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        self._header_bytes += len(name) + len(value)
        if self._header_count > HEADER_COUNT or self._header_bytes > HEADER_BYTES:
            self._stop_parsing(431)
        if self._reading != "headers":
            return  # a trailer must not pass for a header
        super().on_header(name, value)
        name = self.headers[-1][0]
        if name == b"host":
            if self._host or not _HOST.fullmatch(value):
                self._stop_parsing(400)
            self._host = value
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            self._stop_parsing(400)

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        if version != "1.0" and (version != "1.1" or not self._host):
            self._stop_parsing(400)
        if self._is_offer():
            if self.parser.get_method() == b"CONNECT":
                self._stop_parsing(400)
            return
        self.scope["method"] = self.parser.get_method().decode("ascii")
        if not self.parser.should_upgrade():  # to a WebSocket: the handshake goes on elsewhere
            self._begin_cycle(version)
        self._reading = "body"
        self._header_bytes = self._header_count = 0
        self._deadline = self.loop.time() + BODY_SECONDS

    def _begin_cycle(self, version: str) -> None:
        """Start the request whose headers are complete, or queue it behind the one that is being answered."""
        scope, url = self.scope, httptools.parse_url(self.url)
        scope["http_version"] = version
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        scope["crawdad.watch"] = self.watch  # type: ignore[typeddict-unknown-key]
        before = self.cycle
        cycle = self.cycle = AnswerCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=not self._retiring and version == "1.1" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        if self._deadline is not None:
            earned = self._deadline + len(body) / BODY_RATE
            self._deadline = min(earned, self.loop.time() + BODY_SECONDS)
        cycle = self.cycle
        if isinstance(cycle, AnswerCycle) and not cycle.response_complete and cycle.take(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        if self._is_offer():
            return
        self._reading = ""
        self._deadline = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._on_lost = None
        if self.transport.is_closing():
            return
        if self._is_answered() and self._deadline is not None:
            self._deadline = min(self._deadline, self.loop.time() + DISCARD_SECONDS)
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._reading:
            self._deadline = self.loop.time() + self.timeout_keep_alive

    def watch(self, on_lost: Callable[[], None] | None) -> None:
        """Have `on_lost` called when the client goes away before its answer is complete; None takes it back."""
        self._on_lost = on_lost
        if on_lost is not None and self.transport.is_closing():
            self.loop.call_soon(self._tell_of_loss)

    def _tell_of_loss(self) -> None:
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is not None:
            on_lost()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        answering, self._answering = self._answering, None
        if (
            answering is not None and not answering.response_complete
        ):  # uvicorn tells the newest of several requests only
            answering.disconnected = True
            answering.message_event.set()
        self._tell_of_loss()
        self._part()

    def _part(self) -> None:
        """Let go of the requests, which know this connection. Parted they are freed at once, and do not wait for a collection:
        that is what keeps memory flat where clients connect anew for each request."""
        self.cycle = None  # type: ignore[assignment]
        self.parser = None  # type: ignore[assignment]
        self.scope = {}  # type: ignore[typeddict-item]
        self.pipeline.clear()

    def pause_writing(self) -> None:
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    # What the server does with it

    @property
    def idle(self) -> bool:
        """Whether no request is being read or answered."""
        return not self._reading and (self.cycle is None or self.cycle.response_complete)

    @property
    def expectant(self) -> bool:
        """Whether a request is, or may be, on its way to us."""
        return self.idle or bool(self._reading)

    def check(self, now: float) -> None:
        """Hold the client to its time limits."""
        if self._unread_since is not None and now - self._unread_since > UNREAD_SECONDS:
            self.transport.abort()
        elif self._deadline is not None and now >= self._deadline:
            if self.flow.read_paused:
                self._deadline = now + BODY_SECONDS  # we are the slow ones
            elif self._refused or self.idle or self._is_answered():
                self.transport.close()
            else:
                self._refuse(408)

    def _is_answered(self) -> bool:
        """Whether the request whose body still comes has had its answer: a second one would be taken for the next's."""
        return self._reading == "body" and self.cycle is not None and self.cycle.response_complete

    def retire(self) -> None:
        """Answer what is asked, say `connection: close` with it, and take no further request."""
        self._retiring = True
        if not self.idle and self.cycle is not None:
            self.cycle.keep_alive = False

    # Refusals

    def _stop_parsing(self, status: int) -> None:
        self._status = status
        raise _Refused

    def _refuse(self, status: int) -> None:
        """Answer with `status` where that can still be said, then close, giving the client time to read it."""
        self._refused = True
        self._deadline = self.loop.time() + LINGER_SECONDS
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if answering and (cycle.response_started or self.pipeline):
            self.transport.close()
            return
        self.transport.write(_REFUSALS[status])
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()


def _refusal(status: int, code: str) -> bytes:
    message = Text(f"front.{code}").render()
    error = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    body = json.dumps(error).encode()
    head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + body


_REFUSALS = {status: _refusal(status, code) for status, code in _CODES.items()}

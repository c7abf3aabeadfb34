"""The HTTP server against clients that are slow, greedy, malformed or sly."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets.asyncio.client
from uvicorn.config import Config
from uvicorn.server import ServerState

from crawdad.app import front, http_connection
from crawdad.app.front import Front
from tests.support.waiting import PATIENCE

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Echo:
    """Answers with what it was asked, and remembers what it saw."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[Message] = []
        self.disconnects = 0
        self.sent = 0

    async def asgi(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(receive, send)
            return
        self.scopes.append(scope)
        if scope["path"] == "/early":
            await self._answer(send, 413, b"too large")
            return
        if scope["path"] == "/flood":
            await self._flood(send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return
            body += message["body"]
            more = message["more_body"]
        self.bodies.append(body)
        await self._answer(send, 200, body)

    async def _answer(self, send: Send, status: int, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _flood(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(10_000):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
            self.sent += 65536

    async def _websocket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async def drain(self, grace_seconds: float) -> None:
        pass


@asynccontextmanager
async def serving(echo: Echo) -> AsyncIterator[int]:
    """Echo on an ephemeral port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    server = Front(echo.asgi, 1 << 20)
    await server.serve([listener])
    try:
        yield listener.getsockname()[1]
    finally:
        await server.wind_down(echo, 0.0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(front, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(http_connection, "LINGER_SECONDS", 1.0)


async def exchange(port: int, *pieces: bytes, pause: float = 0.0, finish: bool = False) -> bytes:
    """Everything the server says to `pieces` until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)
        if finish:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        POST
        + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        POST
        + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        POST + b"Content-Length: 2, 2\r\n\r\nhi",
        POST + b"Content-Length: +2\r\n\r\nhi",
        POST + b"Content-Length: -2\r\n\r\nhi",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\nhi",
        POST + b"Content-Length : 2\r\n\r\nhi",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"2;a\nhi\r\n0\r\n\r\n",
        CHUNKED + b"2\nhi\n0\n\n",
        CHUNKED + b"0x2\r\nhi\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nhi\r\n0\r\n\r\n",
        CHUNKED + b"fffffffffffffffff\r\nhi\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nhiXX0\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b?c#d\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET ?x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /é HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
async def test_ambiguous_requests_are_refused_whole(request_bytes: bytes) -> None:
    echo = Echo()
    async with serving(echo) as port:
        answer = await exchange(port, request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"connection: close" in head
    assert json.loads(body)["error"]["code"] == "bad_request"
    assert echo.bodies == []


async def test_trailers_do_not_become_headers() -> None:
    echo = Echo()
    async with serving(echo) as port:
        answer = await exchange(port, CHUNKED + b"2\r\nhi\r\n0\r\nAuthorization: Bearer x\r\n\r\n", finish=True)
    assert answer.startswith(b"HTTP/1.1 200 ") and echo.bodies == [b"hi"]
    assert [name for name, _ in echo.scopes[0]["headers"]] == [b"host", b"transfer-encoding"]


async def test_pipelined_requests_are_answered_in_order() -> None:
    echo = Echo()
    async with serving(echo) as port:
        one, two = (POST + b"Content-Length: 3\r\n\r\n" + body for body in (b"one", b"two"))
        answer = await exchange(port, one + two, finish=True)
    assert echo.bodies == [b"one", b"two"]
    assert answer.index(b"one") < answer.index(b"two")


async def test_an_offer_of_http2_is_passed_over() -> None:
    """Java's client makes one with its first request."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
    echo = Echo()
    async with serving(echo) as port:
        answer = await exchange(port, POST + offer + b"Content-Length: 2\r\n\r\nhi", GET, pause=0.1, finish=True)
    assert answer.count(b"HTTP/1.1 200 OK") == 2 and echo.bodies == [b"hi", b""]


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"], 431),
        ([b"GET / HTTP/1.1\r\nHost: a\r\nX: "] + [b"x" * 10_000] * 100, 431),
        ([b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"], 431),
        ([b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"], 414),
        ([CHUNKED, b"2\r\nhi\r\n0\r\n", b"X: y\r\n" * 1000], 431),
    ],
    ids=["one large field", "a field without end", "many fields", "long url", "many trailers"],
)
async def test_headers_have_limits(pieces: list[bytes], status: int) -> None:
    echo = Echo()
    async with serving(echo) as port:
        try:
            answer = await exchange(port, *pieces)
        except ConnectionError:
            answer = b""  # refused while still sending
    assert answer.startswith(b"HTTP/1.1 %d " % status) or (answer == b"" and len(pieces) > 10)
    assert echo.bodies == []


async def test_slow_headers_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEADER_SECONDS", 0.2)
    echo = Echo()
    async with serving(echo) as port:
        slow = exchange(port, b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 4, pause=0.1)
        silent = exchange(port)
        answers = await asyncio.gather(slow, silent)
    assert answers[0].startswith(b"HTTP/1.1 408 ") and answers[1] == b""


@pytest.mark.parametrize("pieces", [[b"x"], [b"x"] * 8], ids=["silent", "trickling"])
async def test_slow_bodies_are_not_waited_for(monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]) -> None:
    monkeypatch.setattr(http_connection, "BODY_SECONDS", 0.3)
    echo = Echo()
    async with serving(echo) as port:
        answer = await exchange(port, POST + b"Content-Length: 1000\r\n\r\n", *pieces, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert (echo.bodies, echo.disconnects) == ([], 1)


async def test_a_steady_body_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "BODY_SECONDS", 0.3)
    echo = Echo()
    async with serving(echo) as port:
        head = POST + b"Content-Length: 4000\r\n\r\n"
        answer = await exchange(port, head, *[b"x" * 500] * 8, pause=0.1, finish=True)
    assert answer.startswith(b"HTTP/1.1 200 ") and echo.bodies == [b"x" * 4000]


async def test_a_body_nobody_wants_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "DISCARD_SECONDS", 0.2)
    async with serving(Echo()) as port:
        answer = await exchange(port, b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n", b"x")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_an_answer_nobody_reads_is_held_back_and_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "UNREAD_SECONDS", 0.3)
    echo = Echo()
    async with serving(echo) as port:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
            async with asyncio.timeout(PATIENCE):
                while echo.sent < 10_000 * 65536:  # after the abort it sends into the void, to the end
                    await asyncio.sleep(0.05)
                    held = echo.sent
                    if 0 < held < 10_000 * 65536:
                        assert held < 16 * 1024 * 1024


async def test_a_websocket_works_over_the_lazily_loaded_protocol() -> None:
    async with (
        serving(Echo()) as port,
        websockets.asyncio.client.connect(f"ws://127.0.0.1:{port}/", open_timeout=PATIENCE) as connection,
    ):
        await connection.send("hello")
        assert await connection.recv() == "hello"


class Wire(asyncio.Transport):
    """A connection without a socket."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def writelines(self, pieces: Any) -> None:
        self.written += b"".join(pieces)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def on_a_wire(application: Any) -> tuple[http_connection.HttpConnection, Wire]:
    wire, config = Wire(), Config(application, lifespan="off", log_config=None, ws="none")
    config.load()
    connection = http_connection.HttpConnection(config, ServerState(), {}, asyncio.get_running_loop())
    connection.connection_made(wire)
    return connection, wire


async def test_a_body_that_comes_behind_another_request_has_its_whole_time() -> None:
    release = asyncio.Event()
    answered: asyncio.Queue[str] = asyncio.Queue()
    echo = Echo()

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"] == "/held":
            await release.wait()
        await echo.asgi(scope, receive, send)
        answered.put_nowait(scope["path"])

    connection, wire = on_a_wire(application)
    connection.data_received(GET.replace(b"/ ", b"/held ") + POST + b"Content-Length: 4\r\n\r\nab")
    release.set()
    assert await asyncio.wait_for(answered.get(), PATIENCE) == "/held"
    connection.check(asyncio.get_running_loop().time() + http_connection.DISCARD_SECONDS + 1)
    connection.data_received(b"cd")
    assert await asyncio.wait_for(answered.get(), PATIENCE) == "/"
    assert echo.bodies == [b"", b"abcd"]
    assert wire.written.count(b"HTTP/1.1 200 ") == 2 and b" 408 " not in wire.written


async def test_whoever_is_being_answered_is_told_of_the_loss_behind_other_requests_too() -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        told.put_nowait((await receive())["type"])

    connection, _ = on_a_wire(application)
    connection.data_received(GET + GET)
    await asyncio.sleep(0)
    connection.connection_lost(None)
    assert await asyncio.wait_for(told.get(), PATIENCE) == "http.disconnect"

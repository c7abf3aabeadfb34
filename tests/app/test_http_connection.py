"""A connection that is over is gone, with all that belonged to its request."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
import websockets.asyncio.client
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crawdad.api.channels.routes import OpenedSocket
from crawdad.app.http_connection import HttpConnection
from crawdad.app.web_socket import WebSocketConnection
from tests.support.waiting import until_so


async def answer(_scope: Any, receive: Any, send: Any) -> None:
    """Reads all of the request, says yes."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"yes"})


async def leave(_scope: Any, receive: Any, _send: Any) -> None:
    """Waits until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def exchanged(app: Any, *, whole: bool) -> None:
    """One connection with two requests, the second sent with the first; nothing of it is left without a collection."""
    config, state = Config(app, lifespan="off"), ServerState()
    config.load()
    known: list[weakref.ref[HttpConnection]] = []

    def connection() -> HttpConnection:
        made = HttpConnection(config, state, {})
        known.append(weakref.ref(made))
        return made

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        request = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi"
        writer.write(request + request)
        if whole:
            for _ in range(2):
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(3) == b"yes"
        else:
            await until_so(lambda: state.tasks, "the request")
        writer.close()
        await until_so(lambda: not state.connections and not state.tasks, "the end of it")
        await until_so(lambda: known[0]() is None, "the connection to be freed")


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """A WebSocket that says what it hears, and knows the ways that its connection offers."""
    assert await receive() == {"type": "websocket.connect"}
    scope["crawdad.limit"](1000)
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        assert scope["crawdad.write"](message["text"].encode())


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """A WebSocket that is answered with a status instead."""
    assert await receive() == {"type": "websocket.connect"}
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})


async def end_with_words(scope: Any, receive: Any, send: Any) -> None:
    """A WebSocket that is closed with a reason longer than a frame takes."""
    assert await receive() == {"type": "websocket.connect"}
    socket = OpenedSocket(scope, receive, send, "/")
    await socket.send("hello")
    await socket.close(1011, "数据库" * 40)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[str, ServerState]]:
    """The app as a WebSocket's address, and what is left of its connections."""
    config, state = Config(app, lifespan="off", ws=WebSocketConnection), ServerState()
    config.load()
    server = await asyncio.get_running_loop().create_server(lambda: HttpConnection(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", state


async def test_a_refused_handshake_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(refuse) as (url, state):
        with pytest.raises(InvalidStatus) as refused:
            await websockets.asyncio.client.connect(url, proxy=None)
        assert (refused.value.response.status_code, refused.value.response.body) == (401, b"no")
        await until_so(lambda: not state.connections and not state.tasks, "the end of it")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_reason_longer_than_a_frame_takes_is_cut_between_characters() -> None:
    async with serving(end_with_words) as (url, _), websockets.asyncio.client.connect(url, proxy=None) as socket:
        assert await socket.recv() == "hello"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1011
    assert set(closed.value.rcvd.reason) == set("数据库")


async def upgraded() -> None:
    """A connection that became a WebSocket; nothing of either is left without a collection."""
    config, state = Config(echo, lifespan="off", ws=WebSocketConnection), ServerState()
    config.load()
    known: list[weakref.ref[Any]] = []

    def connection() -> HttpConnection:
        made = HttpConnection(config, state, {})
        known.append(weakref.ref(made))
        return made

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with websockets.asyncio.client.connect(f"ws://127.0.0.1:{port}/", proxy=None) as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"
            (one,) = state.connections
            known.append(weakref.ref(one))
            assert isinstance(one, WebSocketConnection)
            del one
        await until_so(lambda: not state.connections and not state.tasks, "the end of it")
        await until_so(lambda: all(each() is None for each in known), "both to be freed")


def test_nothing_of_a_connection_waits_for_a_collection() -> None:
    gc.collect()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(exchanged(answer, whole=True))
            runner.run(exchanged(leave, whole=False))
            runner.run(upgraded())
    finally:
        gc.enable()

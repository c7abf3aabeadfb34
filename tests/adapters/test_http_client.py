"""The HTTP client against servers that answer byte by byte as told, on both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crawdad.adapters.http import HttpTransport, connection, dialing, names, pool
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.ports import Timeouts, UpstreamCall
from tests.adapters.raw_servers import Asked, RawServer, serving, tls_of
from tests.support.waiting import PATIENCE

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
PATIENT = Timeouts()
QUICK = Timeouts(1.0, 0.3, 0.3)
MEGABYTE = 1024 * 1024


@pytest.fixture
async def client() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("test/1") as opened:
        yield opened


def to(
    server: RawServer | str,
    body: bytes | None = b"{}",
    method: str = "POST",
    timeouts: Timeouts = PATIENT,
    **more: str | bool,
) -> UpstreamCall:
    url = server if isinstance(server, str) else server.url + "/x"
    return UpstreamCall(method, url, {}, body, timeouts, **more)  # type: ignore[arg-type]


async def got(client: HttpTransport, call: UpstreamCall, limit: int = MEGABYTE) -> tuple[int, bytes]:
    answer = await client.send(call)
    try:
        return answer.status, await answer.read(limit)
    finally:
        await answer.close()


async def test_a_request_and_its_answer(client: HttpTransport) -> None:
    bodies = []

    async def script(asked: Asked) -> None:
        bodies.append(await asked.reader.readexactly(int(asked.header("content-length") or 0)))
        await asked.say(b"HTTP/1.1 201 Made\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 2\r\n\r\nok")

    async with serving(script) as server:
        call = UpstreamCall("POST", f"{server.url}/v1?a=b", {"X-Key": "k"}, b'{"a":1}')
        answer = await client.send(call)
        assert (answer.status, answer.headers.get("x-one"), await answer.read(10)) == (201, "1", b"ok")
        await answer.close()
        await answer.close()
    asked = server.asked[0]
    assert asked.line == "POST /v1?a=b HTTP/1.1" and bodies == [b'{"a":1}']
    assert (asked.header("x-key"), asked.header("user-agent")) == ("k", "test/1")
    assert asked.header("host") == f"127.0.0.1:{server.port}"
    assert asked.header("accept-encoding") is None


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x=y\r\na\r\n2\r\nbc\r\n0\r\nX-Trailer: 1\r\n\r\n", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\ncontent-length: 9\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 \r\ncontent-length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx", b"x"),
    ],
)  # fmt: skip
async def test_connections_are_kept_after_every_kind_of_answer(client: HttpTransport, said: bytes, body: bytes) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(said)

    async with serving(script) as server:
        for _ in range(3):
            status, told = await got(client, to(server, None, "GET"))
            assert status == 200 and told == body
        assert server.connections == 1


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_a_body(client: HttpTransport, status: int) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 %d X\r\n%b\r\n" % (status, b"content-length: 5\r\n" if status == 304 else b""))

    async with serving(script) as server:
        for _ in range(2):
            assert await got(client, to(server, None, "GET")) == (status, b"")
        assert server.connections == 1


async def test_the_answer_to_head_has_no_body(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")

    async with serving(script) as server:
        assert await got(client, to(server, None, "HEAD")) == (200, b"")


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nkeep-alive: timeout=1, max=5\r\n\r\nok",
    ],
)
async def test_connections_that_are_not_kept(client: HttpTransport, said: bytes) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(said)

    async with serving(script) as server:
        for _ in range(2):
            assert await got(client, to(server)) == (200, b"ok")
        assert server.connections == 2


async def test_an_answer_that_ends_with_the_connection(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\n\r\nuntil")
        await asked.say(b" the end")
        asked.writer.close()

    async with serving(script) as server:
        assert await got(client, to(server)) == (200, b"until the end")


async def test_the_connection_that_was_used_last_is_used_first(client: HttpTransport) -> None:
    gate = asyncio.Event()

    async def script(asked: Asked) -> None:
        if len(server.asked) == 2:
            gate.set()
        await gate.wait()
        await asked.say(OK)

    async with serving(script) as server:
        one, two = await asyncio.gather(client.send(to(server)), client.send(to(server)))
        await one.read(10)
        await two.read(10)
        await one.close()
        await two.close()
        for _ in range(3):
            await got(client, to(server))
        last = server.asked[2].connection
        assert [asked.connection for asked in server.asked[2:]] == [last] * 3 and server.connections == 2


async def test_a_kept_connection_that_was_closed_is_noticed(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(OK)
        asked.writer.close()

    async with serving(script) as server:
        for _ in range(3):
            assert await got(client, to(server)) == (200, b"ok")
            await asyncio.wait_for(server.closing.wait(), PATIENCE)
        assert len(server.asked) == 3


async def test_a_kept_connection_that_closes_under_a_request_is_replaced_once(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        if len(server.asked) in (2, 4, 5):
            asked.writer.close()  # without a word, the request in hand
        else:
            await asked.say(OK)

    async with serving(script) as server:
        assert await got(client, to(server)) == (200, b"ok")
        assert await got(client, to(server)) == (200, b"ok")  # two were asked, the second on a new connection
        assert len(server.asked) == 3
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server))
        assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN and len(server.asked) == 5


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 2"])
async def test_nothing_is_asked_twice_on_a_new_connection_or_after_a_byte(client: HttpTransport, first: bytes) -> None:
    async def script(asked: Asked) -> None:
        if first and len(server.asked) == 1:
            await asked.say(OK)
            return
        await asked.say(first)
        asked.writer.close()

    async with serving(script) as server:
        if first:
            await got(client, to(server))
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server))
        assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN
        assert len(server.asked) == (2 if first else 1)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000, b"HTTP/1.1 100 Continue\r\nx: y\r\n\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_a_failure(client: HttpTransport, said: bytes) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(said)
        asked.writer.close()

    async with serving(script) as server:
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server))
        assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


def packed(how: str, data: bytes) -> bytes:
    if how == "gzip":
        return gzip.compress(data)
    if how == "members":
        return gzip.compress(data[:3]) + gzip.compress(data[3:]) + b"\0\0\0"
    squeeze = zlib.compressobj(wbits=-15 if how == "raw" else 15)
    return squeeze.compress(data) + squeeze.flush()


@pytest.mark.parametrize(("how", "encoding"), [("gzip", "gzip"), ("members", "x-gzip"), ("zlib", "deflate"), ("raw", "Deflate")])  # fmt: skip
@pytest.mark.parametrize("at_once", [True, False])
async def test_packed_answers_are_unpacked(client: HttpTransport, how: str, encoding: str, at_once: bool) -> None:
    data = packed(how, b"hello, hello, hello")

    async def script(asked: Asked) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(data)}\r\n\r\n".encode()
        for piece in [head + data] if at_once else [head, *(data[i : i + 1] for i in range(len(data)))]:
            await asked.say(piece)
            await asyncio.sleep(0)

    async with serving(script) as server:
        for _ in range(2):
            assert await got(client, to(server)) == (200, b"hello, hello, hello")
        assert server.connections == 1


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", b"plain"),
        ("gzip", gzip.compress(b"cut" * 100, mtime=0)[:-9]),
        ("br", b"x"),
        ("gzip, gzip", b"x"),
        ("zstd", b"x"),
    ],
)
async def test_answers_that_cannot_be_unpacked(client: HttpTransport, encoding: str, data: bytes) -> None:
    async def script(asked: Asked) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(data)}\r\n\r\n"
        await asked.say(head.encode() + data)

    async with serving(script) as server:
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server))
        assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


async def test_a_bomb_is_left_before_it_goes_off(client: HttpTransport) -> None:
    bomb = gzip.compress(bytes(200 * MEGABYTE))

    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb) + bomb)

    async with serving(script) as server:
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server))
        assert "1048576" in caught.value.message()
        answer = await client.send(to(server))
        sizes = []
        async for piece in answer.chunks():
            sizes.append(len(piece))
            if len(sizes) == 20:
                break
        await answer.close()
        assert max(sizes) <= 256 * 1024


async def test_silence_is_given_up(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        if len(server.asked) == 1:
            await asked.gone()
        await asked.say(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")
        await asked.gone()

    async with serving(script) as server:
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server, timeouts=QUICK))
        assert caught.value.kind is ErrorKind.UPSTREAM_TIMEOUT
        with pytest.raises(GatewayError) as caught:
            await got(client, to(server, timeouts=QUICK))
        assert caught.value.kind is ErrorKind.UPSTREAM_TIMEOUT and "silent" in caught.value.message()
        async with asyncio.timeout(PATIENCE):
            while server.closed < 2:
                await server.closing.wait()
                server.closing.clear()


class Brief(Timeouts):
    """Patient with silence, and not with what is never done."""

    @property
    def whole(self) -> float:
        return 0.2


async def drips(asked: Asked) -> None:
    """A byte at a time, never silent for long and never done, until the client leaves."""
    while True:
        await asked.say(b"1\r\na\r\n")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await asked.gone()
                return


async def test_a_whole_answer_that_only_drips_is_given_up(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        await drips(asked)

    async with serving(script) as server:
        with pytest.raises(GatewayError) as caught:
            async with asyncio.timeout(PATIENCE):
                await got(client, to(server, timeouts=Brief()))
        assert caught.value.kind is ErrorKind.UPSTREAM_TIMEOUT and "end of its answer" in caught.value.message()


async def test_a_stream_may_drip_for_as_long_as_it_likes(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        await drips(asked)

    patience = Brief()
    async with serving(script) as server:
        answer = await client.send(to(server, timeouts=patience))
        began, heard = asyncio.get_running_loop().time(), 0
        async for piece in answer.chunks():
            heard += len(piece)
            if asyncio.get_running_loop().time() - began > 2 * patience.whole:
                break
        await answer.close()
        assert heard > 1


async def test_a_slow_reader_is_not_the_upstreams_silence(client: HttpTransport) -> None:
    finish = asyncio.Event()

    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
        await finish.wait()
        await asked.say(b"cd")

    async with serving(script) as server:
        answer = await client.send(to(server, timeouts=Timeouts(1.0, 1.0, 0.2)))
        heard = b""
        async for piece in answer.chunks():
            heard += piece
            if not finish.is_set():
                await asyncio.sleep(0.5)
                finish.set()
        await answer.close()
        assert heard == b"abcd"


async def test_an_upstream_that_is_too_fast_is_held_back(client: HttpTransport) -> None:
    written = 0

    async def script(asked: Asked) -> None:
        nonlocal written
        asked.writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        await asked.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 * MEGABYTE))
        for _ in range(64):
            await asked.say(bytes(MEGABYTE))
            written += 1

    async with serving(script) as server:
        answer = await client.send(to(server))
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.2)
        assert written < 16
        size = 0
        async for piece in answer.chunks():
            size += len(piece)
            assert len(piece) <= connection.BUFFER_BYTES + MEGABYTE
        await answer.close()
        assert size == 64 * MEGABYTE and server.connections == 1


@pytest.mark.parametrize("after_head", [False, True])
async def test_who_gives_up_closes_the_connection(client: HttpTransport, after_head: bool) -> None:
    async def script(asked: Asked) -> None:
        if after_head:
            await asked.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
        heard.set()
        await asked.gone()

    heard = asyncio.Event()
    async with serving(script) as server:
        task = asyncio.get_running_loop().create_task(got(client, to(server)))
        await asyncio.wait_for(heard.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.closing.wait(), PATIENCE)


async def test_an_answer_that_nobody_is_left_to_close_is_closed(client: HttpTransport) -> None:
    """Whoever was to have it was cancelled between having asked for it and taking it up."""

    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
        await asked.gone()

    async with serving(script) as server:
        answer = await client.send(to(server))
        chunks = answer.chunks()
        assert await anext(chunks) == b"ab"
        del answer, chunks
        await asyncio.wait_for(server.closing.wait(), PATIENCE)


async def test_an_answer_before_the_request_is_sent_is_read(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 413 Too large\r\ncontent-length: 5\r\n\r\nlarge")
        await asked.gone()

    async with serving(script) as server:
        assert await got(client, to(server, bytes(32 * MEGABYTE))) == (413, b"large")
        await asyncio.wait_for(server.closing.wait(), PATIENCE)  # the rest of the body must not become the next request


async def test_large_bodies_arrive_whole(client: HttpTransport) -> None:
    body = bytes(range(256)) * 4096 * 8
    heard = []

    async def script(asked: Asked) -> None:
        heard.append(await asked.reader.readexactly(len(body)) == body)
        await asked.say(OK)

    async with serving(script) as server:
        for _ in range(2):
            assert await got(client, to(server, body)) == (200, b"ok")
        assert heard == [True, True] and server.connections == 1


@pytest.mark.parametrize(
    "call",
    [
        UpstreamCall("GET", "http://127.0.0.1:9/", {"a": "b\r\nc: d"}),
        UpstreamCall("GET", "http://127.0.0.1:9/\r\nx: y", {}),
        UpstreamCall("GET", "not a url", {}),
        UpstreamCall("GET", "http://127.0.0.1:9/", {}),
        UpstreamCall("GET", "http://h/", {}, proxy="socks5://h"),
    ],
)
async def test_what_cannot_be_sent_is_a_broken_upstream(client: HttpTransport, call: UpstreamCall) -> None:
    with pytest.raises(GatewayError) as caught:
        await client.send(call)
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


async def test_connecting_has_its_own_patience(client: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(address: names.Address) -> socket.socket:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(dialing, "_connect", never)
    with pytest.raises(GatewayError) as caught:
        await client.send(to("http://127.0.0.1:9/", timeouts=Timeouts(0.05, 60.0, 60.0)))
    assert caught.value.kind is ErrorKind.UPSTREAM_TIMEOUT
    assert isinstance(caught.value, NotReached)


async def test_what_was_never_sent_is_told_apart(client: HttpTransport) -> None:
    with pytest.raises(NotReached):
        await client.send(to("http://127.0.0.1:9/"))

    async def script(asked: Asked) -> None:
        asked.writer.close()

    async with serving(script) as server:
        with pytest.raises(GatewayError) as caught:
            await client.send(to(server))
    assert not isinstance(caught.value, NotReached)


async def test_a_call_that_is_to_be_made_once_takes_no_kept_connection(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        if len(server.asked) == 1:
            await asked.say(OK)
        else:
            asked.writer.close()

    async with serving(script) as server:
        await got(client, to(server))
        with pytest.raises(GatewayError):
            await client.send(to(server, once=True))
        assert (len(server.asked), server.connections) == (2, 2)


async def test_the_next_address_is_tried(client: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def look_up(host: str, port: int) -> list[names.Address]:
        return [(socket.AF_INET, (f"127.0.0.{number}", port)) for number in (9, 8, 1)]

    real = dialing._connect

    async def connect(address: names.Address) -> socket.socket:
        tried.append(address[1][0])
        if address[1][0] == "127.0.0.8":
            await asyncio.Event().wait()  # a black hole
        return await real(address)

    async def script(asked: Asked) -> None:
        await asked.say(OK)

    monkeypatch.setattr(names, "look_up", look_up)
    monkeypatch.setattr(dialing, "_connect", connect)
    async with serving(script) as server:
        assert await got(client, to(f"http://several.example:{server.port}/")) == (200, b"ok")
        assert tried == ["127.0.0.9", "127.0.0.8", "127.0.0.1"]
        assert server.asked[0].header("host") == f"several.example:{server.port}"


async def test_names_are_looked_up_once(client: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = []

    async def look_up(host: str, port: int) -> list[names.Address]:
        looked_up.append(host)
        await asyncio.sleep(0)
        return [(socket.AF_INET, ("127.0.0.1", port))]

    async def script(asked: Asked) -> None:
        await asked.say(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")

    monkeypatch.setattr(names, "look_up", look_up)
    async with serving(script) as server:
        url = f"http://one.example:{server.port}/"
        await asyncio.gather(*(got(client, to(url)) for _ in range(5)))
        await got(client, to(url))
        assert looked_up == ["one.example"] and server.connections == 6


def test_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    found = [(six, 1, 6, "", (f"2001:db8::{n}", 1, 0, 0)) for n in (1, 2, 3)]
    found += [(four, 1, 6, "", (f"192.0.2.{n}", 1)) for n in (1, 1)]  # type: ignore[misc]

    async def run() -> list[names.Address]:
        async def getaddrinfo(*_: object, **__: object) -> object:
            return found

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return await names.look_up("h", 1)

    with asyncio.Runner() as runner:
        assert [family for family, _ in runner.run(run())] == [six, four, six, six]


async def test_connections_that_nobody_needs_are_closed(client: HttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(OK)

    monkeypatch.setattr(pool, "KEEP_SECONDS", 0.05)
    monkeypatch.setattr(pool, "_REST_SECONDS", 0.1)
    async with serving(script) as server:
        await got(client, to(server))
        await asyncio.wait_for(server.closing.wait(), PATIENCE)


async def test_leaving_closes_everything() -> None:
    async def script(asked: Asked) -> None:
        await asked.say(OK if len(server.asked) == 1 else OK[:-1])

    async with serving(script) as server:
        async with HttpTransport("test") as client:
            kept, used = await client.send(to(server)), await client.send(to(server))
            await kept.read(10)
            await kept.close()
        with pytest.raises(GatewayError):
            await used.read(10)
        async with asyncio.timeout(PATIENCE):
            while server.closed < 2:
                await server.closing.wait()
                server.closing.clear()


# TLS and proxies


async def test_tls(client: HttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, authority = tls_of(tmp_path, "localhost")

    async def script(asked: Asked) -> None:
        await asked.reader.readexactly(int(asked.header("content-length") or 0))
        await asked.say(OK)

    async with serving(script, tls) as server:
        with pytest.raises(GatewayError) as caught:
            await got(client, to(f"https://localhost:{server.port}/"))
        assert "certificate" in caught.value.message().lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        async with HttpTransport("test") as trusting:
            for _ in range(2):
                assert await got(trusting, to(f"https://localhost:{server.port}/", bytes(MEGABYTE))) == (200, b"ok")
            with pytest.raises(GatewayError):
                await got(trusting, to(f"https://127.0.0.1:{server.port}/"))
        assert len({asked.connection for asked in server.asked}) == 1


async def test_plain_http_through_a_proxy(client: HttpTransport) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(OK)

    async with serving(script) as proxy:
        call = to("http://u:p@nowhere.example/x?y", None, "GET", proxy=f"http://me:secret@127.0.0.1:{proxy.port}")
        for _ in range(2):
            assert await got(client, call) == (200, b"ok")
        asked = proxy.asked[1]
        assert asked.line == "GET http://nowhere.example/x?y HTTP/1.1" and asked.header("host") == "nowhere.example"
        assert (
            asked.header("proxy-authorization") == "Basic bWU6c2VjcmV0"
            and asked.header("authorization") == "Basic dTpw"
        )
        assert proxy.connections == 1


@pytest.mark.parametrize("proxy_over_tls", [False, True])
async def test_https_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy_over_tls: bool) -> None:
    tls, authority = tls_of(tmp_path, "localhost")

    async def script(asked: Asked) -> None:
        await asked.reader.readexactly(int(asked.header("content-length") or 0))
        await asked.say(OK)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def tunnel(asked: Asked) -> None:
        port = int(asked.line.split()[1].rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asked.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(pump(asked.reader, writer), pump(reader, asked.writer))
        finally:
            writer.close()

    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with serving(script, tls) as server, serving(tunnel, tls if proxy_over_tls else None) as proxy:
        async with HttpTransport("test") as client:
            url = f"{'https' if proxy_over_tls else 'http'}://me:secret@localhost:{proxy.port}"
            for _ in range(2):
                call = to(f"https://localhost:{server.port}/x", bytes(MEGABYTE), proxy=url)
                assert await got(client, call) == (200, b"ok")
        asked = proxy.asked[0]
        assert asked.line == f"CONNECT localhost:{server.port} HTTP/1.1"
        assert asked.header("proxy-authorization") == "Basic bWU6c2VjcmV0" and len(proxy.asked) == 1
        assert server.asked[0].line == "POST /x HTTP/1.1" and server.asked[0].header("proxy-authorization") is None


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nmore",
        b"nonsense\r\n\r\n",
        b"x" * 100_000,
        b"",
    ],
)
async def test_a_proxy_that_refuses(client: HttpTransport, said: bytes) -> None:
    async def script(asked: Asked) -> None:
        await asked.say(said)
        asked.writer.close()

    async with serving(script) as proxy:
        with pytest.raises(GatewayError) as caught:
            await client.send(to("https://nowhere.example/", proxy=f"http://127.0.0.1:{proxy.port}"))
        assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


# What clients name


async def test_guarded_calls_keep_no_connection() -> None:
    async def script(asked: Asked) -> None:
        await asked.say(OK)

    async with serving(script) as server, HttpTransport("test", lambda: True) as client:
        calls = [UpstreamCall("GET", f"{server.url}/{number}", {}, guarded=True) for number in range(100)]
        answers = await asyncio.gather(*(got(client, call) for call in calls))
        assert answers == [(200, b"ok")] * 100 and server.connections == 100

"""The port that waits for a browser, and what else may knock on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from crawdad.adapters.loopback_listener import LoopbackListeners, OpenPort
from crawdad.core.text import Text
from tests.support.waiting import PATIENCE


class Told:
    """What came in."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []
        self.port: OpenPort

    async def take(self, query: Mapping[str, str]) -> Text | None:
        self.queries.append(dict(query))
        return None if query.get("code") else Text("oauth.pasted")


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    found = Told()
    listeners = LoopbackListeners(lambda problem: (400 if problem else 200, {"x-page": "yes"}, b"<p>page</p>"))
    found.port = await listeners.open(found.take)
    yield found
    await found.port.close()


async def knock(told: Told, data: bytes) -> bytes:
    port = int(told.port.redirect_uri.partition("127.0.0.1:")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    finally:
        writer.close()


def get(path: str, host: str = "127.0.0.1:1") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


async def test_a_browser_comes_back(told: Told) -> None:
    answer = await knock(told, get("/oauth-callback?code=4%2F0a&state=s%20s&code2="))
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n<p>page</p>") and b"x-page: yes" in answer
    assert told.queries == [{"code": "4/0a", "state": "s s", "code2": ""}]
    assert (await knock(told, get("/oauth-callback?state=s", "localhost"))).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "data",
    [
        get("/"),
        get("/oauth-callback/"),
        get("/oauth-callback?code=x", "evil.example"),
        get("/oauth-callback?code=x", ""),
        b"GET /oauth-callback?code=x HTTP/1.1\r\n\r\n",
        get("/oauth-callback?code=x").replace(b"GET", b"HEAD"),
        get("/oauth-callback?code=x").replace(b"GET", b"POST"),
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /oauth-callback?code=x HTTP/1.1\r\nHost: 127.0.0.1",
        b"GET /oauth-callback?code=" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /oauth-callback?code=x HTTP/1.1\r\n" + b"a: b\r\n" * 10_000 + b"Host: 127.0.0.1\r\n\r\n",
    ],
)
async def test_nobody_else_is_let_in(told: Told, data: bytes) -> None:
    try:
        answer = await knock(told, data)
    except ConnectionError:
        answer = b""
    assert not told.queries and b"page" not in answer
    assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 "))


async def test_too_many_parameters_are_none(told: Told) -> None:
    await knock(told, get("/oauth-callback?" + "&".join(f"a{number}=b" for number in range(500)) + "&code=x"))
    assert told.queries == [{}]


async def test_a_closed_port_is_free(told: Told) -> None:
    await told.port.close()
    with pytest.raises(ConnectionRefusedError):
        await knock(told, get("/oauth-callback"))

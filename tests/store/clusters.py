"""Both kinds of cluster behind one face, and a link to Redis that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from crawdad.store.cluster import Cluster, open_cluster
from tests.support.server import free_port
from tests.support.services import REDIS_URL, ManualClock


@dataclass
class Pair:
    """The cluster as two processes see it, and a way to let time pass in it."""

    here: Cluster
    there: Cluster
    pass_time: Callable[[float], Awaitable[None]]


@asynccontextmanager
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """The two sides of the kind of cluster that the fixture's parameter names."""
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        if request.param == "in-process":
            alone = await stack.enter_async_context(open_cluster(None, clock))
            yield Pair(alone, alone, clock.sleep)
            return
        prefix: str = request.getfixturevalue("redis_prefix")
        here, there = [await stack.enter_async_context(open_cluster(REDIS_URL, clock, prefix)) for _ in range(2)]
        client = await stack.enter_async_context(Redis.from_url(REDIS_URL))

        async def pass_time(seconds: float) -> None:
            async for key in client.scan_iter(match=f"{prefix}:*"):
                left = await client.pttl(key)
                if left > 0:
                    await client.pexpire(key, max(0, left - round(seconds * 1000)))

        yield Pair(here, there, pass_time)


class Link:
    """A TCP relay to Redis that can be cut and mended."""

    def __init__(self) -> None:
        address = urlsplit(REDIS_URL)
        self._target = (address.hostname or "127.0.0.1", address.port or 6379)
        self._path = address.path
        self._server: asyncio.Server | None = None
        self._port = free_port()  # of which nobody else makes use while it is cut
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}{self._path}"

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await self._server.wait_closed()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, upstream_writer}
        await asyncio.gather(self._copy(reader, upstream_writer), self._copy(upstream_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)

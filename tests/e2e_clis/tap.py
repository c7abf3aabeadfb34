"""A relay on loopback that notes the request and status lines passing by: also of what the exchange log does not know."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.support.waiting import PATIENCE

_REQUEST = re.compile(rb"^([A-Z]+ \S+) HTTP/1\.1\r$", re.MULTILINE)
_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)


class Tap:
    """Relays every connection to `port` of 127.0.0.1. `requests` and `statuses` hold what was seen since `clear`."""

    def __init__(self, port: int) -> None:
        self.requests: list[str] = []
        self.statuses: list[int] = []
        self.port = 0
        self._target = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tap", daemon=True)

    @property
    def url(self) -> str:
        """The relay's origin."""
        return f"http://127.0.0.1:{self.port}"

    def clear(self) -> None:
        """Forget what was seen."""
        self.requests.clear()
        self.statuses.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise RuntimeError("the tap did not start")
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", self._target)

        def asked(data: bytes) -> None:
            self.requests.extend(line.decode("latin-1") for line in _REQUEST.findall(data))

        def answered(data: bytes) -> None:
            self.statuses.extend(int(status) for status in _STATUS.findall(data))

        await asyncio.gather(_pass_on(reader, beyond_writer, asked), _pass_on(beyond_reader, writer, answered))


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, look: Callable[[bytes], None]) -> None:
    with suppress(ConnectionError):
        while data := await source.read(1 << 16):
            look(data)
            sink.write(data)
            await sink.drain()
    sink.close()

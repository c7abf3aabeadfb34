"""How long it takes until a thousand clients of the control channel have heard of something, and what each of them costs.

The clients are bare sockets of this process that look for one word in what comes: they must not be what is measured.
"""

from __future__ import annotations

import asyncio
import base64
import os
import statistics
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import orjson

from crawdad.app.bench import loops
from crawdad.app.bench.gateway import TOKEN, RunningGateway
from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import BenchError, running_on
from crawdad.app.bench.table import Row

CLIENTS = 1000
_AT_ONCE = 100
_ROUNDS = 30
_EVENTS = 2
"""Of each round: the question, and its answer."""
_SECONDS = 60.0
_CLOSE_SECONDS = 0.1
_GOAL_MS = 50.0
_SCOPES = ["operator.read", "operator.approvals"]


class Listener(asyncio.Protocol):
    """A client: `heard` is done when `word` has come."""

    def __init__(self) -> None:
        self.word = b"connect.challenge"
        self.heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        self._transport = transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET / HTTP/1.1", "host: localhost", "connection: Upgrade", "upgrade: websocket"]
        lines += [f"sec-websocket-key: {key}", "sec-websocket-version: 13", "", ""]
        transport.write("\r\n".join(lines).encode())

    def data_received(self, data: bytes) -> None:
        """Look for the word, also where it comes in two pieces."""
        if not self._open and not data.startswith(b"HTTP/1.1 101"):
            self.connection_lost(None)
            self.close()
            return
        self._open = True
        if self.word in self._rest + data and not self.heard.done():
            self.heard.set_result(time.perf_counter())
        self._rest = (self._rest + data)[-len(self.word) :]

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing more will be heard."""
        if not self.heard.done():
            self.heard.set_exception(BenchError("a client of the control channel was disconnected"))

    def expect(self, word: str) -> asyncio.Future[float]:
        """The moment at which `word` comes, from now on."""
        self.word, self._rest = word.encode(), b""
        self.heard = asyncio.get_running_loop().create_future()
        return self.heard

    def send(self, method: str, params: object, request_id: str) -> None:
        """Ask for something."""
        text = orjson.dumps({"type": "req", "id": request_id, "method": method, "params": params})
        head = struct.pack("!BBH", 0x81, 0x80 | 126, len(text)) + b"\0\0\0\0"
        assert self._transport is not None
        self._transport.write(head + text)

    def close(self) -> None:
        """Go."""
        self.heard.cancel()
        if self._transport is not None:
            self._transport.abort()


@dataclass
class _Found:
    waits: list[float] = field(default_factory=list)
    """Milliseconds between asking and each client's hearing."""
    worst: list[float] = field(default_factory=list)
    """Of each round, how long it took until the last had heard."""
    microseconds_each: float = 0.0
    """Processor time of the gateway for each client that is told."""
    bytes_each: float = 0.0
    join_seconds: float = 0.0


def control(bench: Bench) -> Iterator[Row]:
    """A thousand clients of the control channel: what is told to all, and what they take."""
    running, found = bench.running, _Found()
    with running_on(bench.cores.bench):
        loops.run(_measure(running, found))
    waits = sorted(found.waits)
    median, late, worst = (waits[min(len(waits) - 1, int(len(waits) * part))] for part in (0.5, 0.99, 1.0))
    yield Row(
        f"told to {CLIENTS:,} clients of the control channel",
        f"p99 {late:.0f} ms",
        f"≤ {_GOAL_MS:.0f} ms",
        late <= _GOAL_MS,
        f"p50 {median:.0f} ms, at most {worst:.0f} ms, from asking to hearing;"
        f" the last of all after {statistics.median(found.worst):.0f} ms in the median round;"
        f" {found.microseconds_each:.0f} µs of processor time and {found.bytes_each / 1024:.0f} KB resident a client;"
        f" all came in within {found.join_seconds:.1f} s",
        {
            "p50_ms": median,
            "p99_ms": late,
            "most_ms": worst,
            "microseconds_each": found.microseconds_each,
            "bytes_each": found.bytes_each,
        },
    )


async def _measure(running: RunningGateway, found: _Found) -> None:
    before, began = sum(running.server.memory()), time.perf_counter()
    listeners: list[Listener] = []
    try:
        async with asyncio.timeout(_SECONDS):
            while len(listeners) < CLIENTS:
                await asyncio.gather(*(_join(running.target.port, listeners) for _ in range(_AT_ONCE)))
            found.join_seconds = time.perf_counter() - began
            await asyncio.sleep(1.0)  # what is told of those who came is over
            found.bytes_each = (sum(running.server.memory()) - before) / CLIENTS
            spent = running.server.cpu_seconds()
            for number in range(_ROUNDS):
                waits = await _tell(listeners, f"bench-{number}-{os.getpid()}")
                found.waits += waits
                found.worst.append(max(waits))
            spent = running.server.cpu_seconds() - spent
            found.microseconds_each = 1e6 * spent / (_ROUNDS * CLIENTS * _EVENTS)
    except TimeoutError:
        raise BenchError(f"the clients did not hear of everything within {_SECONDS:.0f} s") from None
    finally:
        for listener in listeners:
            listener.close()
        await asyncio.sleep(_CLOSE_SECONDS)


async def _join(port: int, listeners: list[Listener]) -> None:
    listener = Listener()
    listeners.append(listener)
    await asyncio.get_running_loop().create_connection(lambda: listener, "127.0.0.1", port)
    await listener.heard
    welcome = listener.expect('"hello-ok"')
    client = {"id": "gateway-client", "version": "1", "platform": "linux", "mode": "cli"}
    params = {"minProtocol": 3, "maxProtocol": 4, "client": client, "role": "operator", "scopes": _SCOPES}
    listener.send("connect", {**params, "auth": {"token": TOKEN}}, "connect")
    await welcome


async def _tell(listeners: list[Listener], name: str) -> list[float]:
    """Ask for an approval, of which all hear; how long each took to hear, in milliseconds."""
    moments = [listener.expect(name) for listener in listeners]
    asked_at = time.perf_counter()
    listeners[0].send("exec.approval.request", {"id": name, "command": "true", "timeoutMs": 60_000}, "ask")
    heard = await asyncio.gather(*moments)
    answered = listeners[-1].expect("exec.approval.resolved")
    listeners[-1].send("exec.approval.resolve", {"id": name, "decision": "deny"}, "answer")
    await answered
    await asyncio.sleep(0.1)
    return [1000 * (moment - asked_at) for moment in heard]

"""The load generator: a process with a bare HTTP/1.1 keep-alive client that costs a few microseconds a request.

`python -m crawdad.app.bench.load` reads one job (JSON, see `Job`) from standard input. It prints the line `begin` when the
measured window opens, `end` when it closes, and then its result as JSON; who started it samples the server's CPU time at
the two lines.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Sequence
from typing import Any, TypedDict, cast

import orjson

from crawdad.app.bench.loops import run
from crawdad.app.bench.upstream import MARK

_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"
_STREAM_PATIENCE_SECONDS = 15.0
_SETTLE_SECONDS = 0.5


class Job(TypedDict):
    """What to do. `kind` is `requests` (closed loop: each connection asks again as soon as it is answered) or `streams`
    (each connection reads one paced stream of `events` events)."""

    kind: str
    host: str
    port: int
    path: str
    headers: dict[str, str]
    body: str
    connections: int
    warmup_seconds: float
    seconds: float
    events: int


def percentiles(values: Sequence[int]) -> dict[str, float]:
    """Median and tail of nanoseconds, in milliseconds; empty for no values."""
    if not values:
        return {}
    ordered = sorted(values)
    last = len(ordered) - 1
    points = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {name: ordered[round(last * share)] / 1e6 for name, share in points.items()}


def _say(word: str) -> None:
    print(word, flush=True)


def _request(job: Job) -> bytes:
    body = job["body"].encode()
    lines = [f"POST {job['path']} HTTP/1.1", f"Host: {job['host']}:{job['port']}"]
    lines += [f"{name}: {value}" for name, value in job["headers"].items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


class Requests:
    """A closed loop over keep-alive connections. Latencies count only within the window."""

    def __init__(self, job: Job) -> None:
        self.request = _request(job)
        self.latencies: list[int] = []
        self.errors = 0
        self.first_error = ""
        self.counting = False
        self.stopped = False
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._connecting: set[asyncio.Task[Any]] = set()
        self._open: set[_Asking] = set()

    async def run(self) -> dict[str, Any]:
        """Warm up, measure, and tell."""
        for _ in range(self._job["connections"]):
            await self._connect()
        await asyncio.sleep(self._job["warmup_seconds"])
        self.counting, began = True, time.monotonic()
        _say("begin")
        await asyncio.sleep(self._job["seconds"])
        self.counting, self.stopped, ended = False, True, time.monotonic()
        _say("end")
        for connection in list(self._open):
            connection.transport.abort()
        return {
            "requests": len(self.latencies),
            "seconds": ended - began,
            "errors": self.errors,
            "first_error": self.first_error,
            "latency": percentiles(self.latencies),
        }

    async def _connect(self) -> None:
        try:
            _, connection = await self._loop.create_connection(
                lambda: _Asking(self), self._job["host"], self._job["port"]
            )
            self._open.add(connection)
        except OSError as error:
            self.failed(str(error))

    def lost(self, connection: _Asking) -> None:
        """A connection closed: open another, as a client's pool does."""
        self._open.discard(connection)
        if not self.stopped:
            task = self._loop.create_task(self._connect())
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def failed(self, reason: str) -> None:
        """Count a request that got no good answer."""
        self.errors += 1
        self.first_error = self.first_error or reason[:500]


class _Asking(asyncio.Protocol):
    """One connection of the closed loop."""

    def __init__(self, owner: Requests) -> None:
        self.owner = owner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self.received = b""
        self.asked_at = time.monotonic_ns()
        self.transport.write(self.owner.request)

    def data_received(self, data: bytes) -> None:
        received = self.received = self.received + data if self.received else data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = _LENGTH.search(received, 0, head_end)
        if length:
            if len(received) < head_end + 4 + int(length[1]):
                return
        elif not received.endswith(_LAST_CHUNK):
            return
        owner = self.owner
        if received[9:12] != b"200":
            owner.failed(received.decode(errors="replace"))
        elif owner.counting:
            owner.latencies.append(time.monotonic_ns() - self.asked_at)
        if not owner.stopped:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self.received:
            self.owner.failed(f"the connection closed in mid-answer: {error}")
        self.owner.lost(self)


class Streams:
    """Many paced streams at once, begun one after the other over the warm-up time."""

    def __init__(self, job: Job) -> None:
        self.request = _request(job)
        self.expected = job["events"]
        self.relays: list[int] = []
        self.gaps: list[int] = []
        self.first_relays: list[int] = []
        self.answered = 0
        self.lost_events = 0
        self.failed: list[str] = []
        self.window = (0, 0)
        self._job = job
        self._finished = asyncio.Event()
        self._left = job["connections"]

    async def run(self) -> dict[str, Any]:
        """Start all, measure while all run, and tell."""
        loop, job = asyncio.get_running_loop(), self._job
        began = time.monotonic_ns()
        opens = began + int((job["warmup_seconds"] + _SETTLE_SECONDS) * 1e9)
        self.window = (opens, opens + int(job["seconds"] * 1e9))
        for moment, word in zip(self.window, ("begin", "end"), strict=True):
            loop.call_later((moment - began) / 1e9, _say, word)
        step = job["warmup_seconds"] / job["connections"]
        for number in range(job["connections"]):
            await asyncio.sleep(max(0.0, began / 1e9 + number * step - time.monotonic()))
            try:
                await loop.create_connection(lambda: _Reading(self), job["host"], job["port"])
            except OSError as error:
                self.done(0, str(error))
        try:
            async with asyncio.timeout(job["seconds"] + _STREAM_PATIENCE_SECONDS):
                await self._finished.wait()
        except TimeoutError:
            self.failed.append(f"{self._left} streams did not end in time")
            self.lost_events += self._left * self.expected
        await asyncio.sleep(max(0.0, (self.window[1] - time.monotonic_ns()) / 1e9 + 0.01))  # `end` comes first
        return {
            "requests": self.answered,
            "streams": job["connections"],
            "events": job["connections"] * self.expected,
            "lost": self.lost_events,
            "seconds": job["seconds"],
            "errors": len(self.failed),
            "first_error": (self.failed or [""])[0][:500],
            "relay": percentiles(self.relays),
            "gap": percentiles(self.gaps),
            "first_relay": percentiles(self.first_relays),
        }

    def done(self, seen: int, failure: str = "") -> None:
        """One stream is over, after `seen` events in order."""
        self.answered += seen > 0
        self.lost_events += self.expected - seen
        if failure:
            self.failed.append(failure)
        self._left -= 1
        if not self._left:
            self._finished.set()


class _Reading(asyncio.Protocol):
    """One stream."""

    def __init__(self, owner: Streams) -> None:
        self.owner = owner
        self.tail = b""
        self.seen = 0
        self.arrived = 0
        self.head = b""
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.owner.request)

    def data_received(self, data: bytes) -> None:
        now, owner = time.monotonic_ns(), self.owner
        self.head = self.head or data
        data = self.tail + data
        opens, closes = owner.window
        end = 0
        for mark in MARK.finditer(data):
            end = mark.end()
            sent = int(mark[2])
            if int(mark[1]) == self.seen:
                self.seen += 1
            if not self.arrived:
                owner.first_relays.append(now - sent)
            elif opens <= sent < closes:
                owner.relays.append(now - sent)
                owner.gaps.append(now - self.arrived)
            self.arrived = now
        self.tail = data[max(end, len(data) - 40) :]
        if data.endswith(_LAST_CHUNK):
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        missing = self.owner.expected - self.seen
        failure = (
            f"{missing} events missing ({error}) after {self.head[:300].decode(errors='replace')}" if missing else ""
        )
        self.owner.done(self.seen, failure)


async def _work(job: Job) -> None:
    work = Streams(job) if job["kind"] == "streams" else Requests(job)
    _say(orjson.dumps(await work.run()).decode())


def main() -> None:
    """Do the job on standard input."""
    run(_work(orjson.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()

"""A small HTTP load generator: kept-alive connections that ask again as soon as they are answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Measurement:
    """What one run saw. Times are in seconds; `failed` counts answers other than 200 and broken connections."""

    began: float = 0.0
    ended: float = 0.0
    totals: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    failed: int = 0
    reason: str = ""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.totals) / (self.ended - self.began) if self.totals else 0.0


def percentile(values: list[float], share: float) -> float | None:
    """The value below which `share` (0–1) of `values` lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else None


class Load:
    """Turns of one kind against one server."""

    def __init__(self, url: str, token: str, model: str, *, stream: bool) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        question = {"role": "user", "content": "Hello!"}
        body = json.dumps({"model": model, "messages": [question], "stream": stream, "max_tokens": 64}).encode()
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\n{authorization}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body

    async def run(self, requests: int, clients: int) -> Measurement:
        """Ask `requests` times with `clients` connections."""
        seen = Measurement()
        left = iter(range(requests))
        seen.began = time.perf_counter()
        await asyncio.gather(*(self._client(lambda: next(left, None) is not None, seen) for _ in range(clients)))
        seen.ended = time.perf_counter()
        return seen

    async def _client(self, more: Callable[[], bool], seen: Measurement) -> None:
        while more():
            try:
                reader, writer = await asyncio.open_connection(self._host, self._port)
                try:
                    while True:
                        await self._ask(reader, writer, seen)
                        if not more():
                            return
                finally:
                    writer.close()
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                seen.failed += 1
                seen.reason = seen.reason or str(error) or type(error).__name__

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Measurement) -> None:
        began = time.perf_counter()
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        first, body = await _read_body(reader, head)
        ended = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            seen.failed += 1
            seen.reason = seen.reason or body[:200].decode(errors="replace")
            return
        seen.totals.append(ended - began)
        seen.firsts.append(first - began)


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> tuple[float, bytes]:
    """When the first byte of the body came, and the body."""
    lower = head.lower()
    if b"transfer-encoding: chunked" not in lower:
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        return time.perf_counter(), body
    first, body = 0.0, b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
        first = first or time.perf_counter()
    await reader.readuntil(b"\r\n")
    return first or time.perf_counter(), body


def summary(seen: Measurement) -> dict[str, Any]:
    """The figures of a run: milliseconds, requests per second."""

    def milliseconds(value: float | None) -> float | None:
        return None if value is None else round(value * 1000, 3)

    return {
        "answered": len(seen.totals),
        "failed": seen.failed,
        "reason": seen.reason,
        "requests_per_second": round(seen.rate, 1),
        "median_ms": milliseconds(percentile(seen.totals, 0.5)),
        "p99_ms": milliseconds(percentile(seen.totals, 0.99)),
        "first_byte_median_ms": milliseconds(percentile(seen.firsts, 0.5)),
    }

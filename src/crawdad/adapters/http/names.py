"""What names stand for: look-ups that are shared while they run and kept for a minute."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

_TTL_SECONDS = 60.0
_MOST_KEPT = 1024

Address = tuple[int, tuple[Any, ...]]
"""Family and socket address."""


class Names:
    """Looks hosts up. `close` ends look-ups that still run."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], tuple[float, list[Address]]] = {}
        self._running: dict[tuple[str, int], asyncio.Task[list[Address]]] = {}

    async def addresses(self, host: str, port: int) -> list[Address]:
        """The addresses of `host`, in the order in which to try them. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        key = (host, port)
        kept = self._kept.get(key)
        if kept is not None and kept[0] > loop.time():
            return kept[1]
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = loop.create_task(look_up(host, port))
            task.add_done_callback(lambda done: self._looked_up(key, done))
        return await asyncio.shield(task)

    def _looked_up(self, key: tuple[str, int], task: asyncio.Task[list[Address]]) -> None:
        del self._running[key]
        if task.cancelled() or task.exception() is not None:
            return
        self._kept.pop(key, None)
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (task.get_loop().time() + _TTL_SECONDS, task.result())

    def forget(self, host: str, port: int) -> None:
        """Nothing answered there: look it up anew the next time."""
        self._kept.pop((host, port), None)

    async def close(self) -> None:
        """End what still runs."""
        for task in list(self._running.values()):
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task


async def look_up(host: str, port: int) -> list[Address]:
    """Ask the system. The families take turns, beginning with the one that the system prefers (RFC 8305)."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    rest: list[Address] = list(dict.fromkeys((int(family), tuple(address)) for family, _, _, _, address in found))
    ordered: list[Address] = []
    while rest:
        last = ordered[-1][0] if ordered else None
        chosen = next((entry for entry in rest if entry[0] != last), rest[0])
        rest.remove(chosen)
        ordered.append(chosen)
    if not ordered:
        raise OSError(f"{host} has no address")
    return ordered

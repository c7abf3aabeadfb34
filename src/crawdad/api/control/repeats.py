"""Requests with a key of their own: sent again, they are not done again but get the first answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from crawdad.core.ports import Clock

KEPT_SECONDS = 300.0
MOST_KEPT = 1000

Key = tuple[str, str]


class Repeats:
    """What was done in this process lately, by who asked and his key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[Key, tuple[asyncio.Future[Any], float]] = {}

    async def once(self, key: Key, make: Callable[[], Awaitable[Any]]) -> Any:
        """What `make` gives, or gave under this key. What failed may be tried again; who waits for it tries himself."""
        self._forget()
        while key in self._kept:
            known = self._kept[key][0]
            await asyncio.wait({known})
            if not known.cancelled() and known.exception() is None:
                return known.result()
            if self._kept.get(key, (None,))[0] is known:
                del self._kept[key]
        own: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._kept[key] = (own, self._clock.monotonic())
        try:
            result = await make()
        except BaseException:
            own.cancel()
            self._kept.pop(key, None)
            raise
        own.set_result(result)
        return result

    def _forget(self) -> None:
        """Those that are old, and the oldest of too many, but for what still goes on."""
        since = self._clock.monotonic() - KEPT_SECONDS
        ended = [key for key, (future, _) in self._kept.items() if future.done()]
        spare = len(self._kept) - MOST_KEPT + 1
        for place, key in enumerate(ended):
            if place < spare or self._kept[key][1] < since:
                del self._kept[key]

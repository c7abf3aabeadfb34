"""What the clients of this process were told, for answers that come after it: the end of a run is waited for here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Heard:
    """Marks that were told."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def note(self, mark: str) -> None:
        """It was told now."""
        for waiting in self._waiting.get(mark, ()):
            waiting.set()

    @asynccontextmanager
    async def expecting(self, mark: str) -> AsyncIterator[Expected]:
        """Begin to listen for a mark, before what brings it about."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(mark, set())
        waiting.add(event)
        try:
            yield Expected(event)
        finally:
            waiting.discard(event)
            if not waiting:
                self._waiting.pop(mark, None)


class Expected:
    """A mark that somebody listens for."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, seconds: float) -> None:
        """Until it was told; not longer than `seconds`, for what was lost on the way cannot be waited for."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return

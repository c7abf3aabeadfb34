"""Work that goes on beside its owner and ends with it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

_CANCEL_AGAIN_SECONDS = 0.2

_log = logging.getLogger(__name__)


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run endless `works` as tasks while the block runs, then cancel them and wait for their end.

    Unlike a task group it raises what the block raised, as it was.
    """
    tasks = [asyncio.get_running_loop().create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(_tell_of_failure)
    try:
        yield
    finally:
        left = set(tasks)
        while left:  # a library may swallow a cancellation that meets it while it connects, as redis-py does
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_SECONDS)
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def _tell_of_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("background work ended: %s", error, exc_info=error)


class Pause:
    """Growing pauses between tries, with chance, so that many processes do not try in step. Times in seconds."""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """It worked."""
        self._failures = 0

    async def wait(self) -> None:
        """It failed: wait, longer than the last time."""
        ceiling = min(self._longest, self._first * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        await asyncio.sleep(ceiling * random.uniform(0.5, 1.0))

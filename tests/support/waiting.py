"""Patience with a deadline, for what happens in another process: one place that says how long, one way to look."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

PATIENCE = 60.0
"""Seconds. Long, as a machine that runs all tests at once is slow: only a failure takes all of them."""
_PAUSES = (0.005, 0.01, 0.02, 0.05)
"""What comes soon is seen soon; what takes its time is not slowed down by the looking."""

Found = TypeVar("Found")


def _pauses(what: str, seconds: float) -> Iterator[float]:
    """How long to pause before each further look; fails after `seconds`."""
    deadline, number = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        yield _PAUSES[min(number // 4, len(_PAUSES) - 1)]
        number += 1
    raise AssertionError(f"waited {seconds} s for {what}")


def eventually(look: Callable[[], Found | None], what: str = "this", seconds: float = PATIENCE) -> Found:
    """The first truthy answer of `look`; fails after `seconds`."""
    pauses, pause = _pauses(what, seconds), threading.Event()
    while True:
        if answer := look():
            return answer
        pause.wait(next(pauses))


async def until(look: Callable[[], Awaitable[Found | None]], what: str = "this", seconds: float = PATIENCE) -> Found:
    """The same for a `look` that is awaited."""
    pauses = _pauses(what, seconds)
    while True:
        if answer := await look():
            return answer
        await asyncio.sleep(next(pauses))


async def until_so(look: Callable[[], Found | None], what: str = "this", seconds: float = PATIENCE) -> Found:
    """The same for a `look` that is not awaited, in a test whose event loop must go on meanwhile."""

    async def looked() -> Found | None:
        return look()

    return await until(looked, what, seconds)

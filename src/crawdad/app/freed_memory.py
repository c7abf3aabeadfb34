"""Memory that was freed goes back to the system, where the C library can be told so, and what only a collection of garbage
frees is freed however little goes on.

By itself the C library keeps what lies between things that live on, and a gateway that was busy once stays as large as it was
then. Of what was under way at a collection, Python collects the garbage only after millions of objects more: for hours it
stays, where there is little to do.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from itertools import count

from crawdad.core.pacing import until_next
from crawdad.core.ports import Clock

_SECONDS = 60.0
_COLLECTED_EVERY = 10
"""Looking through all that lives holds everybody up for some 10 ms, 50 once there are panels."""


async def keep_giving_back(clock: Clock) -> None:
    """Now and then, for ever. It takes about a millisecond of a thread, but for every tenth time."""
    for time in count(1):
        await clock.sleep(until_next(clock.monotonic(), _SECONDS))
        if time % _COLLECTED_EVERY == 0:
            gc.collect()  # here, not in a thread: what ends with it may belong to the event loop
        await asyncio.to_thread(give_back)


def give_back() -> None:
    """Once."""
    import ctypes  # 4 ms of a start that does not need it

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)

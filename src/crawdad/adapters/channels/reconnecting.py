"""A link that is made anew after every end, with waits that grow while it is of no use; and what goes on beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from crawdad.core.channels import ChannelContext, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

LONGEST_WAIT = 60.0
_LONGEST_AT_HOME = 5.0
"""While what comes cannot be kept here: nobody else is asked for patience then, and people wait for answers."""
_LONGEST_ORDERED = 600.0
_STEADY_SECONDS = 30.0


async def keep_connected(
    context: ChannelContext, connect: Callable[[], Awaitable[bool]], ended: Text | None = None
) -> None:
    """Call `connect` for ever; it holds one link to its end and says whether that was of use, which one that has lasted was
    in any case. `ended` is what the operator reads of an end without a fault, where there are such.
    Raises `SignedOut`, and BAD_REQUEST for settings that cannot work.
    """
    wait = 1.0
    while True:
        began = context.clock.monotonic()
        is_of_use, ordered, longest = False, 0.0, LONGEST_WAIT
        try:
            is_of_use = await connect()
            if ended is not None:
                context.lost(ended)
        except SignedOut:
            raise
        except GatewayError as error:
            if error.kind is ErrorKind.BAD_REQUEST:
                raise
            context.lost(error.text)
            ordered = min(error.retry_after or 0.0, _LONGEST_ORDERED)
            if error.details.get("code") == "database":
                longest = _LONGEST_AT_HOME
        if is_of_use or context.clock.monotonic() - began >= _STEADY_SECONDS:
            wait = 1.0
        await context.clock.sleep(max(min(wait, longest), ordered))
        wait = min(wait * 2, LONGEST_WAIT)


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` (heartbeats) goes on while the block does, and ends with it."""
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None

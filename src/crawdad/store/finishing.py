"""Work with SQLite that is done to its end although whoever began it is cancelled.

A statement runs on a thread, which no cancellation reaches. A driver that is cancelled while it waits for one gives its
connection up as it is, perhaps with a transaction that keeps all others from writing until somebody collects the garbage. So
nobody here is cancelled in the middle of a statement: they wait for it, which is short, and are cancelled then, when their
transaction can be undone as after any other fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

Result = TypeVar("Result")


async def finish(work: Coroutine[Any, Any, Result] | asyncio.Future[Result]) -> Result:
    """What `work` returns or raises; CancelledError, once it is done, for a caller that was cancelled meanwhile."""
    doing = work if isinstance(work, asyncio.Future) else asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait((doing,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None or doing.cancelled():
        return doing.result()
    doing.exception()  # looked at: the cancellation is what is told
    raise cancelled


class FinishingConnection(AsyncConnection):
    """A connection whose every step is done to its end."""

    __slots__ = ()

    async def start(self, is_ctxmanager: bool = False) -> FinishingConnection:
        """Take a connection from the pool."""
        await finish(super().start(is_ctxmanager))
        return self

    async def begin_now(self) -> None:
        """Begin a transaction."""
        await finish(_begun(self))

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        """Execute a statement."""
        return await finish(super().execute(*arguments, **options))

    async def exec_driver_sql(self, *arguments: Any, **options: Any) -> Any:
        """Execute text as the driver has it."""
        return await finish(super().exec_driver_sql(*arguments, **options))

    async def run_sync(self, fn: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
        """Call `fn` with the synchronous connection."""
        return await finish(super().run_sync(fn, *arguments, **options))

    async def commit(self) -> None:
        """Keep what the transaction wrote."""
        await finish(super().commit())

    async def rollback(self) -> None:
        """Undo it."""
        await finish(super().rollback())

    async def close(self) -> None:
        """Give the connection back to the pool; a transaction that is open is undone."""
        if self.sync_connection is not None:
            await finish(super().close())


async def _begun(connection: AsyncConnection) -> None:
    await connection.begin()

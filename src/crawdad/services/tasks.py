"""Owners of background tasks: whoever starts one here knows that it is cancelled and awaited when its owner goes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

_log = structlog.get_logger(__name__)


class Tasks:
    """Holds up to `limit` running tasks. Leaving the context cancels and awaits them all."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def count(self) -> int:
        """How many run."""
        return len(self._running)

    @property
    def full(self) -> bool:
        """Whether no further task fits."""
        return len(self._running) >= self._limit

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work`. A failure is logged with the task's name, never lost."""
        task = asyncio.get_running_loop().create_task(self._guard(work, name), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: work.close())  # work that was cancelled before it began is closed too
        return task

    async def _guard(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:  # the task runner is an edge: a fault in one task must not take its owner down
            _log.exception("task_failed", task=name)


class _Over(Exception):
    """One of several pieces of work is done."""


async def until_first(*works: Coroutine[Any, Any, None]) -> None:
    """Do all of it until the first is done, and end the others. Raises what the first to fail raised."""

    async def run(work: Coroutine[Any, Any, None]) -> None:
        await work
        raise _Over

    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(run(work))
    except BaseExceptionGroup as found:
        first = found.exceptions[0]
        if not isinstance(first, _Over):
            raise first from None

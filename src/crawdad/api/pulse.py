"""What runs beside a reply: the keep-alive while the model is silent, and the eye on a client that may leave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from crawdad.api.call import Call


class Pulse:
    """Calls `ping` when `beat` was not called for `seconds`. One timer a stream, re-armed when it fires."""

    __slots__ = ("_handle", "_is_over", "_last", "_loop", "_ping", "_seconds", "_task")

    def __init__(self, seconds: float, ping: Callable[[], Awaitable[None]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._ping = ping
        self._last = self._loop.time()
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self._handle = self._loop.call_later(seconds, self._fire)

    def beat(self) -> None:
        """Something was said."""
        self._last = self._loop.time()

    def _fire(self) -> None:
        silent = self._loop.time() - self._last
        if silent >= self._seconds - 0.01:
            if self._task is None or self._task.done():
                self._task = self._loop.create_task(self._run())
            self._last = self._loop.time()
            silent = 0.0
        self._handle = self._loop.call_later(self._seconds - silent, self._fire)

    async def _run(self) -> None:
        if not self._is_over:
            await self._ping()

    def end(self) -> None:
        """The last words are about to be said: no ping begins any more, nor one whose time has come already."""
        self._is_over = True
        self._handle.cancel()

    async def stop(self) -> None:
        """No more pings; one that is under way is waited for, so that it cannot fall into what follows."""
        self.end()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task


class ClientWatch:
    """Cancels the current task when the client goes away; `gone` then tells that this was the reason."""

    __slots__ = ("_call", "_main", "gone")

    def __init__(self, call: Call) -> None:
        main = asyncio.current_task()
        assert main is not None
        self._main = main
        self._call = call
        self.gone = False
        call.watch(self._left)

    def _left(self) -> None:
        self.gone = True
        self._main.cancel()

    def forgive(self) -> None:
        """The cancellation was ours and is dealt with: the task may go on (to close what it holds)."""
        self._main.uncancel()

    def stop(self) -> None:
        """Stop watching."""
        self._call.watch(None)

"""Running a plugin's coroutine step by step, so that it is known whose code holds the event loop, and for how long.

A step is what happens between two awaits. While one runs, an alarm is set that ends it where it takes too long (an endless
loop, a `time.sleep`), and tasks that it makes are noted as the plugin's own.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_AGAIN_SECONDS = 0.5
"""How long after the alarm it rings once more, for code that catches everything."""


class PluginBlocked(BaseException):
    """Raised within a plugin's code that holds the event loop too long. No `except Exception` of the plugin's catches it."""


class PluginEscaped(Exception):
    """What a plugin raised is none of its business (`SystemExit`, `KeyboardInterrupt`), or the alarm rang."""


class LoopAlarm:
    """The alarm: an interval timer of the process. Only where the event loop runs in the main thread, and nobody else uses
    the signal; elsewhere `armed` does nothing."""

    def __init__(self) -> None:
        self._ready = False
        self._ringing = False

    def open(self) -> None:
        """Take the signal."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            return
        if signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None):
            signal.signal(signal.SIGALRM, self._ring)
            self._ready = True

    def close(self) -> None:
        """Give it back."""
        if self._ready:
            self._ready = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    @contextmanager
    def armed(self, seconds: float) -> Iterator[None]:
        """Code that may take so long."""
        if not self._ready:
            yield
            return
        self._ringing = True
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
        try:
            yield
        finally:
            self._ringing = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._ringing:
            raise PluginBlocked


class Stepper:
    """Runs a plugin's code. `held` hears how many seconds a step took that took long; `made` of tasks that it made. `entered`
    and `left` are called around each step."""

    def __init__(
        self,
        alarm: LoopAlarm,
        block_seconds: Callable[[], float],
        held: Callable[[str, float], None],
        made: Callable[[asyncio.Task[Any]], None],
        entered: Callable[[], None] = lambda: None,
        left: Callable[[], None] = lambda: None,
    ) -> None:
        self._alarm = alarm
        self._block_seconds = block_seconds
        self._held = held
        self._made = made
        self._entered, self._left = entered, left

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One step. Raises `PluginEscaped` for what must not get out."""
        loop = asyncio.get_running_loop()
        usual = loop.get_task_factory()
        began = time.perf_counter()
        self._entered()
        try:
            loop.set_task_factory(lambda loop, work, **more: self._task(loop, work, what, **more))
            with self._alarm.armed(self._block_seconds()):
                yield
        except PluginBlocked:
            raise PluginEscaped(f"held the event loop for {time.perf_counter() - began:.1f} s") from None
        except (SystemExit, KeyboardInterrupt) as error:
            raise PluginEscaped(f"raised {type(error).__name__}") from None
        finally:
            self._left()
            loop.set_task_factory(usual)
            self._held(what, time.perf_counter() - began)

    def run(self, work: Coroutine[Any, Any, Any], what: str) -> Coroutine[Any, Any, Any]:
        """`work`, step by step."""
        return _await(_Stepped(self, work, what))

    def task(self, work: Coroutine[Any, Any, Any], what: str) -> asyncio.Task[Any]:
        """A task that runs `work` step by step."""
        task = asyncio.Task(self.run(work, what), loop=asyncio.get_running_loop(), name=what)
        task.add_done_callback(lambda _: work.close())  # work that was cancelled before it began is closed too
        self._made(task)
        return task

    def _task(self, loop: asyncio.AbstractEventLoop, work: Any, what: str, **more: Any) -> asyncio.Task[Any]:
        if not asyncio.iscoroutine(work):
            made = asyncio.Task(work, loop=loop, **more)
        else:
            made = asyncio.Task(self.run(work, what), loop=loop, **more)
            made.add_done_callback(lambda _: work.close())
        self._made(made)
        return made


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class _Stepped:
    """An awaitable that hands every step of a coroutine through `Stepper.step`."""

    def __init__(self, stepper: Stepper, work: Coroutine[Any, Any, Any], what: str) -> None:
        self._stepper = stepper
        self._work = work
        self._what = what

    def __await__(self) -> Generator[Any, Any, Any]:
        work, sent, thrown = self._work, None, None
        while True:
            ended: StopIteration | None = None
            with self._stepper.step(self._what):
                try:
                    waits_for = work.send(sent) if thrown is None else work.throw(thrown)
                except StopIteration as stop:
                    ended = stop
            if ended is not None:
                return ended.value
            sent = thrown = None
            try:
                sent = yield waits_for
            except GeneratorExit:
                work.close()
                raise
            except (
                BaseException
            ) as error:  # a cancellation, or what the awaited thing failed with: the plugin's to handle
                thrown = error

"""The guard of one plugin: every call of its code goes through it, with a time limit, in a task of its own, and counted.

What fails is the plugin's own fault: it is logged under its name, and after too many failures within a while the plugin is
set down.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.plugins.step_record import StepRecord
from crawdad.plugins.stepping import LoopAlarm, PluginEscaped, Stepper

_GRACE_SECONDS = 1.0
_SLOW_SECONDS = 0.25
_LONGEST_REASON = 500
_FAULTS = frozenset((ErrorKind.INTERNAL,))

_log = structlog.get_logger(__name__)


class PluginFailed(GatewayError):
    """A call of a plugin came to nothing, by the plugin's fault."""

    def __init__(self, plugin: str, what: str, reason: str) -> None:
        values = {"plugin": plugin, "what": what, "reason": reason}
        super().__init__(ErrorKind.INTERNAL, Text("plugins.failed", values), {"code": "plugin_failed"})


class PluginGuard:
    """The guard. `set_down` is called once, with the reason, when the plugin has failed too often. `stepped` False: what it
    calls is the gateway's own code (that talks to a process apart). `record` knows whose code runs."""

    def __init__(
        self,
        plugin: str,
        alarm: LoopAlarm,
        limits: Callable[[], PluginsLimitSettings],
        clock: Clock,
        set_down: Callable[[str], None],
        stepped: bool = True,
        record: StepRecord | None = None,
    ) -> None:
        self.plugin = plugin
        self.calls = 0
        self.failures = 0
        self.last_failure = ""
        self.closed = False
        self.tasks: set[asyncio.Task[Any]] = set()
        """Everything that the plugin has running."""
        self._limits = limits
        self._clock = clock
        self._set_down = set_down
        self._recent: deque[float] = deque()
        self._stepper: Stepper | None = None
        if stepped:
            marks = () if record is None else (lambda: record.enter(plugin), record.leave)
            self._stepper = Stepper(alarm, lambda: limits().block_seconds, self._held, self._made, *marks)

    async def call(self, what: str, function: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
        """What the plugin's function answers. Raises `PluginFailed`, UNAVAILABLE when the plugin is set down, and errors
        that it raised on purpose (a `GatewayError` that is not INTERNAL)."""
        if self.closed:
            raise GatewayError(
                ErrorKind.UNAVAILABLE, Text("plugins.is_down", {"plugin": self.plugin}), {"code": "plugin_down"}
            )
        self.calls += 1

        async def work() -> Any:
            answer = function(*arguments)
            return await answer if inspect.isawaitable(answer) else answer

        task = self._task(work(), f"{self.plugin}: {what}")
        try:
            await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            await self._end(task)
            raise
        if not task.done():
            left = await self._end(task)
            reason = f"took longer than {seconds:g} s"
            raise self.failed(what, reason if left else f"{reason} and cannot be stopped")
        return self._outcome(task, what)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run something of the plugin's in the background, until it ends or the plugin is taken down."""
        if self.closed or len(self.tasks) >= self._limits().tasks:
            work.close()
            raise self.failed(name, "has too many tasks")
        task = self._task(work, f"{self.plugin}: {name}")
        task.add_done_callback(lambda done: self._ended(done, name))
        return task

    def failed(self, what: str, reason: str) -> PluginFailed:
        """Note a failure."""
        reason = reason[:_LONGEST_REASON]
        self.failures += 1
        self.last_failure = f"{what}: {reason}"
        _log.error("plugin_failed", plugin=self.plugin, what=what, reason=reason, failures=self.failures)
        now, limits = self._clock.monotonic(), self._limits()
        self._recent.append(now)
        while self._recent[0] < now - limits.failure_minutes * 60:
            self._recent.popleft()
        if len(self._recent) >= limits.failures and not self.closed:
            self.closed = True
            self._set_down(self.last_failure)
        return PluginFailed(self.plugin, what, reason)

    async def close(self) -> int:
        """Cancel everything that still runs. Returns how many tasks had to be cancelled."""
        self.closed = True
        running = [task for task in self.tasks if not task.done() and task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            _, stuck = await asyncio.wait(running, timeout=_GRACE_SECONDS)
            if stuck:
                _log.error("plugin_cannot_be_stopped", plugin=self.plugin, tasks=[each.get_name() for each in stuck])
        return len(running)

    def _task(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        if self._stepper is not None:
            return self._stepper.task(work, name)
        task = asyncio.Task(work, loop=asyncio.get_running_loop(), name=name)
        self._made(task)
        return task

    async def _end(self, task: asyncio.Task[Any]) -> bool:
        """Cancel a task. Whether it has ended within the grace."""
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE_SECONDS)
        return task.done()

    def _outcome(self, task: asyncio.Task[Any], what: str) -> Any:
        if task.cancelled():
            raise self.failed(what, "cancelled itself")
        error = task.exception()
        if error is None:
            return task.result()
        if isinstance(error, GatewayError) and error.kind not in _FAULTS:
            raise error
        raise self.failed(what, _words(error)) from error

    def _ended(self, task: asyncio.Task[Any], name: str) -> None:
        if not task.cancelled() and task.exception() is not None and not self.closed:
            self.failed(name, _words(task.exception()))

    def _made(self, task: asyncio.Task[Any]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        if len(self.tasks) > self._limits().tasks:
            task.cancel()
            self.failed(task.get_name(), "has too many tasks")

    def _held(self, what: str, seconds: float) -> None:
        if seconds >= _SLOW_SECONDS:
            _log.warning("plugin_held_the_loop", plugin=self.plugin, what=what, seconds=round(seconds, 2))


def _words(error: BaseException | None) -> str:
    return str(error) if isinstance(error, PluginEscaped) else f"{type(error).__name__}: {error}"

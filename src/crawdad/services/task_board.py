"""Work that takes a while, where everybody can see it: it has an id, tells how far it is, can be cancelled, and is remembered.

A task belongs to the process that does it. What a dead process left is marked as interrupted as soon as another notices;
nothing is done twice by itself. What changes is kept at most twice a second, its end at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Randomness, Runner
from crawdad.core.tasks import (
    LONGEST_LINE,
    MOST_LINES,
    TASK_CANCELLED,
    TASK_CHANGED,
    LogLine,
    Task,
    TaskFilter,
    TaskOrder,
    TaskPage,
    TaskStatus,
    Words,
    Work,
    task_fields,
    words_out,
)
from crawdad.core.text import Text
from crawdad.services.tasks import Tasks
from crawdad.store.tasks import TaskStore

MOST_ON_A_PAGE = 200
_WRITE_SECONDS = 0.5
_RECOVER_SECONDS = 5.0
_TIDY_SECONDS = 60.0
_KEPT_SECONDS = 7 * 86_400.0
_MOST_KEPT = 1000
_END_TRIES = (0.1, 1.0, 5.0)

_log = structlog.get_logger(__name__)


class TaskBoard:
    """All tasks of those that share a database; this process does those that are started here."""

    def __init__(
        self, store: TaskStore, tasks: Tasks, bus: Bus, clock: Clock, randomness: Randomness, runner: Runner
    ) -> None:
        self._store, self._tasks, self._bus = store, tasks, bus
        self._clock, self._randomness, self._runner = clock, randomness, runner
        self._mine: dict[str, _Doing] = {}
        self._unkept: dict[str, Task] = {}
        """Tasks that are over here, but could not be kept as such yet: in the table they stand as running."""

    async def start(self, order: TaskOrder, work: Work) -> Task:
        """Begin. Raises CONFLICT where another task is about the same thing, UNAVAILABLE where too much is under way."""
        if self._tasks.full:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("tasks.too_many"), {"code": "busy"}, retry_after=5)
        now = self._clock.now()
        task = Task(
            id=self._randomness.new_id(),
            kind=order.kind,
            title=order.title,
            owner=order.owner,
            runner=self._runner.name,
            started_at=now,
            updated_at=now,
            target=order.target,
            exclusive=order.exclusive,
        )
        if not await self._store.add(task):
            text = Text("tasks.busy", {"what": order.exclusive})
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": "task_running"}, retry_after=5)
        doing = _Doing(task, self._clock)
        self._mine[task.id] = doing
        doing.task = self._tasks.start(self._do(doing, work), f"task {task.kind}")
        await self._tell(task)
        return task

    async def get(self, task_id: str) -> Task:
        """How a task stands. Raises NOT_FOUND."""
        found = self._newest(task_id) or await self._store.get(task_id)
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("tasks.not_found", {"id": task_id[:64]}))
        return found

    async def page(self, wanted: TaskFilter, limit: int = 20, cursor: str | None = None) -> TaskPage:
        """Tasks, the newest first."""
        found = await self._store.page(wanted, max(1, min(limit, MOST_ON_A_PAGE)), cursor)
        return replace(found, tasks=tuple(self._newest(task.id) or task for task in found.tasks))

    async def cancel(self, task_id: str) -> Task:
        """Have a task end, wherever it is done. Raises NOT_FOUND, CONFLICT where it is over."""
        task = await self.get(task_id)
        if task.is_over:
            raise GatewayError(ErrorKind.CONFLICT, Text("tasks.over", {"id": task_id[:64]}), {"code": "task_over"})
        doing = self._mine.get(task_id)
        if doing is None:
            await self._bus.publish(Event(TASK_CANCELLED, {"id": task_id}, self._clock.now(), self._runner.name))
            return task
        await doing.stop()
        if not doing.now.is_over:  # it had not begun
            await self._finish(doing, "cancelled", None, Text("tasks.cancelled"))
        return await self.get(task_id)

    async def wait(self, task_id: str, seconds: float) -> Task:
        """How a task of this process stands once it is over, or after so long."""
        doing = self._mine.get(task_id)
        if doing is not None and doing.task is not None:
            await asyncio.wait({doing.task}, timeout=seconds)
        return await self.get(task_id)

    async def obey(self) -> None:
        """Cancel the tasks here that other processes were asked to cancel, for ever."""
        async for wish in self._bus.subscribe([TASK_CANCELLED]):
            doing = self._mine.get(str(wish.data.get("id", "")))
            if doing is not None:
                await doing.stop()

    async def recover(self) -> int:
        """Mark as interrupted what dead processes left. Returns how many were."""
        count = 0
        await self._keep_ends()
        for runner in await self._store.runners():
            if runner == self._runner.name or await self._runner.is_alive(runner):
                continue
            for task in await self._store.running(runner):
                ended = self._ended(task, "interrupted", error=Text("tasks.interrupted"))
                if await self._store.put(ended):
                    count += 1
                    await self._tell(ended)
        return count

    async def keep_recovering(self) -> None:
        """Look for what dead processes left, and now and then forget what is old, for ever."""
        tidied = float("-inf")
        while True:
            try:
                await self.recover()
                if self._clock.monotonic() - tidied >= _TIDY_SECONDS:
                    tidied = self._clock.monotonic()
                    await self._store.prune(self._clock.now() - _KEPT_SECONDS, _MOST_KEPT)
            except GatewayError as error:
                _log.warning("tasks_not_recovered", reason=error.message())
            await self._clock.sleep(until_next(self._clock.monotonic(), _RECOVER_SECONDS))

    async def _keep_ends(self) -> None:
        """How tasks ended while the database was away."""
        for task in list(self._unkept.values()):
            await self._store.put(task)
            del self._unkept[task.id]

    def _newest(self, task_id: str) -> Task | None:
        doing = self._mine.get(task_id)
        return doing.now if doing is not None else self._unkept.get(task_id)

    async def _do(self, doing: _Doing, work: Work) -> None:
        writer = asyncio.get_running_loop().create_task(self._keep_writing(doing))
        status: TaskStatus = "failed"
        result: JsonObject | None = None
        error: Words | None = None
        try:
            result = await work(doing)
            status = "succeeded"
        except asyncio.CancelledError:
            status, error = "cancelled", Text("tasks.cancelled")
            if not doing.cancelled:
                status, error = "interrupted", Text("tasks.interrupted")
                raise
        except GatewayError as fault:
            error = fault.text
            doing.say(fault.text)
        except Exception as fault:  # the task runner is an edge
            _log.exception("task_failed", task=doing.now.kind)
            error = Text("tasks.broken", {"error": type(fault).__name__})
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await self._finish(doing, status, result, error)

    async def _finish(self, doing: _Doing, status: TaskStatus, result: JsonObject | None, error: Words | None) -> None:
        doing.now = self._ended(doing.now, status, result=result, error=error)
        for pause in (*_END_TRIES, None):
            try:
                await self._store.put(doing.now)
                break
            except GatewayError as fault:
                _log.warning("task_not_kept", task=doing.now.id, reason=fault.message())
                if pause is not None:
                    await self._clock.sleep(pause)
        else:
            self._unkept[doing.now.id] = doing.now
        self._mine.pop(doing.now.id, None)
        await self._tell(doing.now)

    def _ended(
        self, task: Task, status: TaskStatus, result: JsonObject | None = None, error: Words | None = None
    ) -> Task:
        now = self._clock.now()
        progress = 100 if status == "succeeded" else task.progress
        return replace(task, status=status, progress=progress, result=result, error=error, updated_at=now, ended_at=now)

    async def _keep_writing(self, doing: _Doing) -> None:
        while True:
            await doing.changed.wait()
            doing.changed.clear()
            try:
                await self._store.put(doing.now)
                await self._tell(doing.now)
            except GatewayError as error:
                _log.warning("task_not_kept", task=doing.now.id, reason=error.message())
            await self._clock.sleep(_WRITE_SECONDS)

    async def _tell(self, task: Task) -> None:
        told = {**task_fields(task, lines=False), "errorWords": words_out(task.error)}
        event = Event(TASK_CHANGED, told, self._clock.now(), self._runner.name)
        try:
            await self._bus.publish(event)
        except GatewayError as error:
            _log.warning("task_not_told", task=task.id, reason=error.message())


class _Doing:
    """A task of this process: `core.tasks.Report`."""

    def __init__(self, now: Task, clock: Clock) -> None:
        self.now = now
        self.changed = asyncio.Event()
        self.cancelled = False
        self.task: asyncio.Task[None] | None = None
        self._clock = clock

    def progress(self, percent: float) -> None:
        """See `core.tasks.Report`."""
        whole = max(self.now.progress, min(99, int(percent)))
        if whole != self.now.progress:
            self._set(replace(self.now, progress=whole))

    def say(self, text: Words) -> None:
        """See `core.tasks.Report`."""
        line = LogLine(self._clock.now(), text[:LONGEST_LINE] if isinstance(text, str) else text)
        lines = (*self.now.lines, line)
        dropped = max(0, len(lines) - MOST_LINES)
        total = self.now.lines_dropped + dropped
        self._set(replace(self.now, lines=lines[dropped:], lines_dropped=total))

    async def stop(self) -> None:
        """Cancel it, and wait until it is gone."""
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})

    def _set(self, now: Task) -> None:
        self.now = replace(now, updated_at=self._clock.now())
        self.changed.set()

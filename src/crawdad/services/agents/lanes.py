"""Which run begins when: one at a time in a session, so many at once in a process, on whichever process gets to it.

What waits stands in the store alone; a lane looks there when a message comes, when a turn ends, and now and then, because
the process that would have gone on with it may be gone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from crawdad.core.agents import RunEvent
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Runner
from crawdad.services.agents.execution import End, Execution, Stopping
from crawdad.services.agents.queueing import merging
from crawdad.services.agents.recorder import EventWriter, Recorder
from crawdad.services.tasks import Tasks
from crawdad.store.finishing import finish
from crawdad.store.runs import RunEnd, RunStore, StoredRun, ended

ENDED_TOPIC = "agent_runs.ended"
_LOOK_SECONDS = 1.0
_RECOVER_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class AtWork:
    """A run that this process has at work."""

    run: StoredRun
    recorder: Recorder
    stopping: Stopping = field(default_factory=Stopping)
    task: asyncio.Task[None] | None = None


class Lanes:
    """Begins runs, and keeps what comes of them."""

    def __init__(
        self,
        store: RunStore,
        writer: EventWriter,
        execution: Execution,
        tasks: Tasks,
        clock: Clock,
        runner: Runner,
        bus: Bus,
    ) -> None:
        self.at_work: dict[str, AtWork] = {}
        self.runner = runner.name
        self.before: list[Callable[[StoredRun, int], None]] = []
        """What is called when a run is taken to work here, with the number of its last event so far."""
        self.after: list[Callable[[StoredRun, End], Awaitable[None]]] = []
        """What is called once a run has ended."""
        self._ending: dict[str, tuple[Recorder, StoredRun]] = {}
        self._held: Counter[bool] = Counter()
        """Places of runs that are about to begin: how many of sub-agents, and of others."""
        self._store = store
        self._writer = writer
        self._execution = execution
        self._tasks = tasks
        self._clock = clock
        self._is_alive = runner.is_alive
        self._bus = bus
        self._missing: set[str] = set()
        """Runs that stood as this process's at the last look for lost ones, and that it did not have at work."""
        self._wake = asyncio.Event()
        self._due = float("inf")
        self._closing = False
        self._closed = False
        self._crowded = False

    def has_room(self, origin: str) -> bool:
        """Whether one more may run here now. Sub-agents have a lane of their own, so that they never wait for their parents."""
        defaults = self._execution.settings().agents.defaults
        subagents = sum(work.run.origin == "subagent" for work in self.at_work.values())
        others = len(self.at_work) - subagents
        if self._closed:
            return False
        if origin == "subagent":
            return not self._closing and subagents + self._held[True] < defaults.subagents.max_concurrent
        # A client that is still connected gets its answer; what nobody waits for here is the next process's.
        closing = self._closing and origin != "client"
        return not closing and others + self._held[False] < defaults.max_concurrent

    @contextmanager
    def place(self, origin: str) -> Iterator[bool]:
        """Hold a place for a run until it has begun, so that nobody else begins there meanwhile. False: there is none."""
        if not self.has_room(origin):
            yield False
            return
        subagent, count = origin == "subagent", len(self.at_work)
        self._held[subagent] += 1
        try:
            yield True
        finally:
            self._held[subagent] -= 1
            if self._crowded and len(self.at_work) <= count:
                self._crowded = False
                self.look()  # it was not needed

    def begin(self, run: StoredRun, others: list[StoredRun] | None = None, last_number: int = 0) -> None:
        """Take the turn of a run that this process has claimed. Where it is over with these lanes, the run stays as it is, and
        the next ones take it up."""
        if self._closed:
            return
        work = AtWork(run, Recorder(run.id, self._writer, last_number, awaited=run.origin == "client"))
        work.stopping.absorbed = bool(others) or run.starts > 1
        self.at_work[run.id] = work
        for callback in self.before:
            callback(run, last_number)
        work.task = self._tasks.start(self._run(work, others or []), f"run {run.id}")

    def just_ended(self, run_id: str) -> StoredRun | None:
        """A run whose end is kept and being told, as it stands in the store: for those who waited for it."""
        recorder, run = self._ending.get(run_id, (None, None))
        return run if recorder is not None and recorder.closed else None

    async def poke(self, session_key: str) -> None:
        """Begin what waits in a session, if it may."""
        waiting = await self._store.waiting(session_key)
        if not waiting:
            return
        head, now = waiting[0], self._clock.now()
        together = merging(waiting)
        ready = max([head.ready_at, *(run.ready_at for run in together)])
        if head.created_at <= now < ready:  # else the clock has been set back
            self.due(ready)
            return
        with self.place(head.origin) as room:
            if not room:
                self._crowded = True
                return
            await finish(self._claim(head, together))

    async def begin_new(self, run: StoredRun) -> bool:
        """Keep a run that is at work from the first, and take its turn. False: its session is busy, or its idempotency key was
        used. What is kept is begun, also where whoever ordered it is cancelled meanwhile."""
        return await finish(self._begin_new(run))

    async def _begin_new(self, run: StoredRun) -> bool:
        if not await self._store.begin(run):
            return False
        self.begin(run)
        return True

    async def _claim(self, head: StoredRun, together: list[StoredRun]) -> None:
        run = await self._store.claim(head.id, self.runner, self._clock.now())
        if run is None:
            for work in self.at_work.values():
                if work.run.session_key == head.session_key:
                    work.stopping.news = True
            return
        taken = set(await self._store.absorb([other.id for other in together], run.id)) if together else set()
        number = await self._store.last_number(run.id)
        self.begin(run, [other for other in together if other.id in taken], number)

    def due(self, at: float) -> None:
        """Look again at `at` (Unix seconds)."""
        self._due = min(self._due, at)
        self._wake.set()

    def look(self) -> None:
        """Look again now."""
        self.due(0.0)

    async def keep_looking(self) -> None:
        """Begin what may begin, for ever."""
        while True:
            pause = until_next(self._clock.monotonic(), _LOOK_SECONDS)
            seconds = min(pause, max(0.0, self._due - self._clock.now()))
            self._wake.clear()
            if seconds > 0:
                try:
                    async with asyncio.timeout(seconds):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                else:
                    continue
            self._due = float("inf")
            try:
                for key in await self._store.ready(self._clock.now()):
                    await self.poke(key)
            except GatewayError as error:
                _log.warning("runs_not_begun", reason=error.message())

    async def recover(self) -> int:
        """Take over what dead processes left at work, and what stands as this one's although it has it not at work: a fault of
        the database came between. Returns how many there were."""
        count = 0
        for runner in await self._store.runners():
            if runner != self.runner and await self._is_alive(runner):
                continue
            for run_id in await (self._lost() if runner == self.runner else self._store.of_runner(runner)):
                run = await self._store.adopt(run_id, runner, self.runner)
                if run is not None:
                    count += 1
                    others = await self._store.absorbed(run.id)
                    self.begin(run, others, await self._store.last_number(run.id))
        await self._end_stranded()
        return count

    async def _lost(self) -> set[str]:
        """The runs that have stood as this process's since the last look, and that it has not at work."""
        found = await self._store.of_runner(self.runner)
        before, self._missing = self._missing, {run_id for run_id in found if run_id not in self.at_work}
        return set() if self._closed else before & self._missing

    async def _end_stranded(self) -> None:
        """End the runs whose messages a turn took along that ended without its process having got to them."""
        for host_id in await self._store.stranded():
            host = await self._store.get(host_id)
            if host is not None:
                phase = "end" if host.error is None else "error"
                event = {"phase": phase, "status": host.status, "stopReason": host.stop_reason}
                values: JsonObject = {"text": host.text, "stop_reason": host.stop_reason, "model": host.model}
                values |= {"error_kind": host.error_kind, "error": host.error, "session_id": host.session_id}
                await self._end_others(host, End(host.status, {**values, "result": host.result}, event))

    async def keep_recovering(self) -> None:
        """Look for runs of processes that have died meanwhile, for ever."""
        while True:
            await self._clock.sleep(until_next(self._clock.monotonic(), _RECOVER_SECONDS))
            try:
                count = await self.recover()
            except GatewayError as error:
                _log.warning("recovery_failed", reason=error.message())
            else:
                if count:
                    _log.warning("agent_runs_taken_over", count=count)

    async def drain(self, seconds: float) -> None:
        """Begin nothing more but what connected clients wait for, and give what runs some time to end. What does not is taken
        up by the next process."""
        self._closing = True
        until = self._clock.monotonic() + seconds
        while tasks := [work.task for work in self.at_work.values() if work.task is not None]:
            left = until - self._clock.monotonic()
            if left <= 0:
                _log.info("agent_runs_left", count=len(tasks))
                return
            await asyncio.wait(tasks, timeout=left)

    def close(self) -> None:
        """Begin nothing any more, whoever asks: what is ordered from now on waits in the store."""
        self._closed = True

    def cancel(self, run_id: str) -> AtWork | None:
        """Cancel a run that is at work here, unless that was done or it comes to its end anyway. None: it is not."""
        work = self.at_work.get(run_id)
        if work is None or work.task is None:
            return None
        stopping = work.stopping
        if not (stopping.wanted or stopping.ending):
            stopping.wanted = True
            if stopping.begun:  # else it looks before it begins
                work.task.cancel()
        return work

    async def stop(self, run_id: str) -> bool:
        """Cancel a run that is at work here, and wait until it has ended, or cannot be kept. False: it is not, or ended by
        itself."""
        work = self.cancel(run_id)
        if work is None or work.task is None:
            return False
        if work.stopping.wanted and not work.stopping.ending:
            # It may take its time: should this process end before it has, nobody takes it up again.
            with suppress(GatewayError):
                await self._store.change(run_id, {"cancel_wanted": True}, only_from="running")
        while not work.task.done() and work.recorder.fault is None:
            await asyncio.wait({work.task}, timeout=_LOOK_SECONDS)
        return work.stopping.wanted or not work.task.done()

    async def end_waiting(self, run: StoredRun, end: End) -> bool:
        """End a run that never began. False: it has."""
        number = await self._store.last_number(run.id)
        values = {**end.values, "ended_at": self._clock.now()}
        if not await self._store.change(run.id, {"status": end.status, **values}, only_from="queued"):
            return False
        await self._store.keep([RunEvent(run.id, number + 1, self._clock.now(), "lifecycle", end.event)])
        await self._tell(run, end)
        return True

    async def _run(self, work: AtWork, others: list[StoredRun]) -> None:
        run, recorder = work.run, work.recorder
        try:
            end = await self._execution.take(run, others, recorder, work.stopping)
            work.stopping.ending = True
            recorder.emit("lifecycle", end.event)
            values = {**end.values, "ended_at": self._clock.now()}
            self._ending[run.id] = recorder, ended(run, end.status, recorder.changed | values)
            await recorder.close(end.status, values)
            if work.stopping.absorbed:
                await self._end_others(run, end)
            self.at_work.pop(run.id, None)
            await self._tell(run, end)
            await self.poke(run.session_key)
        finally:
            self.at_work.pop(run.id, None)
            self._ending.pop(run.id, None)
        if self._crowded:
            self._crowded = False
            self.look()  # a place has become free

    async def _end_others(self, run: StoredRun, end: End) -> None:
        """Runs whose messages this turn took along end as it did; what it used was counted once."""
        others = await self._store.absorbed(run.id)
        if not others:
            return
        now = self._clock.now()
        events = [RunEvent(other.id, 1, now, "lifecycle", {**end.event, "absorbedBy": run.id}) for other in others]
        values = {name: value for name, value in end.values.items() if name not in ("result", "cost")}
        result = {"parts": end.values["result"].get("parts", []), "absorbedBy": run.id}
        ends = [RunEnd(other.id, end.status, {**values, "result": result, "ended_at": now}) for other in others]
        await self._store.keep(events, ends)
        for other in others:
            await self._tell(other, end)

    async def _tell(self, run: StoredRun, end: End) -> None:
        """Let those know who wait for the end of a run, here and elsewhere."""
        data = {"id": run.id, "sessionKey": run.session_key, "agentId": run.agent_id, "status": end.status}
        try:
            await self._bus.publish(Event(ENDED_TOPIC, data, self._clock.now(), self.runner))
        except GatewayError as error:
            _log.warning("run_end_not_told", run_id=run.id, reason=error.message())
        for callback in self.after:
            await callback(run, end)

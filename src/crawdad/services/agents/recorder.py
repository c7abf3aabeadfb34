"""The events of runs on their way into the store: kept first, shown then, written for many runs in one transaction.

A model's words come in small bites; bites of the same kind become one event until it is written. What is written next is
decided by one writer per process, so that a hundred runs cost the database little more than one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from crawdad.core.agents import EventKind, RunEvent, RunStatus
from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plain_json import plain_json
from crawdad.core.ports import Clock
from crawdad.store.runs import RunEnd, RunStore

_PATIENCE_SECONDS = 0.03
_BITE_CHARACTERS = 2048
_REMEMBERED = 512
_MOST_AT_ONCE = 2000
_PAUSE_SECONDS = 0.5
_FAULT_SECONDS = 3.0
"""For so long the database may take nothing before those hear of it who wait for an answer."""
_BITES: frozenset[EventKind] = frozenset(("assistant", "thinking"))

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Draft:
    number: int
    at: float
    kind: EventKind
    data: JsonObject


class Recorder:
    """The events of one run that this process has at work."""

    def __init__(self, run_id: str, writer: EventWriter, last_number: int = 0, *, awaited: bool = False) -> None:
        self.run_id = run_id
        self._awaited = awaited
        self.number = last_number
        self.kept = last_number
        self._before = last_number
        self.remembered: deque[RunEvent] = deque(maxlen=_REMEMBERED)
        self.closed = False
        self._writer = writer
        self._drafts: list[_Draft] = []
        self._end: RunEnd | None = None
        self._changes: JsonObject = {}
        self.changed: JsonObject = {}
        """All fields of the run that have changed since it was taken to work."""
        self._news = asyncio.Event()

    @property
    def silent(self) -> bool:
        """Whether nothing has been kept yet of what happened here."""
        return self.kept == self._before and not self.closed

    @property
    def fault(self) -> GatewayError | None:
        """Why nothing is kept any more, where somebody waits for the answer who is better told than kept waiting; the run
        itself comes to its end once the database takes it. Nobody waits for the others: those go on then."""
        return self._writer.fault if self._awaited and not self.closed else None

    def emit(self, kind: EventKind, data: JsonObject) -> None:
        """Something happened. It is shown as soon as it is kept."""
        drafts, data = self._drafts, plain_json(data)
        if kind in _BITES and drafts and drafts[-1].kind == kind:
            text = drafts[-1].data["delta"] = drafts[-1].data["delta"] + data["delta"]
            self._writer.wake(self, len(text) > _BITE_CHARACTERS)
            return
        self.number += 1
        drafts.append(_Draft(self.number, self._writer.now(), kind, data))
        self._writer.wake(self, False)

    def change(self, values: JsonObject) -> None:
        """Fields of the run changed; that is kept with its next events."""
        self._changes |= values
        self.changed |= values
        self._writer.wake(self, False)

    async def settle(self) -> None:
        """Wait until everything that was emitted is kept. Raises what keeps an awaited answer from that."""
        wanted = self.number
        while self.kept < wanted:
            if self.fault is not None:
                raise self.fault
            self._writer.wake(self, True)
            await self._news.wait()

    async def close(self, status: RunStatus, values: JsonObject) -> None:
        """The run ends: keep that with its last events, and wait until it is kept."""
        self._end = RunEnd(self.run_id, status, {**self._changes, **values})
        self._changes = {}
        while not self.closed:
            self._writer.wake(self, True)
            await self._news.wait()

    async def wait(self, seconds: float) -> None:
        """Wait until there is something new, or `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def since(self, after: int) -> list[RunEvent] | None:
        """The kept events above `after`; None when that is longer ago than what is remembered here."""
        if after >= self.kept:
            return []
        if not self.remembered or self.remembered[0].number > after + 1:
            return None
        return [event for event in self.remembered if event.number > after]

    def stir(self) -> None:
        """Wake whoever waits."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    def take(self) -> tuple[list[RunEvent], RunEnd | None]:
        """What has to be written now."""
        drafts, self._drafts = self._drafts, []
        end, self._end = self._end, None
        if end is None and self._changes:
            end, self._changes = RunEnd(self.run_id, "running", self._changes), {}
        return [RunEvent(self.run_id, d.number, d.at, d.kind, d.data) for d in drafts], end

    def written(self, events: list[RunEvent], end: RunEnd | None) -> None:
        """It is kept: whoever waits is woken."""
        self.remembered.extend(events)
        if events:
            self.kept = events[-1].number
        if end is not None and end.status != "running":
            self.closed = True
        self.stir()


class EventWriter:
    """Writes the events of all runs of this process."""

    def __init__(self, store: RunStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[str, Recorder] = {}
        self._some = asyncio.Event()
        self._urgent = asyncio.Event()
        self._writing = asyncio.Lock()
        self.now: Callable[[], float] = clock.now
        self.fault: GatewayError | None = None
        """What the database has answered for a while now."""

    def wake(self, recorder: Recorder, urgent: bool) -> None:
        """`recorder` has something to write; unless it is urgent, more may come to it for a moment."""
        self._waiting[recorder.run_id] = recorder
        self._some.set()
        if urgent:
            self._urgent.set()

    async def keep_writing(self) -> None:
        """Write, for ever."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            await self.flush()

    async def flush(self) -> None:
        """Write what there is; where the database does not take it now, try until it does."""
        async with self._writing:
            while self._waiting:
                batch: list[tuple[Recorder, list[RunEvent], RunEnd | None]] = []
                count = 0
                while self._waiting and count < _MOST_AT_ONCE:
                    _, recorder = self._waiting.popitem()
                    events, end = recorder.take()
                    count += len(events) + 1
                    batch.append((recorder, events, end))
                self._some.clear()
                self._urgent.clear()
                if self._waiting:
                    self._some.set()
                await self._write(batch)

    async def _write(self, batch: list[tuple[Recorder, list[RunEvent], RunEnd | None]]) -> None:
        events = [event for _, some, _ in batch for event in some]
        ends = [end for _, _, end in batch if end is not None]
        since = self._clock.monotonic()
        while events or ends:
            try:
                await self._store.keep(events, ends)
                break
            except GatewayError as error:
                _log.warning("run_events_not_kept", events=len(events), reason=error.message())
                if self._clock.monotonic() - since >= _FAULT_SECONDS:
                    self.fault = error
                    for recorder in (*(recorder for recorder, _, _ in batch), *self._waiting.values()):
                        recorder.stir()
                await self._clock.sleep(_PAUSE_SECONDS)
        self.fault = None
        for recorder, some, end in batch:
            recorder.written(some, end)

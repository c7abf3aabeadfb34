"""Background runs: they outlive the request that started them, and can be followed from any event on.

Events are kept in the store before anybody is shown them, so a follower that comes back after a lost connection misses
nothing. A run belongs to the process that started it. What a dead process left is marked as interrupted as soon as another
notices, never run again; but where an agent answers, whose own run goes on anyway, the other process goes on telling it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Runner
from crawdad.core.text import Text
from crawdad.services.tasks import Tasks
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.turn import Turn
from crawdad.store.responses import ResponseStore, StoredResponse
from crawdad.wire.openai_responses import EventWriter, response_object, write_response_error

STOPPED = "responses.stopped"
"""The topic of runs that somebody wants no more."""
_LOOK_SECONDS = 1.0
"""How often a follower looks for events of a run in another process."""
_RECOVER_SECONDS = 5.0
_STATUS = {
    "response.in_progress": "in_progress",
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
}
_UNFINISHED = ("queued", "in_progress")
_GIVE_UP_SECONDS = (0.1, 1.0, 5.0, 15.0, 60.0)
"""Pauses between the tries to write down that a run failed."""

_log = structlog.get_logger(__name__)


class Runs:
    """The background runs of this process. `runner` names the process."""

    def __init__(
        self,
        front: ModelFront,
        store: ResponseStore,
        tasks: Tasks,
        clock: Clock,
        runner: Runner,
        bus: Bus,
    ) -> None:
        self.runner = runner.name
        self._is_alive = runner.is_alive
        self._front = front
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._bus = bus
        self.take_up: Callable[[StoredResponse], Awaitable[bool]] | None = None
        """Goes on with a run of a dead process; False: it cannot."""
        self.may_recover: Callable[[], bool] = lambda: True
        """Whether what runs may ask for is there: while the gateway's inside is left, agents are not."""
        self.sheds: Callable[[], bool] = lambda: False
        """Whether new ones are refused, for memory is short."""
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turns: dict[str, Turn] = {}
        self._news: dict[str, asyncio.Event] = {}

    def need_room(self) -> None:
        """Raise UNAVAILABLE when too many run already, or load is shed."""
        if self.sheds():
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("responses.shedding"), retry_after=30)
        if self._tasks.full:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("responses.too_many"), retry_after=5)

    def start(self, turn: Turn, response_id: str) -> None:
        """Run `turn`, kept as `response_id`."""
        self._news[response_id] = asyncio.Event()
        task = self._tasks.start(self._run(turn, response_id), f"response {response_id}")
        self._running[response_id], self._turns[response_id] = task, turn

        def ended(_: asyncio.Task[None]) -> None:
            self._running.pop(response_id, None)
            self._turns.pop(response_id, None)

        task.add_done_callback(ended)

    async def stop(self, response_id: str) -> None:
        """Cancel the run and wait until it is gone; where another process has it, have it cancelled there."""
        task = self._cancel(response_id)
        if task is None:
            await self._bus.publish(Event(STOPPED, {"id": response_id}, self._clock.now(), self.runner))
            return
        await asyncio.wait({task})

    def _cancel(self, response_id: str) -> asyncio.Task[None] | None:
        """Cancel a run here, once: cancelled again while it stops, it would leave what it asked going on."""
        task = self._running.get(response_id)
        if task is not None and not self._turns[response_id].given_up:
            self._turns[response_id].given_up = True
            task.cancel()
        return task

    async def obey(self) -> None:
        """Cancel the runs here that other processes were asked to stop, for ever. One that is missed notices by itself, at
        the next event that it keeps."""
        async for wish in self._bus.subscribe([STOPPED]):
            self._cancel(wish.data.get("id", ""))

    async def recover(self) -> int:
        """Go on with the runs of dead processes, or mark them as interrupted. Returns how many were."""
        count = 0
        if not self.may_recover():
            return count
        for runner in await self._store.runners():
            if runner == self.runner or await self._is_alive(runner):
                continue
            if self.take_up is not None:
                for left in await self._store.unfinished(runner):
                    if await self.take_up(left):
                        _log.info("response_taken_up", response_id=left.id)
            count += await self._store.interrupt(runner, self._clock.now())
        return count

    async def keep_recovering(self) -> None:
        """Look for runs of processes that have died meanwhile, for ever: their followers must not wait in vain."""
        while True:
            await self._clock.sleep(until_next(self._clock.monotonic(), _RECOVER_SECONDS))
            try:
                count = await self.recover()
            except GatewayError as error:
                _log.warning("recovery_failed", reason=error.message())
            else:
                if count:
                    _log.warning("runs_interrupted", count=count)

    async def follow(self, response_id: str, principal_id: str, after: int) -> AsyncIterator[JsonObject]:
        """Events numbered above `after`, as they come, until the run has ended."""
        while True:
            news = self._news.get(response_id)
            if news is not None:
                news.clear()
            found = await self._store.get(response_id, principal_id, self._clock.now())
            events = await self._store.events(response_id, principal_id, after)
            for number, event in events:
                after = number
                yield event
            if events:
                continue
            if found is None or found.status not in _UNFINISHED:
                return
            if news is None:
                await self._clock.sleep(_LOOK_SECONDS)
                continue
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await news.wait()
            except TimeoutError:
                continue

    async def _run(self, turn: Turn, response_id: str) -> None:
        writer = EventWriter(turn.context)
        self._front.ledger.hold(turn.exchange)  # until its end is kept, nobody can hear of it
        try:
            if await self._write(turn, response_id, writer):
                self._front.ledger.settle(turn.exchange)
        except GatewayError as error:
            self._front.ledger.fail(turn.exchange, error, 200)
            await self._give_up(turn, response_id, error, writer.fail_events(error, turn.language, known=True))
        finally:
            self._front.ledger.abandon(turn.exchange)
            news = self._news.pop(response_id, None)
            if news is not None:
                news.set()

    async def _write(self, turn: Turn, response_id: str, writer: EventWriter) -> bool:
        # Closed here and now, wherever it is cancelled: whoever stops it may be told so only when its source has stopped, too.
        async with aclosing(await self._front.events(turn)) as events:
            async for batch in events:
                said = [spoken for event in batch for spoken in writer.events_of(event)]
                if said and not await self._say(turn, response_id, said):
                    turn.given_up = True
                    return False  # cancelled or deleted, here or by another process
        return True

    async def _give_up(self, turn: Turn, response_id: str, error: GatewayError, events: list[JsonObject]) -> None:
        """Keep that the run failed. It may be the database that failed it, so this is tried for a while."""
        for pause in _GIVE_UP_SECONDS:
            try:
                if events:
                    await self._say(turn, response_id, events)
                else:  # its last event was made, but could not be kept
                    words = write_response_error(error, turn.language)
                    response = response_object(turn.context, "failed", error=words)
                    now = self._clock.now()
                    await self._store.update(response_id, turn.principal.id, "failed", now, response)
                return
            except GatewayError:
                await self._clock.sleep(pause)
        _log.error("run_left_unfinished", response_id=response_id)

    async def _say(self, turn: Turn, response_id: str, events: list[JsonObject]) -> bool:
        """Keep events, then the state they tell. False when the run is no longer wanted."""
        if not events:
            return True
        owner = turn.principal.id
        try:
            await self._store.append_events(response_id, [(event["sequence_number"], event) for event in events])
        except GatewayError as error:
            if error.kind is ErrorKind.CONFLICT:
                return False
            raise
        wanted = True
        for event in events:
            status = _STATUS.get(event["type"])
            if status is not None:
                now = self._clock.now()
                wanted = await self._store.update(response_id, owner, status, now, event["response"])
        news = self._news.get(response_id)
        if news is not None:
            news.set()
        return wanted

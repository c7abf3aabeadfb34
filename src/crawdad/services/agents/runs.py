"""Runs of agents (`core.agents.AgentRuns`): ordered by one, followed and stopped by any, on every process alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Literal

import structlog

from crawdad.core.agents import ENDED, RunEvent, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.happenings import LAGGED, Event
from crawdad.core.parts import JsonObject, ToolCallPart
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.tasks import words_in, words_out
from crawdad.core.text import Language, Text
from crawdad.services.agents.execution import End
from crawdad.services.agents.lanes import ENDED_TOPIC, Lanes
from crawdad.services.agents.opening import Surroundings
from crawdad.services.agents.orders import order_json, usage_of
from crawdad.services.agents.queueing import place, rules_for
from crawdad.services.agents.recorder import Recorder
from crawdad.services.agents.replies import REPLIES
from crawdad.services.agents.thinking import level_of
from crawdad.services.agents.transcript import read_parts
from crawdad.store.runs import RunStore, StoredRun

STOP_TOPIC = "agent_runs.stop"
_LOOK_SECONDS = 0.5
_MOST_WAITING = 5000
_DAY_SECONDS = 24 * 3600.0
_TIDY_SECONDS = 3600.0

_log = structlog.get_logger(__name__)


class Runs:
    """The runs of this installation."""

    def __init__(
        self,
        *,
        store: RunStore,
        lanes: Lanes,
        world: Surroundings,
        clock: Clock,
        randomness: Randomness,
        bus: Bus,
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._world = world
        self._clock = clock
        self._randomness = randomness
        self._bus = bus
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self.before: list[Callable[[RunOrder], Awaitable[RunOrder]]] = []
        """Who may change or refuse an order before it is kept."""

    async def start(self, order: RunOrder) -> str:
        """Order a turn: the run's id. Returns when it is kept. Raises NOT_FOUND (no such agent), BAD_REQUEST (nothing said,
        no such level of thinking) and UNAVAILABLE (too many wait)."""
        for hear in self.before:
            order = await hear(order)
        agent = self._world.roster().get(order.agent_id)
        if not order.parts and not order.tool_results and not order.extra.get("compact"):
            raise bad_request("agents.nothing_said", "message")
        if order.thinking:
            level_of(order.thinking)
        run = self._stored(replace(order, agent_id=agent.id))
        with self._lanes.place(order.origin) as room:
            begun = replace(run, status="running", runner=self._lanes.runner, starts=1, started_at=run.created_at)
            try:
                if room and await self._lanes.begin_new(begun):
                    return run.id
            except asyncio.CancelledError:
                if order.origin == "client" and not order.idempotency_key:
                    self._lanes.cancel(run.id)  # who leaves before knowing what it is called never comes back for it
                raise
        known = await self._known(order)
        return known or await self._wait_in_line(run, order)

    async def follow(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        """The events numbered above `after`, as they come, until the run has ended. Raises UNAVAILABLE where they cannot be
        kept for a while and somebody waits for the answer."""
        recorder: Recorder | None = None
        while True:
            work = self._lanes.at_work.get(run_id)
            if work is not None:
                recorder = work.recorder
                if work.run.starts > 1 and recorder.silent:  # what was said before is about to be looked at
                    await recorder.wait(_LOOK_SECONDS)
                    continue
            elif recorder is not None and not recorder.closed:
                recorder = None  # this process has left the run as it is: what becomes of it stands in the store
            events = recorder.since(after) if recorder is not None else None
            if events is None:
                found = None if recorder is not None else await self._store.get(run_id)
                waits = found is not None and found.status == "queued" and not found.starts
                events = [] if waits else await self._store.events(run_id, after)
                if not events and recorder is None and (found is None or found.status in ENDED):
                    return
            for event in events:
                after = event.number
                yield event
            if events:
                continue
            if recorder is not None:
                if recorder.fault is not None:
                    raise recorder.fault
                if not recorder.closed:
                    await recorder.wait(_LOOK_SECONDS)
                else:
                    return
            else:
                await self._wait_for_news(run_id, _LOOK_SECONDS)

    async def look(self, run_id: str) -> RunState | None:
        """The run as it stands; None: there is none, or it is kept no longer."""
        found = self._lanes.just_ended(run_id) or await self._store.get(run_id)
        return None if found is None else state_of(found)

    async def known(self, principal_id: str, idempotency_key: str) -> str | None:
        """The run that somebody ordered with that key, while it is kept."""
        return await self._store.known(principal_id, idempotency_key)

    async def wait(self, run_id: str, seconds: float | None = None) -> RunState:
        """The run once it has ended, or as it stands after `seconds`. Raises NOT_FOUND."""
        until = None if seconds is None else self._clock.monotonic() + seconds
        while True:
            left = float("inf") if until is None else until - self._clock.monotonic()
            while (work := self._lanes.at_work.get(run_id)) is not None and not work.recorder.closed and left > 0:
                if work.recorder.fault is not None:
                    raise work.recorder.fault
                await work.recorder.wait(min(_LOOK_SECONDS, left))  # it may be left to another as it is
                left = float("inf") if until is None else until - self._clock.monotonic()
            found = self._lanes.just_ended(run_id) or await self._store.get(run_id)
            if found is None:
                raise GatewayError(
                    ErrorKind.NOT_FOUND, Text("agents.no_run", {"id": run_id[:80]}), {"code": "run_not_found"}
                )
            if found.status in ENDED or left <= 0:
                return state_of(found)
            await self._wait_for_news(run_id, min(_LOOK_SECONDS, left))

    async def owe(self, run_id: str) -> None:
        """Have what a run says go to the agent that wanted it, whenever it has ended."""
        found = await self._store.get(run_id)
        for _ in range(2):  # it may end meanwhile
            if found is None or await self._store.change(run_id, {"unannounced": True}, only_from=found.status):
                return
            found = await self._store.get(run_id)

    async def cancel(self, run_id: str) -> bool:
        """Stop a run wherever it is, and everything that it began. False: it had ended."""
        found = await self._store.get(run_id)
        if found is None or found.status in ENDED:
            return False
        stopped = await self._stop(found)
        for child in await self._store.children(run_id):
            await self.cancel(child)
        return stopped

    async def cancel_session(self, session_key: str) -> Sequence[str]:
        """Stop what runs and waits in a session, and what it has had others do, also in turns that ended: the runs' ids."""
        stopped = await self._cancel_active(session_key)
        seen: set[str] = set()
        while fresh := [run_id for run_id in await self._store.at_work_below(session_key) if run_id not in seen]:
            seen.update(fresh)  # what these begin before they are stopped is stopped next
            stopped += [run_id for run_id in fresh if await self.cancel(run_id)]
        return stopped

    async def _cancel_active(self, session_key: str) -> list[str]:
        active = await self._store.active(session_key)
        stopped = [run.id for run in reversed(active) if await self.cancel(run.id)]  # what waits first
        return stopped[::-1]

    async def active(self, session_key: str) -> Sequence[RunState]:
        """What runs and waits in a session, the running one first."""
        return [state_of(run) for run in await self._store.active(session_key)]

    async def obey(self) -> None:
        """Hear what other processes say of runs, for ever."""
        async for event in self._bus.subscribe([STOP_TOPIC, ENDED_TOPIC]):
            run_id = str(event.data.get("id", ""))
            if event.topic == STOP_TOPIC:
                self._lanes.cancel(run_id)
            elif event.topic == LAGGED:
                await self._stop_unwanted()
            else:
                for waiter in self._waiters.get(run_id, ()):
                    waiter.set()

    async def _stop_unwanted(self) -> None:
        """Stop the runs here that others were asked to stop while nothing was heard of it."""
        for run_id in list(self._lanes.at_work):
            try:
                found = await self._store.get(run_id)
            except GatewayError as error:
                _log.warning("stopped_runs_not_looked_for", reason=error.message())
                return
            if found is not None and found.cancel_wanted:
                self._lanes.cancel(run_id)

    async def keep_tidy(self) -> None:
        """Forget runs that ended long ago, for ever."""
        while True:
            try:
                kept = self._world.settings().agents.runs.keep_days * _DAY_SECONDS
                count = await self._store.delete_before(self._clock.now() - kept)
            except GatewayError as error:
                _log.warning("runs_not_tidied", reason=error.message())
            else:
                if count:
                    _log.info("runs_forgotten", count=count)
            await self._clock.sleep(_TIDY_SECONDS)

    def _stored(self, order: RunOrder) -> StoredRun:
        now = self._clock.now()
        spawned_by = str(order.extra.get("spawnedBy") or "")
        return StoredRun(
            id=self._randomness.new_id(),
            agent_id=order.agent_id,
            session_key=order.session_key,
            principal_id=order.principal.id,
            origin=order.origin,
            created_at=now,
            order=order_json(order),
            idempotency_key=order.idempotency_key or None,
            parent_run_id=order.parent_run_id,
            depth=order.depth,
            title=order.title[:200],
            spawned_by=spawned_by,
            unannounced=(bool(spawned_by) and bool(order.extra.get("announce", True))) or _is_owed(order),
        )

    async def _known(self, order: RunOrder) -> str | None:
        if not order.idempotency_key:
            return None
        return await self._store.known(order.principal.id, order.idempotency_key)

    async def _wait_in_line(self, run: StoredRun, order: RunOrder) -> str:
        """The session is busy, or this process is: the run waits."""
        entry = await self._world.sessions.get(order.session_key)
        rules = rules_for(order, self._world.settings().messages.queue, entry.settings if entry else {})
        if rules.mode == "interrupt":
            await self._cancel_active(order.session_key)
        waiting = await self._store.waiting(order.session_key)
        room = place(waiting, rules)
        if room.refused or await self._store.count_waiting() >= _MOST_WAITING:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("agents.too_many_waiting"), {"code": "queue_full"}, 5)
        if room.remembered:
            order = replace(order, extra={**order.extra, "dropped": list(room.remembered)})
        now = self._clock.now()
        run = replace(run, order=order_json(order), mode=rules.mode, ready_at=now + rules.debounce_seconds)
        try:
            await self._store.add(run)
        except GatewayError as error:
            known = await self._known(order) if error.kind is ErrorKind.CONFLICT else None
            if known is None:
                raise
            return known
        for displaced in room.displaced:
            await self._lanes.end_waiting(displaced, _stopped("dropped", order.language))
        await self._lanes.poke(order.session_key)
        return run.id

    async def _stop(self, run: StoredRun) -> bool:
        language = str(run.order.get("language") or "en")
        if await self._lanes.stop(run.id):
            return True
        if run.status == "queued" and await self._lanes.end_waiting(run, _stopped("cancelled", language)):
            return True
        wanted = await self._store.change(run.id, {"cancel_wanted": True}, only_from="running")
        if wanted:
            await self._bus.publish(Event(STOP_TOPIC, {"id": run.id}, self._clock.now(), self._lanes.runner))
        return wanted

    async def _wait_for_news(self, run_id: str, seconds: float) -> None:
        """Wait until a run that is at work elsewhere, or not at all, has ended; not longer than `seconds`."""
        news = asyncio.Event()
        waiters = self._waiters.setdefault(run_id, set())
        waiters.add(news)
        try:
            async with asyncio.timeout(seconds):
                await news.wait()
        except TimeoutError:
            return
        finally:
            waiters.discard(news)
            if not waiters:
                self._waiters.pop(run_id, None)


def _is_owed(order: RunOrder) -> bool:
    replies = order.extra.get(REPLIES)
    return isinstance(replies, dict) and bool(replies["owed"])


def _stopped(reason: Literal["cancelled", "dropped"], language: Language) -> End:
    text = Text(f"agents.{reason}")
    words = text.render(language)
    event = {"phase": "error", "status": "cancelled", "error": words, "errorKind": "cancelled", "stopReason": reason}
    values: JsonObject = {"stop_reason": reason, "error_kind": ErrorKind.CANCELLED.value, "error": words}
    values["result"] = {"words": words_out(text)}
    return End("cancelled", values, event)


def state_of(run: StoredRun) -> RunState:
    """A run as its followers see it."""
    result = run.result
    calls = [part for part in read_parts(result.get("calls") or ()) if isinstance(part, ToolCallPart)]
    return RunState(
        id=run.id,
        agent_id=run.agent_id,
        session_key=run.session_key,
        session_id=run.session_id,
        status=run.status,
        created_at=run.created_at,
        principal_id=run.principal_id,
        origin=run.origin,
        started_at=run.started_at,
        ended_at=run.ended_at,
        text=run.text,
        parts=read_parts(result.get("parts") or ()),
        calls=calls,
        usage=usage_of(result.get("usage") or {}),
        cost=run.cost,
        model=run.model,
        stop_reason=run.stop_reason,
        error_kind=run.error_kind,
        error=run.error,
        words=words_in(result["words"]) if result.get("words") else None,
        idempotency_key=run.idempotency_key,
        parent_run_id=run.parent_run_id,
        depth=run.depth,
        title=run.title,
    )

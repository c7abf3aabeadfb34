"""One run of a job, from the record that it began to the record of its end.

Each step is kept before the next is taken: `started` before anything happens, `ordered` with the agent's run, `delivering`
before anybody is told. After a kill, another process reads from there how far it came, and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from crawdad.core.agents import AgentRuns, Heartbeats, RunOrder, RunState, SystemEvents
from crawdad.core.cron import CRON_CHANGED, AgentTurn, CronRun, CronRunStatus, Job, SystemEvent
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.parts import TextPart
from crawdad.core.ports import Bus, Clock
from crawdad.core.sessions import main_key
from crawdad.core.tasks import Words, words_out
from crawdad.core.text import Text
from crawdad.services.owners_language import OwnersLanguageOf
from crawdad.services.schedule.delivery import Deliveries
from crawdad.services.schedule.owners import Owners
from crawdad.services.schedule.planning import ON_TIME_MS, STALE_MS, ZoneOf, ended, is_left_out
from crawdad.services.schedule.tokens import read_answer
from crawdad.store.schedule import ScheduleStore
from crawdad.wire.cron import write_run

JOB_SECONDS = 600.0
"""How long a turn may take that says nothing else."""
_GRACE_SECONDS = 30.0
_STEP_SECONDS = 3600.0
_SUMMARY = 2000
_TOLD = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Agents:
    """What jobs set in motion. `default_agent` names the agent of jobs that name none, or one that is not there; `scope` is
    `session.scope`, `language` the one that runs speak where nobody asked."""

    runs: AgentRuns
    events: SystemEvents
    heartbeats: Heartbeats
    agent_of: Callable[[str | None], str]
    scope: Callable[[], str]
    language: OwnersLanguageOf


class Running:
    """Carries out runs that were claimed."""

    def __init__(
        self,
        store: ScheduleStore,
        agents: Agents,
        deliveries: Deliveries,
        owners: Owners,
        clock: Clock,
        bus: Bus,
        zone_of: ZoneOf,
    ) -> None:
        self._store = store
        self._agents = agents
        self._deliveries = deliveries
        self._owners = owners
        self._clock = clock
        self._bus = bus
        self._zone_of = zone_of

    async def carry_out(self, job: Job, run: CronRun) -> None:
        """Do what the job says, and keep what came of it."""
        await self._tell(run)
        try:
            if isinstance(job.payload, SystemEvent):
                await self._remind(job, job.payload, run)
            else:
                await self._turn(job, job.payload, run)
        except GatewayError as error:
            run.status, run.error = "error", error.text
        await self.close(job, run)

    async def resume(self, job: Job | None, run: CronRun) -> None:
        """Bring a run to its end whose process is gone. An agent's turn that goes on elsewhere is waited for; what certainly
        was not begun is begun now, or left out where it has become too late for that."""
        state = None
        if job is not None and isinstance(job.payload, SystemEvent):
            if run.phase in ("started", "ordered"):  # the same words are not put down twice
                await self._begin_late(job, run)
                return
        elif job is not None and run.phase in ("started", "ordered"):
            try:
                state = await self._turn_of(job, run)
                if state is None and run.phase == "started":
                    await self._begin_late(job, run)
                    return
            except GatewayError as error:
                _log.warning("cron_run_not_found", run=run.id, reason=error.message())
        if state is None or job is None or state.status == "interrupted":
            run.status, run.error = "interrupted", Text("cron.interrupted")
            if run.phase == "delivering":
                run.delivery_status = "unknown"
                run.delivery_error = Text("cron.delivery_unknown")
            await self._end(run)
            return
        try:
            await self._follow(job, run)
        except GatewayError as error:
            run.status, run.error = "error", error.text
        await self.close(job, run)

    async def _begin_late(self, job: Job, run: CronRun) -> None:
        """Carry out a run that had been claimed and no more, unless its time has been missed by now."""
        since = run.requested_at if run.trigger == "manual" or run.planned_at is None else run.planned_at
        overdue = self._now() - since
        if run.phase == "started":
            too_late = overdue > STALE_MS if run.trigger == "manual" else is_left_out(job, overdue)
            if too_late:
                words = (
                    Text("cron.stale") if run.trigger == "manual" else Text("cron.missed", {"seconds": overdue // 1000})
                )
                run.status, run.started_at, run.error = "skipped", None, words
                await self._end(run)
                return
            run.trigger = "late" if run.trigger == "schedule" and overdue > ON_TIME_MS else run.trigger
        await self.carry_out(job, run)

    async def _turn_of(self, job: Job, run: CronRun) -> RunState | None:
        """The agent's turn that a run has begun, also where its process died before it could note that; None: it began none."""
        if run.phase == "started":
            known = await self._agents.runs.known(job.owner, _key_of(run))
            if known is None:
                return None
            run.run_id, run.phase = known, "ordered"
            if not await self._store.note(run):
                return None
        return await self._agents.runs.look(run.run_id)

    async def _remind(self, job: Job, payload: SystemEvent, run: CronRun) -> None:
        """Put words before the main session."""
        if not payload.text.strip():
            run.status, run.error = "skipped", Text("cron.empty")
            return
        self._owners.principal(job.owner)
        run.phase = "ordered"
        if not await self._store.note(run):
            return
        key = self._main_key(job)
        await self._agents.events.add(key, payload.text, key=f"cron:{run.id}", untrusted=False)
        run.session_key, run.summary, run.status = key, payload.text[:_SUMMARY], "ok"
        if job.wake_mode == "now":
            self._agents.heartbeats.request(self._agents.agent_of(job.agent_id), f"cron:{job.id}", key)

    async def _turn(self, job: Job, payload: AgentTurn, run: CronRun) -> None:
        """Have the agent take a turn in a session of the job's own."""
        principal = self._owners.principal(job.owner)
        agent_id = self._agents.agent_of(job.agent_id)
        order = RunOrder(
            agent_id=agent_id,
            session_key=f"agent:{agent_id}:cron:{job.id}",
            principal=principal,
            origin="cron",
            parts=[TextPart(payload.message)],
            model=payload.model,
            thinking=payload.thinking,
            timeout_seconds=JOB_SECONDS if payload.timeout_seconds is None else payload.timeout_seconds,
            idempotency_key=_key_of(run),
            untrusted=not payload.trusted,
            light=True,
            fresh=True,
            depth=0,
            title=job.name,
            language=await self._agents.language(),
            extra={"cronJobId": job.id},
        )
        run.run_id = await self._agents.runs.start(order)
        run.session_key, run.phase = order.session_key, "ordered"
        if not await self._store.note(run):
            found = await self._store.run(run.job_id, run.slot)
            if found is None or found.status != "running":  # else another process sees to it
                await self._agents.runs.cancel(run.run_id)
            return
        await self._follow(job, run)

    async def _follow(self, job: Job, run: CronRun) -> None:
        """Wait for the agent's turn and tell its answer."""
        state = await self._wait(job, run)
        run.session_id, run.model = state.session_id, state.model
        run.session_key = f"agent:{state.agent_id}:cron:{job.id}:run:{state.session_id}"
        run.usage = {
            "input_tokens": state.usage.input_tokens or 0,
            "output_tokens": state.usage.output_tokens or 0,
            "total_tokens": (state.usage.input_tokens or 0) + (state.usage.output_tokens or 0),
        }
        run.summary = state.text[:_SUMMARY]
        run.status, run.error = _verdict(state)
        if run.status != "ok" or job.delivery.mode != "announce":
            return
        run.phase = "delivering"
        if not await self._store.note(run):
            return
        parts = state.parts or [TextPart(state.text)]
        told = await self._deliveries.announce(job, run, self._main_key(job), parts)
        run.delivery_status, run.delivery_error = told.status, told.error
        if told.error and not told.delivered and not job.delivery.best_effort:
            run.status, run.error = "error", told.error
        answer = read_answer(state.text)
        if not answer.silent:
            text = Text("cron.announced", {"name": job.name, "text": " ".join(answer.text.split())[:_TOLD]}).render()
            await self._agents.events.add(self._main_key(job), text, key=f"cron:{run.id}", untrusted=True)

    async def _wait(self, job: Job, run: CronRun) -> RunState:
        payload = job.payload
        asked = payload.timeout_seconds if isinstance(payload, AgentTurn) else None
        seconds = JOB_SECONDS if asked is None else asked
        if not seconds:
            while True:
                state = await self._agents.runs.wait(run.run_id, _STEP_SECONDS)
                if state.ended:
                    return state
        # The agent's own limit comes first: this one is for a turn that cannot be stopped in order.
        state = await self._agents.runs.wait(run.run_id, seconds + _GRACE_SECONDS)
        if not state.ended:
            await self._agents.runs.cancel(run.run_id)
            state = replace(state, status="failed", words=Text("cron.timeout", {"seconds": int(seconds)}))
        return state

    async def close(self, job: Job, run: CronRun) -> None:
        """Keep the end of a run, after whoever waits for it by webhook was told."""
        url = self._deliveries.webhook_of(job)
        run.ended_at = self._now()
        if url and run.status != "skipped":
            run.phase, status = "delivering", run.status
            if not await self._store.note(run):
                return
            told = await self._deliveries.post(url, run)
            if job.delivery.mode == "webhook":
                run.delivery_status, run.delivery_error = told.status, told.error
            if told.error and status == "ok" and job.delivery.mode == "webhook" and not job.delivery.best_effort:
                run.status, run.error = "error", told.error
        await self._end(run)

    async def _end(self, run: CronRun) -> None:
        run.ended_at, run.phase = self._now(), "finished"
        now = run.ended_at

        def edit(job: Job) -> Job | None:
            state = job.state
            state.last_delivered = run.delivery_status == "delivered"
            state.last_delivery_status = run.delivery_status
            state.last_delivery_error = run.delivery_error or None
            changed = ended(job, run.status, run.error, now, self._zone_of, run.trigger == "manual")
            run.next_run_at = None if changed is None else changed.state.next_run_at
            return changed

        job = await self._store.get(run.job_id)
        if job is not None:
            edit(job)  # so that the record tells when it runs next
        if await self._store.finish(run, edit):
            await self._tell(run)

    async def _tell(self, run: CronRun) -> None:
        told = {**write_run(run), "errorWords": words_out(run.error)}
        await self._bus.publish(Event(CRON_CHANGED, told, self._clock.now(), run.runner))

    def _main_key(self, job: Job) -> str:
        return main_key(self._agents.agent_of(job.agent_id), self._agents.scope())

    def _now(self) -> int:
        return int(self._clock.now() * 1000)


def _key_of(run: CronRun) -> str:
    """What the agents know a run's turn by, so that it is begun once."""
    return f"cron:{run.id}"


def _verdict(state: RunState) -> tuple[CronRunStatus, Words]:
    """How a job's turn ended, and what went wrong."""
    if state.status == "completed":
        return "ok", ""
    if state.status == "interrupted":
        return "interrupted", Text("cron.interrupted")
    if state.status == "paused":
        return "error", Text("cron.waits_for_tools")
    return "error", state.words or state.error or Text("cron.failed")

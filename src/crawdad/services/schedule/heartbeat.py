"""The heartbeat: now and then, and when it is woken, an agent looks whether something wants its attention.

One beat at a time for each agent, whichever process it is in; requests that come together are one. What wakes an agent too
often is put off to the next regular beat, so that a heart which feeds itself comes to rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

import structlog

from crawdad.core.agents import AgentRuns, RunOrder, RunState
from crawdad.core.durations import seconds_of
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.heartbeat_settings import HeartbeatSettings
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.ports import Bus, Clock
from crawdad.core.sessions import NewLogEvent, Sessions, main_key, session_key
from crawdad.core.tasks import rendered
from crawdad.services.owners_language import OwnersLanguageOf
from crawdad.services.schedule.active_hours import is_active, is_empty
from crawdad.services.schedule.delivery import Deliveries
from crawdad.services.schedule.owners import PULSE
from crawdad.services.schedule.system_events import StoredSystemEvents
from crawdad.services.schedule.tokens import read_answer
from crawdad.services.tasks import Tasks
from crawdad.store.heartbeats import HeartbeatStore, Pulse
from crawdad.store.rate_windows import RateWindows

HEARTBEAT = "heartbeat"
"""The topic of beats, as `{agentId, status: sent|ok-empty|ok-token|skipped|failed, reason?, preview?, durationMs?}`."""
LOOK_SECONDS = 1.0
_BEAT_SECONDS = 900.0
_RETRY_SECONDS = 30.0
_SAME_SECONDS = 86_400.0
_PREVIEW = 200
_MOST_REASONS = 50

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Body:
    """What the pulse depends on. `settings` are those of the agents whose heart beats, `zone_of` turns the word of
    `activeHours` into a zone, `checklist` reads HEARTBEAT.md (None: there is none), `scope` is `session.scope`, `language`
    the one that beats are in."""

    settings: Callable[[], Mapping[str, HeartbeatSettings]]
    zone_of: Callable[[str], tzinfo]
    checklist: Callable[[str], Awaitable[str | None]]
    scope: Callable[[], str]
    language: OwnersLanguageOf


class Hearts:
    """`core.agents.Heartbeats`."""

    def __init__(
        self,
        store: HeartbeatStore,
        runs: AgentRuns,
        sessions: Sessions,
        events: StoredSystemEvents,
        deliveries: Deliveries,
        body: Body,
        around: Surroundings,
    ) -> None:
        self._store = store
        self._runs = runs
        self._sessions = sessions
        self._events = events
        self._deliveries = deliveries
        self._body = body
        self._around = around
        self._clock = around.clock
        self._wanted: dict[str, dict[str, None]] = {}
        self._not_before: dict[str, float] = {}
        self.beating = True
        """Whether hearts beat by themselves; what wakes them counts anyhow."""
        self.last: JsonObject | None = None

    def request(self, agent_id: str, reason: str, session_key: str | None = None) -> None:
        """Have the agent look soon. Requests that come together are one."""
        reasons = self._wanted.setdefault(agent_id, {})
        if len(reasons) < _MOST_REASONS:
            reasons[reason] = None

    async def keep_beating(self) -> None:
        """Look again and again, for ever."""
        while True:
            try:
                await self.look()
            except GatewayError as error:
                _log.warning("heartbeat_unavailable", reason=error.message())
            await self._clock.sleep(until_next(self._clock.monotonic(), LOOK_SECONDS))

    async def look(self) -> int:
        """Begin the beats that are due or wanted. Returns how many."""
        wanted, self._wanted = self._wanted, {}
        try:
            return await self._begin(wanted)
        except GatewayError:
            for agent_id, reasons in wanted.items():  # nobody has seen to them
                self._again(agent_id, list(reasons))
            raise

    async def _begin(self, wanted: dict[str, dict[str, None]]) -> int:
        settings, now = self._body.settings(), self._clock.now()
        agents = sorted({*settings, *wanted})
        pulses = await self._store.pulses(agents) if agents else {}
        count = 0
        for agent_id in agents:
            own = settings.get(agent_id) or HeartbeatSettings(every="0m")
            every = seconds_of(own.every)
            reasons = list(wanted.get(agent_id, ()))
            pulse = pulses.get(agent_id)
            if pulse is None:
                if not every and not reasons:
                    continue
                await self._store.begin(agent_id, now + every if every else float(2**40))
                pulse = (await self._store.pulses([agent_id]))[agent_id]
            pulse = await self._put_right(pulse, every, now)
            due = bool(every) and self.beating and pulse.next_at <= now
            if not due and (not reasons or self._not_before.get(agent_id, now) > now):
                self._again(agent_id, reasons)
                continue
            if pulse.running_until > now and pulse.runner:
                self._again(agent_id, reasons)
                continue
            next_at = now + every if every else float(2**40)
            if not await self._store.claim(pulse, self._around.runner, now, now + _BEAT_SECONDS, next_at):
                self._again(agent_id, reasons)
                continue
            wanted.pop(agent_id, None)
            beat = Beat(agent_id, own, reasons or ["interval"], pulse)
            self._around.tasks.start(self._beat(beat), f"heartbeat {agent_id}")
            count += 1
        return count

    async def _put_right(self, pulse: Pulse, every: float, now: float) -> Pulse:
        """A shorter interval, or a clock that was set back, brings the next beat nearer."""
        if not every or pulse.next_at <= now + every + 1:
            return pulse
        await self._store.plan(pulse.agent_id, now + every)
        return (await self._store.pulses([pulse.agent_id])).get(pulse.agent_id, pulse)

    def _again(self, agent_id: str, reasons: list[str]) -> None:
        for reason in reasons:
            self.request(agent_id, reason)

    async def _beat(self, beat: Beat) -> None:
        state, next_at = dict(beat.pulse.state), None
        started = self._clock.monotonic()
        told: JsonObject = {"agentId": beat.agent_id, "reasons": beat.reasons}
        try:
            found = await self._outcome(beat, state)
            if found.get("reason") == "busy":
                next_at = self._not_before[beat.agent_id] = self._clock.now() + _RETRY_SECONDS
        except GatewayError as error:
            found = {"status": "failed", "reason": error.message()}
        told |= found
        told["ts"], told["durationMs"] = int(self._clock.now() * 1000), int((self._clock.monotonic() - started) * 1000)
        state["last"] = self.last = told
        await self._store.end(beat.agent_id, self._around.runner, next_at, state)
        await self._around.bus.publish(Event(HEARTBEAT, told, self._clock.now(), self._around.runner))

    async def _outcome(self, beat: Beat, state: JsonObject) -> JsonObject:
        own, agent_id, now = beat.settings, beat.agent_id, self._clock.now()
        key = main_key(agent_id, self._body.scope())
        if own.session not in ("", "main"):
            key = session_key(own.session, agent_id, self._body.scope())
        if not is_active(own.active_hours, now, self._body.zone_of(own.active_hours.timezone)):
            return _skipped("quiet-hours")
        if await self._runs.active(key):
            self._again(agent_id, [reason for reason in beat.reasons if reason != "interval"])
            return _skipped("busy")
        waiting = await self._events.waiting(key)
        checklist = await self._body.checklist(agent_id)
        if not waiting and checklist is not None and is_empty(checklist):
            return _skipped("empty-heartbeat-file")
        added, _ = await self._around.rates.add(f"heartbeat:{agent_id}", 1, own.max_per_hour, 3600)
        if not added:
            _log.warning("heartbeat_too_often", agent_id=agent_id, most=own.max_per_hour, reasons=beat.reasons)
            return _skipped("too-often")
        ended = await self._take_turn(beat, key)
        if ended.status != "completed":
            return {"status": "failed", "reason": ended.error or ended.status}
        return await self._judge(beat, key, ended, state)

    async def _take_turn(self, beat: Beat, key: str) -> RunState:
        own = beat.settings
        order = RunOrder(
            agent_id=beat.agent_id,
            session_key=key,
            principal=PULSE,
            origin="heartbeat",
            parts=[TextPart(own.prompt)],
            model=own.model,
            idempotency_key=f"heartbeat:{beat.agent_id}:{self._clock.now():.3f}",
            untrusted=await self._events.untrusted(key),
            marked=True,  # the events say themselves where they come from; the prompt is the operator's
            context_messages=own.context_messages,
            title="heartbeat",
            language=await self._body.language(),
        )
        run_id = await self._runs.start(order)
        ended = await self._runs.wait(run_id, _BEAT_SECONDS - _RETRY_SECONDS)
        if not ended.ended:
            await self._runs.cancel(run_id)
        return ended

    async def _judge(self, beat: Beat, key: str, ended: RunState, state: JsonObject) -> JsonObject:
        """Whether the answer is news, and who hears of it."""
        own, now = beat.settings, self._clock.now()
        answer = read_answer(ended.text, own.ack_max_chars)
        if answer.silent:
            await self._trim(key, ended)
            return {"status": "ok-token" if answer.token else "ok-empty"}
        mark = hashlib.sha256(" ".join(answer.text.split()).lower().encode()).hexdigest()
        if state.get("mark") == mark and now - float(state.get("markAt", 0)) < _SAME_SECONDS:
            await self._trim(key, ended)
            return _skipped("duplicate", answer.text)
        state["mark"], state["markAt"] = mark, now
        if own.target == "none":
            return {"status": "ok", "preview": answer.text[:_PREVIEW]}
        route = await self._deliveries.route(own.target, own.to, key, own.account_id)
        if route is None:
            return _skipped("no-route", answer.text)
        parts = ended.parts if ended.parts and not answer.token else [TextPart(answer.text)]
        sent = await self._deliveries.send(route, parts, key=f"heartbeat:{ended.id}")
        told: JsonObject = {"status": "sent" if sent.delivered else "failed", "channel": route.channel, "to": route.to}
        if sent.error:
            told["reason"] = rendered(sent.error, "en")
        return {**told, "preview": answer.text[:_PREVIEW]}

    async def _trim(self, key: str, ended: RunState) -> None:
        """Leave a beat that said nothing out of what the model sees of the session, unless somebody spoke meanwhile."""
        entry = await self._sessions.get(key)
        if entry is None or entry.session_id != ended.session_id:
            return
        lines = await self._sessions.view(entry.session_id)
        first = next((place for place, each in enumerate(lines) if each.run_id == ended.id), None)
        if first is None or any(each.run_id != ended.id for each in lines[first:]):
            return
        after = lines[first].sequence - 1
        await self._sessions.append(entry, [NewLogEvent("trim", {"after": after}, run_id=ended.id)])


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat that was claimed: whose, how, and what for."""

    agent_id: str
    settings: HeartbeatSettings
    reasons: list[str]
    pulse: Pulse


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What hearts stand on. `runner` names the process."""

    tasks: Tasks
    clock: Clock
    rates: RateWindows
    bus: Bus
    runner: str


def _skipped(reason: str, text: str = "") -> JsonObject:
    return {"status": "skipped", "reason": reason, **({"preview": text[:_PREVIEW]} if text else {})}

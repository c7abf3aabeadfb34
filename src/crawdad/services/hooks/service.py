"""Carrying out what other systems ask for, and seeing it through: also across a crash, and once however often it is asked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from crawdad.core.agent_names import configured_agents, default_agent
from crawdad.core.agents import AgentRuns, Heartbeats, Outbound, RunOrder, RunState, SystemEvents
from crawdad.core.door_settings import HookMappingSettings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import TextPart
from crawdad.core.ports import Clock, Randomness, Runner
from crawdad.core.sessions import Route, SessionEntry, main_key
from crawdad.core.settings import Settings
from crawdad.core.tools import Sender
from crawdad.services.hooks.orders import (
    AgentOrder,
    HookOrder,
    WakeOrder,
    agent_order,
    allowed_agent,
    check_channel,
    mapped_fields,
    mapped_order,
    mapping_for,
    session_of,
    wake_order,
)
from crawdad.services.hooks.templates import HookCall
from crawdad.services.hooks.transforms import Transforms
from crawdad.services.hooks.wrapping import wrapped
from crawdad.services.tasks import Tasks
from crawdad.store.hook_deliveries import HookDeliveries, HookDelivery

HOOKS = Principal("hooks", "system", "hooks", frozenset({Permission.MODELS_USE, Permission.AGENTS_USE}))
"""Who orders the runs: no more than a plain key may do."""
_KEPT_SECONDS = 7 * 24 * 3600.0
_RECOVER_SECONDS = 10.0
_TIDY_SECONDS = 600.0
_SUMMARY_CHARACTERS = 500
_log = structlog.get_logger(__name__)


class Routes(Protocol):
    """What is needed of the sessions (`core.sessions.Sessions`)."""

    async def get(self, key: str) -> SessionEntry | None: ...


class NotMapped(Exception):
    """No mapping is for this call."""


class Skipped(Exception):
    """The transform says that nothing is to be done."""


@dataclass(frozen=True, slots=True)
class HookParts:
    """What hooks are made of."""

    runs: AgentRuns
    events: SystemEvents
    heartbeats: Heartbeats
    outbound: Outbound
    sessions: Routes
    transforms: Transforms
    deliveries: HookDeliveries
    tasks: Tasks
    clock: Clock
    randomness: Randomness
    runner: Runner
    settings: Callable[[], Settings]


class Hooks:
    """Takes calls that have been let in."""

    def __init__(self, parts: HookParts) -> None:
        self._runs, self._events, self._heartbeats = parts.runs, parts.events, parts.heartbeats
        self._outbound, self._sessions = parts.outbound, parts.sessions
        self._transforms, self._deliveries = parts.transforms, parts.deliveries
        self._tasks, self._clock, self._randomness = parts.tasks, parts.clock, parts.randomness
        self._runner, self._settings = parts.runner, parts.settings
        self._at_work: Counter[str] = Counter()
        """The deliveries that this process sees to, by their keys."""

    async def call(self, call: HookCall, key: str | None) -> tuple[HookOrder, str]:
        """What a call came to: the order, and the run's id for one that an agent answers. `key` names the call, for those who
        may send it twice. Raises BAD_REQUEST, `NotMapped`, `Skipped`, INTERNAL where a transform failed."""
        order = await self._order(call)
        key = f"{call.path}:{key}" if key else None
        if isinstance(order, WakeOrder):
            await self._wake(order, key)
            return order, ""
        return order, await self._run(order, key)

    async def _order(self, call: HookCall) -> HookOrder:
        hooks = self._settings().hooks
        if call.path == "wake":
            return wake_order(call.payload)
        if call.path == "agent":
            return agent_order(call.payload, hooks)
        mapping = mapping_for(call, hooks)
        if mapping is None:
            raise NotMapped
        return mapped_order(await self._transformed(mapping, call))

    async def _transformed(self, mapping: HookMappingSettings, call: HookCall) -> Mapping[str, Any]:
        hooks, transform = self._settings().hooks, mapping.transform
        fields = mapped_fields(mapping, call)
        if not transform.module:
            return fields
        context = {"payload": call.payload, "headers": dict(call.headers), "path": call.path, "query": dict(call.query)}
        made = await self._transforms.run(
            transform.module, transform.export, hooks.transforms_dir, context, hooks.transform_seconds
        )
        if made is None:
            raise Skipped
        if not isinstance(made, dict):
            raise GatewayError(ErrorKind.INTERNAL, "hook mapping failed")
        return {**fields, **made}

    def _agent_of(self, order: HookOrder) -> str:
        settings = self._settings()
        known = [agent_id for agent_id, _ in configured_agents(settings.agents)]
        return allowed_agent(order, settings.hooks, known, default_agent(settings.agents))

    async def _wake(self, order: WakeOrder, key: str | None) -> None:
        agent_id = self._agent_of(order)
        session = self._main(agent_id)
        await self._events.add(session, order.text, key=f"hook:{key}" if key else None)
        if order.mode == "now":
            self._heartbeats.request(agent_id, "hook", session)

    async def _run(self, order: AgentOrder, key: str | None) -> str:
        agent_id = self._agent_of(order)
        check_channel(order, self._outbound.channels())
        key = key or self._randomness.new_id()
        fresh = hashlib.sha256(key.encode()).hexdigest()[:32]
        session = session_of(order, self._settings().hooks, agent_id, fresh)
        kept = {**asdict(order), "agent_id": agent_id, "session_key": session}
        self._at_work[key] += 1
        try:
            delivery, mine = await self._deliveries.claim(key, self._runner.name, kept, self._clock.now())
            if delivery.run_id:
                return delivery.run_id
            try:
                run_id = await self._start(delivery)
            except GatewayError:
                if mine:
                    await self._deliveries.forget(key)  # the caller hears of it, and may try again
                raise
            if mine:
                self._begin(key, self._see_through(delivery, run_id))
            return run_id
        finally:
            self._left(key)

    def _begin(self, key: str, work: Coroutine[Any, Any, None]) -> None:
        self._at_work[key] += 1
        self._tasks.start(work, f"hook {key}").add_done_callback(lambda _: self._left(key))

    def _left(self, key: str) -> None:
        self._at_work[key] -= 1
        if not self._at_work[key]:
            del self._at_work[key]

    async def _start(self, delivery: HookDelivery) -> str:
        """Order the run; the same one again where that was done before."""
        order = AgentOrder(**delivery.order)
        mark = hashlib.sha256(f"{delivery.key}:{order.message}".encode()).hexdigest()[:16]
        text = order.message if order.unsafe else wrapped(order.message, order.name, mark)
        run_id = await self._runs.start(
            RunOrder(
                agent_id=order.agent_id,
                session_key=order.session_key,
                principal=HOOKS,
                origin="hook",
                parts=[TextPart(text)],
                model=order.model,
                thinking=order.thinking,
                timeout_seconds=order.timeout_seconds,
                idempotency_key=f"hook:{delivery.key}",
                sender=Sender("hook", order.name),
                untrusted=not order.unsafe,
                marked=True,
                title=order.name,
            )
        )
        await self._deliveries.change(delivery.key, self._clock.now(), run_id=run_id)
        return run_id

    async def _see_through(self, delivery: HookDelivery, run_id: str) -> None:
        """Wait for the run, hand its answer on, tell the main session."""
        order = AgentOrder(**delivery.order)
        state = await self._runs.wait(run_id)
        name = f"hook:{delivery.key}"
        if order.deliver and state.text.strip() and state.status == "completed":
            await self._hand_on(order, state, name)
        await self._events.add(self._main(order.agent_id), summary_of(order, state), key=name)
        if order.wake_mode == "now":
            self._heartbeats.request(order.agent_id, "hook", self._main(order.agent_id))
        await self._deliveries.change(delivery.key, self._clock.now(), status="done")

    async def _hand_on(self, order: AgentOrder, state: RunState, name: str) -> None:
        route = await self._route(order)
        if route is None:
            return
        try:
            delivered = await self._outbound.send(route, [TextPart(state.text)], key=name)
        except GatewayError as error:
            _log.warning("hook_answer_not_delivered", reason=error.message())
            return
        if not delivered.delivered:
            _log.warning("hook_answer_not_delivered", reason=delivered.error or delivered.status)

    async def _route(self, order: AgentOrder) -> Route | None:
        if order.channel != "last":
            return Route(order.channel, order.to) if order.to else None
        entry = await self._sessions.get(self._main(order.agent_id))
        return None if entry is None else entry.route

    def _main(self, agent_id: str) -> str:
        return main_key(agent_id, self._settings().session.scope)

    async def recover(self) -> int:
        """Go on with what dead processes left, and with what a fault kept this one from seeing through. Returns how many there
        were."""
        count = 0
        at_work = frozenset(self._at_work)  # as of before the look: what is done meanwhile has been seen through
        for delivery in await self._deliveries.open():
            if delivery.runner == self._runner.name:
                if delivery.key in at_work:
                    continue
            elif await self._runner.is_alive(delivery.runner):
                continue
            now = self._clock.now()
            if await self._deliveries.take_over(delivery.key, delivery.runner, self._runner.name, now):
                self._begin(delivery.key, self._go_on(delivery))
                count += 1
        return count

    async def _go_on(self, delivery: HookDelivery) -> None:
        try:
            run_id = await self._start(delivery)
        except GatewayError as error:
            if error.kind is ErrorKind.UNAVAILABLE:
                raise  # another time
            order = AgentOrder(**delivery.order)
            _log.warning("hook_not_ordered", hook=delivery.key, reason=error.message())
            words = f"Hook {order.name} (error): {error.message()[:_SUMMARY_CHARACTERS]}"
            await self._events.add(self._main(order.agent_id), words, key=f"hook:{delivery.key}")
            await self._deliveries.change(delivery.key, self._clock.now(), status="done")
        else:
            await self._see_through(delivery, run_id)

    async def keep_recovering(self) -> None:
        """Look for what dead processes left, and now and then forget what is long done; for ever."""
        tidied = float("-inf")
        while True:
            try:
                count = await self.recover()
                if self._clock.monotonic() - tidied >= _TIDY_SECONDS:
                    tidied = self._clock.monotonic()
                    await self._deliveries.delete_done(self._clock.now() - _KEPT_SECONDS)
            except GatewayError as error:
                _log.warning("hooks_not_recovered", reason=error.message())
            else:
                if count:
                    _log.info("hooks_recovered", count=count)
            await self._clock.sleep(_RECOVER_SECONDS)


def summary_of(order: AgentOrder, state: RunState) -> str:
    """The line that the main session is told."""
    if state.status == "completed":
        return f"Hook {order.name}: {' '.join(state.text.split())[:_SUMMARY_CHARACTERS]}"
    return f"Hook {order.name} (error): {(state.error or state.status)[:_SUMMARY_CHARACTERS]}"


def moment(clock: Clock) -> str:
    """The time as templates get it."""
    return datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

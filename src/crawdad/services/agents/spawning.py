"""Agents that have work done by other agents, and how the result comes back.

A sub-agent acts for the same principal and sender as the agent that began it, one level deeper, and never with more rights.
Depth, number and rounds are limited; what is limited is kept with the runs, so that a restart does not forget it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from crawdad.core.agents import ENDED, AgentRuns, RunOrder
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.ports import Clock, Randomness
from crawdad.core.sessions import Sessions, agent_of, kind_of
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext
from crawdad.services.agents.boundaries import marked
from crawdad.services.agents.execution import End
from crawdad.services.agents.orders import order_of, route_json, route_of
from crawdad.services.agents.replies import REPLIES, next_order
from crawdad.services.agents.roster import Agent, Roster
from crawdad.services.agents.taint import EXPOSED, TAINTED
from crawdad.services.agents.thinking import level_of
from crawdad.store.runs import RunStore, StoredRun

MOST_ROUNDS = 5
"""How often results may come back to a conversation and begin new work in it, without a person saying anything."""
_SETS_AN_HOUR = 10
"""How often in an hour one session may have as many sub-agents as it may have at once, up to `_MOST_AN_HOUR`."""
_MOST_AN_HOUR = 100
_MOST_TASK = 100_000
_MOST_RESULT = 30_000
_RECENT_MINUTES = 30

_log = structlog.get_logger(__name__)


class Spawner:
    """Begins sub-agents, and tells those who began them what came of it."""

    def __init__(
        self,
        runs: AgentRuns,
        store: RunStore,
        roster: Callable[[], Roster],
        sessions: Sessions,
        randomness: Randomness,
        clock: Clock,
        secret: str,
    ) -> None:
        self.runs = runs
        self.store = store
        self.clock = clock
        self._roster = roster
        self._sessions = sessions
        self._randomness = randomness
        self._secret = secret

    async def spawn(self, arguments: JsonObject, context: ToolContext) -> tuple[str, str]:
        """Begin a sub-agent: `(run id, session key)`. Raises BAD_REQUEST, FORBIDDEN, and CONFLICT where there are too many."""
        scope = context.scope
        task = text_of_argument(arguments, "task", needed=True)[:_MOST_TASK]
        parent = self._roster().get(scope.agent_id)
        target = self._target(parent, text_of_argument(arguments, "agentId"))
        limits = parent.defaults.subagents
        if scope.depth >= limits.max_spawn_depth:
            words = Text("agents.spawn_depth", {"depth": limits.max_spawn_depth})
            raise GatewayError(ErrorKind.FORBIDDEN, words, {"code": "spawn_depth"})
        rounds = await self.room(context)
        own, general = parent.subagents, limits
        choice = own.model or general.model
        thinking = text_of_argument(arguments, "thinking") or own.thinking or general.thinking
        key = self._key(scope.session_key, target.id)
        order = RunOrder(
            agent_id=target.id,
            session_key=key,
            principal=scope.principal,
            origin="subagent",
            parts=[TextPart(task)],
            model=text_of_argument(arguments, "model") or (choice.primary if choice else None),
            thinking=level_of(thinking) if thinking else None,
            timeout_seconds=_seconds(arguments, general.run_timeout_seconds),
            sender=scope.sender,
            channel=scope.channel,
            light=True,
            depth=scope.depth + 1,
            parent_run_id=context.run_id,
            title=text_of_argument(arguments, "label")[:64],
            language=context.language,
            extra={
                "spawnedBy": scope.session_key,
                "parentKey": scope.session_key,
                "rounds": rounds,
                TAINTED: context.untrusted,
                EXPOSED: context.exposed,
                "tools": {"allow": scope.allow, "deny": scope.deny},
                "announceRoute": route_json(context.route),
            },
        )
        run_id = await self.runs.start(order)
        begun_by = await self.store.get(context.run_id)
        if (
            begun_by is not None and begun_by.cancel_wanted
        ):  # whoever stops it may have looked too early to see this one
            await self.runs.cancel(run_id)
            raise GatewayError(ErrorKind.CANCELLED, Text("agents.cancelled"), {"code": "run_cancelled"})
        return run_id, key

    async def room(self, context: ToolContext, *, begins: bool = True) -> int:
        """Make sure that the session may have one more sub-agent begin its work, or (not `begins`) be told more: how often
        results have come back to it. Raises FORBIDDEN, and CONFLICT where too many are at work."""
        key, limits = context.scope.session_key, self._roster().get(context.scope.agent_id).defaults.subagents
        recent = await self.store.spawned(key, self.clock.now() - 3600)
        working = [run for run in recent if run.status not in ENDED]
        if begins and len(working) >= limits.max_children_per_agent:
            raise GatewayError(
                ErrorKind.CONFLICT, Text("agents.spawn_count", {"count": len(working)}), {"code": "spawn_count"}
            )
        most = min(limits.max_children_per_agent * _SETS_AN_HOUR, _MOST_AN_HOUR)
        if len(recent) >= most:  # rounds alone would let them grow by powers
            raise GatewayError(ErrorKind.FORBIDDEN, Text("agents.spawn_hour", {"most": most}), {"code": "spawn_hour"})
        return await self._rounds(context.run_id)

    async def ended(self, run: StoredRun, end: End) -> None:
        """A run has ended: if a session waits for it, it hears of it."""
        if run.unannounced or REPLIES in (run.order.get("extra") or {}):
            found = await self.store.get(run.id)
            if found is not None and found.unannounced and not found.absorbed_by:
                await self._announce(found)

    async def announce_all(self) -> int:
        """Tell of those that ended while nobody could. Returns how many there were."""
        waiting = await self.store.unannounced()
        for run in waiting:
            await self._announce(run)
        return len(waiting)

    async def keep_announcing(self) -> None:
        """The same, for ever."""
        while True:
            try:
                await self.announce_all()
            except GatewayError as error:
                _log.warning("results_not_announced", reason=error.message())
            await self.clock.sleep(10.0)

    async def _announce(self, run: StoredRun) -> None:
        if run.status != "cancelled":
            try:
                order = await self._reply(run) if REPLIES in run.order["extra"] else await self._announcement(run)
                if order is not None:
                    await self.runs.start(order)
            except GatewayError as error:
                if error.kind is ErrorKind.UNAVAILABLE:
                    return  # later
                _log.warning("result_not_announced", run_id=run.id, reason=error.message())
        await self.store.change(run.id, {"unannounced": False}, only_from=run.status)

    async def _reply(self, run: StoredRun) -> RunOrder | None:
        """What the words of a run that answered another agent become; None: nothing."""
        if run.status != "completed":
            return None
        order = next_order(order_of(run.order), run.text)
        if order is None or await self._sessions.get(order.session_key) is None:
            return None
        return order

    async def _announcement(self, run: StoredRun) -> RunOrder:
        order = order_of(run.order)
        parent = await self.store.get(run.parent_run_id) if run.parent_run_id else None
        extra: JsonObject = {"rounds": int(order.extra.get("rounds") or 0) + 1}
        if parent is not None and parent.spawned_by:  # the parent is a sub-agent itself: its answer goes on upwards
            extra |= {
                "spawnedBy": parent.spawned_by,
                "announceRoute": parent.order.get("extra", {}).get("announceRoute"),
            }
        named = f" “{run.title}”" if run.title else ""
        said = ((run.text if run.status == "completed" else run.error or "") or "(no words)")[:_MOST_RESULT]
        untrusted = bool(run.result.get("untrusted"))
        if untrusted:  # what it read came from outside, and may speak through it
            said = marked(said, f"subagent:{run.id}", self._secret)
        text = f"[Sub-agent{named} {run.id} has ended: {run.status}]\n\n{said}"
        hint = "\n\n[Go on with your work in the light of this; tell the user what matters of it, in your own words.]"
        return RunOrder(
            agent_id=agent_of(run.spawned_by, order.agent_id),
            session_key=run.spawned_by,
            principal=order.principal,
            origin="system",
            parts=[TextPart(text + hint)],
            queue_mode="steer",
            sender=order.sender,
            channel=order.channel,
            route=route_of(order.extra.get("announceRoute")),
            untrusted=untrusted,
            marked=True,
            depth=max(0, run.depth - 1),
            parent_run_id=parent.parent_run_id if parent is not None else "",
            language=order.language,
            idempotency_key=f"announce:{run.id}",
            extra=extra,
        )

    async def _rounds(self, run_id: str) -> int:
        """How often results have come back to this conversation. Raises FORBIDDEN when that is enough."""
        run = await self.store.get(run_id)
        rounds = int((run.order.get("extra") or {}).get("rounds") or 0) if run is not None else 0
        if rounds >= MOST_ROUNDS:
            raise GatewayError(
                ErrorKind.FORBIDDEN, Text("agents.spawn_rounds", {"rounds": rounds}), {"code": "spawn_rounds"}
            )
        return rounds

    def _target(self, parent: Agent, wanted: str) -> Agent:
        if not wanted:
            return parent
        target = self._roster().get(wanted)
        allowed = parent.subagents.allow_agents
        if (
            target.id != parent.id
            and "*" not in allowed
            and target.id not in {name.strip().lower() for name in allowed}
        ):
            words = Text("agents.spawn_agent", {"agent": target.id, "allowed": ", ".join(allowed) or parent.id})
            raise GatewayError(ErrorKind.FORBIDDEN, words, {"code": "spawn_agent"})
        return target

    def _key(self, parent_key: str, agent_id: str) -> str:
        mark = self._randomness.new_id()
        if kind_of(parent_key) == "subagent" and agent_of(parent_key) == agent_id:
            return f"{parent_key}:subagent:{mark}"
        return f"agent:{agent_id}:subagent:{mark}"


def text_of_argument(arguments: JsonObject, name: str, *, needed: bool = False) -> str:
    """An argument that is text. Raises BAD_REQUEST."""
    value: Any = arguments.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise bad_request("agents.argument", name, name=name, problem="must be a text" if value else "is missing")
    return value.strip()


def _seconds(arguments: JsonObject, usual: float) -> float:
    value = arguments.get("runTimeoutSeconds")
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 7 * 86_400:
        raise bad_request(
            "agents.argument", "runTimeoutSeconds", name="runTimeoutSeconds", problem="is no number of seconds"
        )
    return float(value)

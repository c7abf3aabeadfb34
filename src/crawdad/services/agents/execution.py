"""A run at work: its turn from opening to end, whatever kind of end it comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from crawdad.core.agents import RunEvent, RunStatus
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, Part, TextPart
from crawdad.core.sessions import NewLogEvent
from crawdad.core.tasks import words_out
from crawdad.core.text import Text
from crawdad.services.agents.compaction import Compactor
from crawdad.services.agents.loop import TurnLoop
from crawdad.services.agents.opening import Interrupted, Surroundings, called_skill, message_line, open_turn
from crawdad.services.agents.orders import order_of, usage_json
from crawdad.services.agents.queueing import STEERS
from crawdad.services.agents.recorder import Recorder
from crawdad.services.agents.said_again import standing, voided
from crawdad.services.agents.standing import principal_now
from crawdad.services.agents.transcript import result_line, write_parts
from crawdad.services.agents.turn import AgentTurn, Finish, TurnLog
from crawdad.services.agents.view import lost_result
from crawdad.store.runs import RunStore, StoredRun

_MOST_STARTS = 3
_LOOK_SECONDS = 0.5

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Stopping:
    """What a running turn shares with its lane. `wanted`: somebody cancels it; where a turn is cancelled without that, the
    process is ending, and the turn is left as it is for another to take up. It is cancelled once, and neither before it has
    `begun` nor while its end is made (`ending`): cut off there, it would never end."""

    wanted: bool = False
    begun: bool = False
    ending: bool = False
    news: bool = False
    """Whether a message has come for the turn since it last looked."""
    absorbed: bool = True
    """Whether it has taken others' messages along, or may have."""


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended, as it is kept."""

    status: RunStatus
    values: JsonObject
    event: JsonObject


class Execution:
    """Takes the turns of claimed runs."""

    def __init__(self, world: Surroundings, store: RunStore) -> None:
        self.compact = Compactor(world.calls, world.sessions)
        self.settings = world.settings
        self._world = world
        self._store = store

    async def take(self, run: StoredRun, others: Sequence[StoredRun], recorder: Recorder, stopping: Stopping) -> End:
        """Take the turn of `run`, together with the messages of `others`. Returns how it ended; it is not kept yet."""
        turn: AgentTurn | None = None
        loop: TurnLoop | None = None
        error: GatewayError | None = None
        reason = "error"
        seconds = self._seconds(run)
        stopping.begun = True
        try:
            _need_wanted(run, stopping)
            async with asyncio.timeout(seconds or None):
                start = {"phase": "start", "agentId": run.agent_id, "sessionKey": run.session_key}
                if run.starts == 1:
                    recorder.emit("lifecycle", start)
                turn = await open_turn(self._world, run, others, recorder)
                if run.starts > 1:
                    await self._take_up(turn, start)
                loop = TurnLoop(
                    turn, self._world.calls, _Boundary(self._store, run, turn, stopping, self._world), self.compact
                )
                if run.cancel_wanted:  # before the process died that had it at work
                    raise _cancelled()
                if run.order.get("extra", {}).get("compact"):
                    return await self._compacted(turn)
                return await self._ended(turn, await loop.run())
        except TimeoutError:
            words = Text("agents.timeout", {"seconds": round(seconds)})
            error, reason = GatewayError(ErrorKind.UPSTREAM_TIMEOUT, words, {"code": "run_timeout"}), "timeout"
        except asyncio.CancelledError:
            if not stopping.wanted:
                raise
            error, reason = _cancelled(), "cancelled"
        except Interrupted:
            pass  # the log tells more of it than an error could
        except GatewayError as fault:
            error, reason = fault, "cancelled" if fault.kind is ErrorKind.CANCELLED else "error"
        except Exception:  # a turn is an edge: its fault is told to whoever waits for it
            _log.exception("run_failed", run_id=run.id)
            error = GatewayError(ErrorKind.INTERNAL, Text("agents.internal"))
        stopping.ending = True
        return await (self._interrupted(run) if error is None else self._failed(run, turn, loop, error, reason))

    async def _take_up(self, turn: AgentTurn, start: JsonObject) -> None:
        """Say that the turn goes on, and what of that which it had told stands."""
        told: list[RunEvent] = []
        while found := await self._store.events(turn.run_id, told[-1].number if told else 0):
            told += found
        stands = standing(told, turn.log.own)
        await self._store.rewrite(turn.run_id, voided(told, stands.kept))
        turn.recorder.emit("lifecycle", {**start, "resumed": True, "kept": stands.kept})
        if stands.missing:
            turn.recorder.emit("assistant", {"delta": stands.missing})

    def _seconds(self, run: StoredRun) -> float:
        wanted = run.order.get("timeout_seconds")
        if isinstance(wanted, (int, float)):
            return max(0.0, float(wanted))
        return self._world.settings().agents.defaults.timeout_seconds

    async def _compacted(self, turn: AgentTurn) -> End:
        before = turn.size()
        instructions = str(turn.order.extra.get("instructions") or "")
        done = await self.compact(turn, True, instructions)
        if not done:
            raise GatewayError(ErrorKind.CONFLICT, Text("agents.compact_nothing"), {"code": "nothing_to_compact"})
        text = f"{before} → {turn.size()} tokens"
        return await self._ended(turn, Finish("completed", "stop", text, [TextPart(text)]))

    async def _ended(self, turn: AgentTurn, finish: Finish) -> End:
        await self._note_session(turn, aborted=False)
        values = _values(turn, finish.text, finish.parts)
        values["stop_reason"] = finish.stop_reason
        values["result"]["calls"] = write_parts(finish.calls)
        event = {"phase": "end", "status": finish.status, "stopReason": finish.stop_reason}
        return End(finish.status, values, event)

    async def _failed(
        self, run: StoredRun, turn: AgentTurn | None, loop: TurnLoop | None, error: GatewayError, reason: str
    ) -> End:
        language = str(run.order.get("language") or "en")
        words = error.message(language)
        if turn is not None:
            try:
                if loop is not None:
                    await loop.wind_up(words, "aborted" if reason in ("cancelled", "timeout") else "error")
                await self._note_session(turn, aborted=reason in ("cancelled", "timeout"))
            except GatewayError as fault:  # the log has gone on without this turn, or cannot be written
                _log.warning("turn_not_wound_up", run_id=run.id, reason=fault.message())
            except Exception:  # the run ends all the same: else its session would be busy for ever
                _log.exception("turn_not_wound_up", run_id=run.id)
        status: RunStatus = "cancelled" if reason == "cancelled" else "failed"
        values = _values(turn, "", [])
        values |= {"stop_reason": reason, "error_kind": error.kind.value, "error": words[:4000]}
        values["result"]["details"] = {
            key: value for key, value in error.details.items() if key in ("code", "param") and isinstance(value, str)
        }
        if not isinstance(error.text, str):
            values["result"]["words"] = words_out(error.text)
        if error.retry_after is not None:
            values["result"]["retryAfter"] = error.retry_after
        event = {
            "phase": "error",
            "status": status,
            "error": words,
            "errorKind": error.kind.value,
            "stopReason": reason,
        }
        return End(status, values, event)

    async def _interrupted(self, run: StoredRun) -> End:
        """Say in the log that the turn was cut off; calls that may have taken effect get a result that says so."""
        language = str(run.order.get("language") or "en")
        text = Text("agents.interrupted")
        words = text.render(language)
        sessions = self._world.sessions
        entry = await sessions.get(run.session_key)
        log = TurnLog(sessions, entry, run.id) if entry is not None else None
        if log is not None:
            await log.read()
        if log is not None and log.own:
            lines = [log.line(result_line(lost_result(call))) for call in log.open_calls]
            await log.append(*lines, NewLogEvent("interrupted", {"text": words}, run.id))
        values = _values(None, "", [])
        values |= {"stop_reason": "interrupted", "error_kind": ErrorKind.UNAVAILABLE.value, "error": words}
        values["result"]["words"] = words_out(text)
        event = {"phase": "error", "status": "interrupted", "error": words, "stopReason": "interrupted"}
        return End("interrupted", values, event)

    async def _note_session(self, turn: AgentTurn, *, aborted: bool) -> None:
        spent, entry = turn.spent, turn.entry
        values: JsonObject = {"aborted": aborted}
        if spent.context and turn.order.context_messages is None:  # else that was not the session's
            values["context_tokens"] = spent.context
        if spent.model:
            values |= {"model": spent.model.partition("/")[2] or spent.model, "provider": spent.provider}
        changed = any(getattr(entry, name) != value for name, value in values.items())
        await self._world.sessions.count(
            entry,
            input_tokens=spent.usage.input_tokens or 0,
            output_tokens=spent.usage.output_tokens or 0,
            cached_tokens=spent.usage.cache_read_tokens,
            cost=spent.cost or 0.0,
            values=values if changed else None,
        )


class _Boundary:
    """`loop.Boundary` of a run: messages that steer it, and whether it is still wanted. The store is asked now and then, and
    at once where somebody here knows that there is something to be seen."""

    def __init__(self, store: RunStore, run: StoredRun, turn: AgentTurn, stopping: Stopping, world: Surroundings):
        self._store = store
        self._run = run
        self._turn = turn
        self._stopping = stopping
        self._world = world
        self._now, self._find = world.now, world.find
        self._looked = world.now()
        self._seen: set[str] = set()

    async def __call__(self) -> Sequence[NewLogEvent]:
        """The lines of messages that the turn takes along now. Raises CANCELLED, and FORBIDDEN when whoever
        ordered it may no longer."""
        run, now = self._run, self._now()
        if not self._stopping.news and now - self._looked < _LOOK_SECONDS:
            return ()
        self._looked, self._stopping.news = now, False
        principal_now(self._turn.order.principal, self._find)
        found = await self._store.signals(run.id, run.session_key, STEERS)
        if found.cancel:
            raise _cancelled()
        mine = [one for one in found.waiting if one.id not in self._seen and one.principal_id == run.principal_id]
        if not mine:
            return ()
        self._seen |= {one.id for one in mine}
        called = {one.id: await called_skill(self._world, self._turn, order_of(one.order)) for one in mine}
        # A command that a tool takes without a model gets a turn of its own, like all of them.
        mine = [one for one in mine if (skill := called[one.id]) is None or not skill.tool]
        steered = [one.id for one in mine if one.mode == "steer"]
        taken = set(await self._store.absorb(steered, run.id)) if steered else set()
        self._stopping.absorbed = self._stopping.absorbed or bool(taken)
        taken |= {one.id for one in mine if one.mode != "steer"}
        return [message_line(self._turn, one, called[one.id]) for one in mine if one.id in taken]


def _need_wanted(run: StoredRun, stopping: Stopping) -> None:
    """Raise where a turn is not to begin (again)."""
    if stopping.wanted:
        raise _cancelled()
    if run.starts > _MOST_STARTS:
        raise Interrupted


def _cancelled() -> GatewayError:
    return GatewayError(ErrorKind.CANCELLED, Text("agents.cancelled"), {"code": "run_cancelled"})


def _values(turn: AgentTurn | None, text: str, parts: Sequence[Part]) -> JsonObject:
    """What is kept of a run in any case."""
    result: JsonObject = {"parts": write_parts(parts)}
    values: JsonObject = {"text": text, "result": result}
    if turn is not None:
        spent = turn.spent
        result |= {"usage": usage_json(spent.usage), "steps": spent.steps, "untrusted": turn.untrusted}
        values |= {"cost": spent.cost, "model": spent.model or turn.names[0], "session_id": turn.entry.session_id}
    return values

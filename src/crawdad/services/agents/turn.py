"""One turn of an agent on its way: what was ordered, the log that it writes, what it has used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crawdad.core.agents import RunOrder, RunStatus
from crawdad.core.exchange import Exchange
from crawdad.core.parts import JsonObject, Part, ToolCallPart
from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry, Sessions
from crawdad.core.tools import Tool, ToolContext, ToolScope
from crawdad.core.usage import Usage
from crawdad.services.agents.circles import CircleWatch
from crawdad.services.agents.orders import add_usage
from crawdad.services.agents.recorder import Recorder
from crawdad.services.agents.roster import Agent
from crawdad.services.agents.taint import is_outside
from crawdad.services.agents.transcript import result_ids, used_in
from crawdad.services.agents.view import open_calls, size_of_event
from crawdad.services.estimate import estimate_text
from crawdad.store.finishing import finish


@dataclass(slots=True)
class _Batch:
    """Lines that are written together, and what came of it."""

    lines: list[NewLogEvent] = field(default_factory=list)
    tried: bool = False
    error: Exception | None = None


class TurnLog:
    """The session's log as one turn reads and writes it. Lines are kept when `append` returns, in order."""

    def __init__(self, sessions: Sessions, entry: SessionEntry, run_id: str) -> None:
        self.entry = entry
        self.events: list[LogEvent] = []
        self._sessions = sessions
        self._run_id = run_id
        self._lock = asyncio.Lock()
        self._next = _Batch()

    async def read(self) -> None:
        """See what the model is to see."""
        if not self.entry.messages and not self.entry.compactions:
            return  # nothing has been said yet
        self.events = await self._sessions.view(self.entry.session_id)

    async def append(self, *lines: NewLogEvent) -> None:
        """Write lines. What several tools and the loop write in one moment is written at once: all of them hear what came of
        it. No lines: write what others were about to when they were cancelled. Raises CONFLICT when the session has begun
        another log."""
        batch = self._next
        if not lines and not batch.lines:
            return
        batch.lines += lines
        await asyncio.sleep(0)
        async with self._lock:
            if not batch.tried:
                self._next, batch.tried = _Batch(), True
                await finish(self._write(batch))
        if batch.error is not None:
            raise batch.error

    async def _write(self, batch: _Batch) -> None:
        # Done to its end also for whoever is cancelled: else the log would hold lines that this turn does not know of.
        try:
            self.events += await self._sessions.append(self.entry, batch.lines)
        except Exception as error:  # told to all whose lines these are
            batch.error = error

    def line(self, data: JsonObject, text: str = "") -> NewLogEvent:
        """A line with a message."""
        return NewLogEvent("message", data, self._run_id, text)

    @property
    def own(self) -> list[LogEvent]:
        """The lines that this run wrote."""
        return [event for event in self.events if event.run_id == self._run_id]

    @property
    def open_calls(self) -> list[ToolCallPart]:
        """The calls of the newest answer without a result."""
        return open_calls(self.events)

    @property
    def answered(self) -> set[str]:
        """The ids of the calls that this run has results of."""
        return {call_id for event in self.own for call_id in result_ids(event)}


@dataclass(slots=True)
class Spent:
    """What a turn has used. `context` is the size of the last prompt with its answer, in tokens; it counts the first
    `counted` lines of the view."""

    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    steps: int = 0
    context: int = 0
    counted: int = 0
    model: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a turn may use; None: any amount."""

    steps: int
    tokens: int | None = None
    money: float | None = None


@dataclass(slots=True)
class Finish:
    """How a turn ended."""

    status: RunStatus
    stop_reason: str
    text: str = ""
    parts: list[Part] = field(default_factory=list)
    calls: list[ToolCallPart] = field(default_factory=list)


@dataclass(slots=True)
class AgentTurn:
    """Everything that the loop and the tools of one turn share.

    `secret` is what marks of outside content are derived from. `names` are the models to ask, in order. `untrusted`, `exposed`
    and `typed` as in `services.agents.taint`.
    """

    run_id: str
    order: RunOrder
    agent: Agent
    log: TurnLog
    recorder: Recorder
    tools: Mapping[str, Tool]
    scope: ToolScope
    watch: CircleWatch
    names: Sequence[str]
    system: str
    limits: Limits
    window: int
    secret: str
    now: Callable[[], float]
    thinking: str | None = None
    untrusted: bool = False
    exposed: bool = False
    typed: frozenset[str] = frozenset()
    spent: Spent = field(default_factory=Spent)

    @property
    def entry(self) -> SessionEntry:
        """The session."""
        return self.log.entry

    def charge(self, exchange: Exchange) -> None:
        """A model was asked: add what that took."""
        add_usage(self.spent.usage, exchange.usage)
        if exchange.cost is not None:
            self.spent.cost = (self.spent.cost or 0.0) + exchange.cost

    def recall(self) -> None:
        """A turn that is taken up again: what it used before stands in the log, and whether it read words from outside."""
        for event in self.log.own:
            self.untrusted = self.untrusted or is_outside(event)
            usage, cost = used_in(event)
            if usage.known:
                add_usage(self.spent.usage, usage)
                self.spent.cost = (self.spent.cost or 0.0) + cost if cost else self.spent.cost
                self.spent.steps += 1

    def size(self) -> int:
        """How many tokens the next prompt takes: as the last answer counted, and what has been written since."""
        spent, events = self.spent, self.log.events
        if spent.context:
            return spent.context + sum(size_of_event(event) for event in events[spent.counted :])
        known = self.entry.context_tokens
        if known:
            return known + sum(size_of_event(event) for event in self.log.own)
        fixed = estimate_text(self.system) + 50 * len(self.tools)
        return fixed + sum(size_of_event(event) for event in events)

    def context(self, call_id: str, name: str) -> ToolContext:
        """What a tool is told."""
        order = self.order
        return ToolContext(
            scope=self.scope,
            run_id=self.run_id,
            call_id=call_id,
            session_id=self.entry.session_id,
            workspace=self.agent.workspace,
            route=order.route,
            untrusted=self.untrusted,
            exposed=self.exposed,
            typed=self.typed,
            language=order.language,
            progress=lambda text: self.recorder.emit(
                "tool", {"phase": "update", "callId": call_id, "name": name, "text": text}
            ),
        )

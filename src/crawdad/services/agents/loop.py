"""The loop of a turn: ask the model, run the tools that it calls, ask again, until it has said what it wanted to.

Every step is in the session's log before the next begins, so that the turn can be taken up again from what stands there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from crawdad.core.agents import EventKind
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, PartDelta, PartEnd, PartStart, StopReason, StreamEvent
from crawdad.core.parts import Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import Growing
from crawdad.core.sessions import NewLogEvent
from crawdad.core.text import Text
from crawdad.services.agents.answer import Answer
from crawdad.services.agents.asking import Asked, Asker, ModelCalls
from crawdad.services.agents.boundaries import marked_parts
from crawdad.services.agents.flushing import FLUSHED, flush_is_due, flush_words
from crawdad.services.agents.question import question, tools_of
from crawdad.services.agents.taint import with_mark
from crawdad.services.agents.tool_round import ToolRound, is_object
from crawdad.services.agents.transcript import (
    assistant_line,
    call_ids,
    commanded,
    result_line,
    results_of,
    role_of,
    stop_of,
    text_of,
)
from crawdad.services.agents.turn import AgentTurn, Finish
from crawdad.services.agents.view import lost_result, messages_of
from crawdad.services.tasks import Tasks

_MOST_EMPTY = 2
_MOST_CUT = 2
_FLUSH_STEPS = 4
_GO_ON = "[The connection broke off. Go on exactly where your last message ends; repeat nothing.]"
_UNNAMED = "unnamed"
_SAY_SOMETHING = "[Your last answer was empty. Answer the message above, or say what keeps you from it.]"
_STOP_WORDS: dict[StopReason, str] = {"end": "stop", "max_tokens": "length", "tool_use": "toolUse"}


class Boundary(Protocol):
    """What a turn hears between its steps."""

    async def __call__(self) -> Sequence[NewLogEvent]:
        """The lines of messages to take along now. Raises CANCELLED when the turn is no longer wanted."""


Compact = Callable[[AgentTurn, bool], Awaitable[bool]]
"""Sums up the older part of the log where that is due (always, when told to). Whether it did."""


class TurnLoop:
    """Takes one turn."""

    def __init__(self, turn: AgentTurn, calls: ModelCalls, boundary: Boundary, compact: Compact) -> None:
        self._turn = turn
        self._calls = calls
        self._boundary = boundary
        self._compact = compact
        self._answer: Answer | None = None
        self._nudge = ""
        self._empty = self._cut = 0
        self._compacted = self._quiet = False
        order = turn.order
        self._asker = Asker(order.principal, turn.agent.id, order.session_key, order.client_address, order.language)
        self._tools = tools_of(turn)

    async def run(self) -> Finish:
        """Take the turn to its end, from what stands in the log. Raises what it failed with."""
        concluded = self._concluded()
        if concluded is not None:
            return concluded
        async with Tasks() as tasks:
            command = self._command()
            if command is not None:
                return await self._obey(command, tasks)
            waiting = self._turn.log.open_calls
            if waiting:  # a turn that a restart cut off, or one that goes on with some of the client's results
                round_ = ToolRound(self._turn, tasks)
                for call in waiting:
                    round_.add(call)
                round_.release()
                finish = await self._after_calls(round_)
                if finish is not None:
                    return finish
            while True:
                finish = await self._step(tasks)
                if finish is not None:
                    return finish

    def _concluded(self) -> Finish | None:
        """The end, where this turn has come to it already and only that could not be kept any more."""
        own = [event for event in self._turn.log.own if event.kind == "message"]
        reason = stop_of(own[-1]) if own else ""
        if reason not in ("stop", "length") or self._turn.log.open_calls:
            return None
        return self._finish(reason)

    def _command(self) -> ToolCallPart | None:
        """The call that the person's command is, where no model is to be asked."""
        own = [event for event in self._turn.log.own if role_of(event) == "assistant"]
        return commanded(own[-1]) if own else None

    async def _obey(self, call: ToolCallPart, tasks: Tasks) -> Finish:
        """Call a tool for a person: what it says is the answer."""
        turn = self._turn
        round_ = ToolRound(turn, tasks)
        is_open = bool(turn.log.open_calls)
        if is_open:
            round_.add(call)
            round_.release()
            await round_.finish()
        outcome = round_.outcomes.get(call.id)
        if is_open and call.name not in turn.tools:
            words = Text("doors.tool_missing", {"tool": call.name}).render(turn.order.language)
            content: list[Part] = [TextPart(words)]
        elif outcome is not None:
            content = outcome.content
        else:  # a restart came between the result and the answer
            content = [part for event in turn.log.own for part in results_of(event, call.id)]
        outside = outcome is not None and outcome.untrusted
        kept = marked_parts(content, call.name, turn.secret) if outside else content
        line = with_mark(assistant_line(kept, "stop"), outside or turn.untrusted)
        await turn.log.append(turn.log.line(line, text_of(content)))
        turn.recorder.emit("assistant", {"delta": text_of(content)})
        return self._finish("stop", content)

    async def wind_up(self, words: str, stop_reason: str) -> None:
        """The turn was stopped in the middle: what was said stays, and every call gets a result."""
        log = self._turn.log
        await log.append()
        answer, self._answer = self._answer, None
        if answer is not None and answer.whole:
            line = assistant_line(answer.whole, stop_reason)
            await log.append(log.line(line, text_of(answer.whole)))
        lines = [log.line(result_line(lost_result(call, f"[{words}]"))) for call in log.open_calls]
        await log.append(*lines)

    async def _step(self, tasks: Tasks) -> Finish | None:
        turn = self._turn
        over = self._over()
        if over:
            return self._finish(over, stopped=over)
        if turn.order.context_messages is None:  # else the model sees little of the log, however long that is
            if flush_is_due(turn):
                await self._flush_memory(tasks)
            await self._compact(turn, False)
        return await self._ask(tasks)

    async def _flush_memory(self, tasks: Tasks) -> None:
        """A silent step: the agent may write down what it wants to keep. What it says is not shown and not kept."""
        await self._turn.log.append(NewLogEvent("custom", {"customType": FLUSHED}, self._turn.run_id))
        words = flush_words(self._turn)
        self._quiet, answer_cut = True, (self._cut, self._empty)
        try:
            for _ in range(_FLUSH_STEPS):
                self._nudge = words
                if self._over() or await self._ask(tasks) is not None:
                    break
        finally:
            self._quiet, self._nudge = False, ""
            self._cut, self._empty = answer_cut

    async def _ask(self, tasks: Tasks) -> Finish | None:
        turn, spent = self._turn, self._turn.spent
        request = question(turn, self._tools, self._nudge, self._quiet)
        spent.steps += 1
        round_ = ToolRound(turn, tasks)
        self._answer = answer = Answer()
        broken: GatewayError | None = None
        asked: Asked | None = None
        try:
            asked = await self._calls.ask(self._asker, turn.names, request, self._note)
            async for batch in self._calls.heard(asked):
                for event in batch:
                    self._hear(event, answer, round_)
        except GatewayError as error:
            if error.kind is ErrorKind.CONTEXT_TOO_LONG and not self._compacted and not answer.whole:
                self._compacted = True
                if await self._compact(turn, True):
                    return None
            if asked is None or not await self._survives(error, answer, round_):
                raise
            broken = error
        assert asked is not None
        self._used(asked)
        if broken is not None:
            return await self._go_on(broken, answer, round_, asked)
        return await self._said(answer, round_, asked)

    async def _survives(self, error: GatewayError, answer: Answer, round_: ToolRound) -> bool:
        """Whether the turn goes on although the answer broke off."""
        if error.kind not in (ErrorKind.UPSTREAM_BROKEN, ErrorKind.UPSTREAM_TIMEOUT, ErrorKind.OVERLOADED):
            return False
        self._cut += 1
        return self._cut <= _MOST_CUT or round_.begun

    async def _go_on(self, error: GatewayError, answer: Answer, round_: ToolRound, asked: Asked) -> Finish | None:
        self._note(error.message(self._turn.order.language))
        parts = answer.whole
        if not any(isinstance(part, (TextPart, ToolCallPart)) for part in parts):
            self._answer = None
            return None
        await self._keep_answer(parts, asked, "error")
        if round_.begun or round_.client_calls:
            round_.release()
            return await self._after_calls(round_)
        self._nudge = _GO_ON
        return None

    async def _said(self, answer: Answer, round_: ToolRound, asked: Asked) -> Finish | None:
        end = answer.end
        reason: StopReason = end.stop.reason if end is not None else "other"
        parts = [answer.parts[index].part for index in sorted(answer.parts)]
        if reason == "max_tokens":  # a call that was cut off is none
            parts = answer.whole
        has_calls = round_.begun or bool(round_.client_calls)
        said = text_of(parts).strip()
        if self._quiet and not has_calls:
            self._answer = None
            return self._finish("stop", parts)
        if not said and not has_calls:
            self._empty += 1
            if self._empty < _MOST_EMPTY and reason not in ("refusal", "content_filter"):
                self._answer = None
                self._nudge = _SAY_SOMETHING
                self._note("empty answer")
                return None
        await self._keep_answer(parts, asked, _STOP_WORDS.get(reason, "toolUse" if has_calls else "stop"))
        self._nudge = ""
        if has_calls:
            round_.release()
            return await self._after_calls(round_)
        if reason == "pause":
            return None
        if reason == "malformed_tool_call":
            self._nudge = "[Your last tool call could not be read. Make it again, with valid arguments.]"
            self._cut += 1
            if self._cut <= _MOST_CUT:
                return None
        return self._finish("length" if reason in ("max_tokens", "context_window") else "stop", parts)

    async def _after_calls(self, round_: ToolRound) -> Finish | None:
        """The calls of an answer are begun: wait for their results, then look what has happened meanwhile."""
        await round_.finish()
        if round_.client_calls:
            for call in round_.client_calls:
                data = {"callId": call.id, "name": call.name, "arguments": call.arguments}
                self._turn.recorder.emit("client_call", data)
            finish = self._finish("tool_use")
            finish.status, finish.calls = "paused", round_.client_calls
            return finish
        if round_.stop:
            return self._finish("steps", stopped="circles")
        await self._turn.log.append(*await self._boundary())
        return None

    def _hear(self, event: StreamEvent, answer: Answer, round_: ToolRound) -> None:
        if isinstance(event, PartStart):
            if event.choice:
                return
            if isinstance(event.part, ToolCallPart):
                self._begin_complete(answer, round_)
            answer.parts[event.index] = Growing(event.part)
            if isinstance(event.part, (TextPart, ThinkingPart)) and event.part.text:
                self._tell(type(event.part), event.part.text)
        elif isinstance(event, PartDelta):
            growing = answer.parts.get(event.index)
            if growing is None:
                return
            growing.add(event)
            if event.text and growing.kind in (TextPart, ThinkingPart):
                self._tell(growing.kind, event.text)
        elif isinstance(event, PartEnd):
            self._complete(event.index, answer, round_)
        elif isinstance(event, MessageEnd):
            answer.end = event

    def _begin_complete(self, answer: Answer, round_: ToolRound) -> None:
        """Some protocols end all calls at once. One whose arguments are a whole object already is complete when the next
        begins: nothing can be added to it."""
        for index, growing in answer.parts.items():
            if index in answer.complete or growing.kind is not ToolCallPart:
                continue
            part = growing.part
            if isinstance(part, ToolCallPart) and is_object(part.arguments):
                self._complete(index, answer, round_)

    def _complete(self, index: int, answer: Answer, round_: ToolRound) -> None:
        growing = answer.parts.get(index)
        if index in answer.complete:
            return
        answer.complete.add(index)
        part = growing.part if growing is not None else None
        if isinstance(part, ToolCallPart):
            part.name = part.name or _UNNAMED  # no vendor takes an empty one back: the session would be of no more use
            if not part.id or self._is_known(part.id):
                part.id = f"call_{self._turn.run_id[-12:]}_{self._turn.spent.steps}_{index}"
            round_.add(part)

    def _is_known(self, call_id: str) -> bool:
        """Whether an earlier call had that id: some vendors count anew in every answer."""
        return any(call_id in call_ids(event) for event in self._turn.log.events)

    async def _keep_answer(self, parts: Sequence[Part], asked: Asked, stop: str) -> None:
        turn = self._turn
        line = assistant_line(parts, stop, asked.exchange)
        answer, self._answer = self._answer, None  # from here on it is the log's, also where this is cancelled
        try:
            if parts:
                await turn.log.append(turn.log.line(line, text_of(parts)))
        except GatewayError:
            self._answer = answer
            raise

    def _used(self, asked: Asked) -> None:
        turn, exchange = self._turn, asked.exchange
        usage, spent = exchange.usage, turn.spent
        turn.charge(exchange)
        if usage.known:
            spent.context, spent.counted = usage.total_tokens, len(turn.log.events) + 1  # its own line is yet to come
        spent.model, spent.provider = exchange.model_resolved, exchange.provider

    def _over(self) -> str:
        spent, limits = self._turn.spent, self._turn.limits
        if spent.steps >= limits.steps:
            return "steps"
        if limits.tokens is not None and spent.usage.total_tokens >= limits.tokens:
            return "tokens"
        if limits.money is not None and (spent.cost or 0.0) >= limits.money:
            return "money"
        return ""

    def _finish(self, reason: str, parts: Sequence[Part] = (), stopped: str = "") -> Finish:
        """The end, with the last thing that was said in this turn. Where a limit `stopped` it before anything was, that is
        said: whoever waits would else be left with nothing."""
        if not text_of(parts).strip():
            for message in reversed(messages_of(self._turn.log.own)):
                if message.role == "assistant" and text_of(message.parts).strip():
                    parts = message.parts
                    break
        shown: list[Part] = [part for part in parts if not isinstance(part, ToolCallPart)]
        if stopped:
            self._note(f"stopped: {reason}")
            if not text_of(shown).strip():
                shown = [TextPart(Text(f"agents.stopped.{stopped}").render(self._turn.order.language))]
        return Finish("completed", reason, text_of(shown), shown)

    def _tell(self, part: type[Part], text: str) -> None:
        kind: EventKind = "assistant" if part is TextPart else "thinking"
        if not self._quiet:
            self._turn.recorder.emit(kind, {"delta": text})

    def _note(self, text: str) -> None:
        self._turn.recorder.emit("note", {"text": text})

"""The tool calls of one answer: begun while the model still speaks, side by side where they are independent.

A tool that changes something waits for every call before it, and every call behind it waits for that one. Before a tool runs,
a line in the log says so: after a crash it is known what may have happened, and nothing happens twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import NewLogEvent
from crawdad.core.tools import Tool, ToolOutcome, told
from crawdad.core.tracing import span
from crawdad.services.agents.boundaries import marked_parts
from crawdad.services.agents.taint import with_mark
from crawdad.services.agents.transcript import result_line, text_of
from crawdad.services.agents.turn import AgentTurn
from crawdad.services.tasks import Tasks
from crawdad.wire.fields import parse_arguments

_AT_ONCE = 16
_MOST_CHARACTERS = 400_000
_SHOWN_CHARACTERS = 20_000

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Slot:
    call: ToolCallPart
    arguments: JsonObject | None
    tool: Tool | None = None
    refusal: str | None = None
    independent: bool = True
    ran: asyncio.Event = field(default_factory=asyncio.Event)
    kept: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None


class ToolRound:
    """The calls of one answer, in order."""

    def __init__(self, turn: AgentTurn, tasks: Tasks) -> None:
        self.client_calls: list[ToolCallPart] = []
        self.stop = False
        self.outcomes: dict[str, ToolOutcome] = {}
        """What came of the calls, as the tools said it, by the calls' ids."""
        self._turn = turn
        self._tasks = tasks
        self._slots: list[_Slot] = []
        self._said = asyncio.Event()
        self._lanes = asyncio.Semaphore(_AT_ONCE)
        self._clients = {tool.name for tool in turn.order.client_tools}

    @property
    def begun(self) -> bool:
        """Whether any tool of ours was called."""
        return bool(self._slots)

    def add(self, call: ToolCallPart) -> None:
        """A call is complete. It begins as soon as those that it has to wait for have ended."""
        if call.name in self._clients:
            self.client_calls.append(call)
            return
        slot = self._slot(call)
        before = [other for other in self._slots if not (slot.independent and other.independent)]
        self._slots.append(slot)
        self._tasks.start(self._run(slot, before), f"tool {call.name}")

    def release(self) -> None:
        """The answer with these calls is in the log: results may follow."""
        self._said.set()

    async def finish(self) -> None:
        """Wait until every call has its result in the log. Raises what kept one from being written."""
        for slot in self._slots:
            await slot.kept.wait()
        for slot in self._slots:
            if slot.failure is not None:
                raise slot.failure

    def _slot(self, call: ToolCallPart) -> _Slot:
        turn = self._turn
        arguments, problem = _arguments_of(call.arguments)
        tool = turn.tools.get(call.name)
        slot = _Slot(call, arguments, tool)
        if tool is None:
            known = ", ".join([*turn.tools, *self._clients]) or "none"
            slot.refusal = f"There is no tool named {call.name!r} in this turn. There are: {known}."
        elif problem is not None:
            slot.refusal = f"The arguments of {call.name} cannot be used: {problem}. Call it again with a JSON object."
        else:
            slot.independent = tool.definition.independent
            verdict = turn.watch.before(call.name, call.arguments)
            if verdict in ("refuse", "stop"):
                slot.refusal = (
                    f"{call.name} was called with these arguments several times and nothing new came of it. It is not called "
                    "again. Try something else, or say what keeps you from going on."
                )
                self.stop = self.stop or verdict == "stop"
        return slot

    async def _run(self, slot: _Slot, before: list[_Slot]) -> None:
        try:
            for other in before:
                await other.ran.wait()
            async with self._lanes:
                outcome = await self._outcome(slot)
            self.outcomes[slot.call.id] = outcome
            slot.ran.set()
            await self._said.wait()
            await self._keep(slot, outcome)
        except Exception as error:  # told to the loop, which ends the turn with it
            slot.failure = error
        finally:
            slot.ran.set()
            slot.kept.set()

    async def _outcome(self, slot: _Slot) -> ToolOutcome:
        turn, call, tool = self._turn, slot.call, slot.tool
        shown: JsonObject = slot.arguments if slot.arguments is not None else {"raw": call.arguments[:2000]}
        start = {"phase": "start", "callId": call.id, "name": call.name, "arguments": shown}
        if tool is None or slot.refusal is not None or slot.arguments is None:
            turn.recorder.emit("tool", start)
            return told(slot.refusal or "", is_error=True)
        await turn.log.append(
            NewLogEvent("tool_started", {"callId": call.id, "name": call.name, "arguments": shown}, turn.run_id)
        )
        turn.recorder.emit("tool", start)
        context = turn.context(call.id, call.name)
        try:
            said = {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": call.name,
                "gen_ai.tool.call.id": call.id,
            }
            with span(f"execute_tool {call.name}", "internal", {**said}) as running:
                outcome = await tool.run(slot.arguments, context)
                running.error = "tool_error" if outcome.is_error else None
        except GatewayError as error:
            outcome = told(error.message(turn.order.language), {"kind": error.kind.value}, is_error=True)
        except Exception as error:  # a tool call is an edge: what it fails with goes to the model, not through the turn
            _log.exception("tool_failed", tool=call.name, run_id=turn.run_id)
            outcome = told(f"{call.name} failed: {type(error).__name__}: {error}"[:2000], is_error=True)
        turn.untrusted = turn.untrusted or context.untrusted or outcome.untrusted
        if turn.watch.after(call.name, call.arguments, text_of(outcome.content)) == "warn":
            hint = "[This call has been made several times with the same result. Do something else.]"
            outcome.content = [*outcome.content, TextPart(hint)]
        return outcome.plain()

    async def _keep(self, slot: _Slot, outcome: ToolOutcome) -> None:
        turn, call = self._turn, slot.call
        content = _within(outcome.content)
        if outcome.untrusted:
            content = marked_parts(content, call.name, turn.secret)
        part = ToolResultPart(call.id, content, call.name, outcome.is_error, call.custom)
        line = with_mark(result_line(part, outcome.details), outcome.untrusted)
        await turn.log.append(turn.log.line(line, text_of(content)[:_SHOWN_CHARACTERS]))
        data: dict[str, Any] = {
            "phase": "result",
            "callId": call.id,
            "name": call.name,
            "text": text_of(outcome.content)[:_SHOWN_CHARACTERS],
            "isError": outcome.is_error,
        }
        if outcome.details:
            data["details"] = outcome.details
        turn.recorder.emit("tool", data)


def _arguments_of(text: str) -> tuple[JsonObject | None, str | None]:
    """The arguments as an object, or what is wrong with them."""
    if not text.strip():
        return {}, None
    found = parse_arguments(text)
    if found is not None:
        return found, None
    try:
        is_object = isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError as error:
        return None, f"they are not valid JSON ({error})"
    return None, "they are nested too deeply" if is_object else "they are not an object"


def is_object(text: str) -> bool:
    """Whether arguments are complete: a JSON object, to which nothing can be added."""
    return text.rstrip().endswith("}") and _arguments_of(text)[1] is None


def _within(parts: list[Part]) -> list[Part]:
    """Results that no model's context would hold are cut, in the middle."""
    left = _MOST_CHARACTERS
    found: list[Part] = []
    for part in parts:
        if isinstance(part, TextPart):
            text = part.text
            if len(text) > left:
                half = left // 2
                text = f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[len(text) - half :]}"
            left = max(2000, left - len(text))
            found.append(TextPart(text))
        elif isinstance(part, MediaPart):
            found.append(part)
    return found or [TextPart("(no output)")]

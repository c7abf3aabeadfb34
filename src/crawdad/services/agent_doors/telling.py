"""An agent's run, told as a model's answer. Pure."""

from __future__ import annotations

import json

from crawdad.core.agents import RunEvent, RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import (
    MessageEnd,
    MessageStart,
    PartDelta,
    PartEnd,
    PartStart,
    Stop,
    StopReason,
    StreamEvent,
)
from crawdad.core.parts import JsonObject, OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.text import Text

_NOTHING = "No response from OpenClaw."
_FRAGMENT = 256
_PROTOCOL = "agent"
_SERVER = "agent"
"""What stands as the server of the agent's own tools."""
RESPONSES = "openai-responses"
_STOPS: dict[str, StopReason] = {"length": "max_tokens", "tool_use": "tool_use"}


class Telling:
    """Turns the events of one run into the events of one answer.

    The agent's own tools are its own affair: calls of the client's tools alone are told as calls. `items`: the others are shown
    as calls of a server's tools, which no client runs, each with its result; in Responses' own words, as no other protocol has
    any. Thinking is told to those who asked for it (`thinking`). `resumed`: the client has heard the beginning already.
    `at_once`: the answer begins with the run, not with its first words, as nobody waits for a status. `retracts`: what was
    told can be called void, because the protocol has a word for it or because the client hears of the whole answer alone;
    then a stream is the same each time that it is told. Else words that are known to be void are not told.
    """

    def __init__(
        self,
        model: str,
        *,
        thinking: bool = False,
        must_call: bool = False,
        resumed: bool = False,
        items: bool = False,
        at_once: bool = False,
        retracts: bool = False,
    ) -> None:
        self._model = model
        self._thinking = thinking
        self._must_call = must_call
        self._resumed = resumed
        self._items = items
        self._at_once = at_once
        self._retracts = retracts
        self._heard = 0
        self._words_of_part: list[str] = []
        self._arguments: dict[str, JsonObject] = {}
        self._begun = False
        self._open: int | None = None
        self._kind = ""
        self._parts = 0
        self._said = False
        self._apart = False
        self._calls: list[str] = []

    def hear(self, event: RunEvent) -> list[StreamEvent]:
        """What `event` tells the client; often nothing."""
        data = event.data
        if event.kind == "assistant":
            said = str(data.get("delta") or "")
            self._heard += len(said)
            return self._words(said if self._retracts else event.words, "text")
        if event.kind == "thinking" and self._thinking:
            return self._words(str(data.get("delta") or ""), "thinking")
        if event.kind == "client_call":
            return self._call(str(data.get("callId")), str(data.get("name")), str(data.get("arguments") or ""))
        if event.kind == "lifecycle":
            again = self._again(int(data.get("kept") or 0)) if data.get("resumed") is True else []
            return [*self._start(), *again] if again or (self._at_once and data.get("phase") == "start") else []
        if event.kind == "tool":
            self._apart = self._said
            return [*self._start(), *self._item(data)]
        return []

    def finish(self, state: RunState) -> list[StreamEvent]:
        """What the end of the run tells the client. Raises what the run failed with."""
        if state.status not in ("completed", "paused"):
            raise failure_of(state)
        events: list[StreamEvent] = []
        for call in state.calls:
            if call.id not in self._calls and not self._resumed:
                events += self._call(call.id, call.name, call.arguments)
        if self._must_call and not self._calls and not state.calls:
            details = {"passing": False}
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("doors.tool_not_called"), details)
        if not self._said and not self._calls and not self._resumed:
            events += self._words(state.text or _NOTHING, "text")
        reason: StopReason = "tool_use" if state.status == "paused" else _STOPS.get(state.stop_reason, "end")
        usage = state.usage
        usage.input_tokens, usage.output_tokens = usage.input_tokens or 0, usage.output_tokens or 0
        usage.cost = None
        return [*self._start(), *events, *self._close(), MessageEnd(Stop(reason), usage)]

    def _start(self) -> list[StreamEvent]:
        if self._begun:
            return []
        self._begun = True
        return [MessageStart(model=self._model, protocol=_PROTOCOL)]

    def _words(self, text: str, kind: str) -> list[StreamEvent]:
        if not text:
            return []
        events = self._start()
        if self._open is None or self._kind != kind:
            part: Part = TextPart() if kind == "text" else ThinkingPart(origin=_PROTOCOL, summary=True)
            events += [*self._close(), PartStart(self._parts, part)]
            self._open, self._kind, self._words_of_part = self._parts, kind, []
            self._parts += 1
        if kind == "text":
            if self._apart:
                text, self._apart = "\n\n" + text, False
            self._said = True
            self._words_of_part.append(text)
        events.append(PartDelta(self._open, text=text))
        return events

    def _again(self, kept: int) -> list[StreamEvent]:
        """The run was begun again after its process had died. What it has said behind `kept` characters broke off and is said
        anew."""
        void, self._heard = self._heard - kept, kept
        if void <= 0 and not self._resumed:  # else the client has heard words that are not known here
            return []
        if not self._retracts or self._open is None or self._kind != "text":
            self._apart = self._said or self._resumed  # what was said cannot be taken back: it stands by itself
            return []
        words = "".join(self._words_of_part)
        stands = words[: max(0, len(words) - void)].rstrip()
        index, self._open = self._open, None
        self._said = self._apart = False
        events: list[StreamEvent] = [PartEnd(index, void=True), *self._words(stands, "text")]
        self._apart = self._said
        return events

    def _call(self, call_id: str, name: str, arguments: str) -> list[StreamEvent]:
        index = self._parts
        self._parts += 1
        self._calls.append(call_id)
        events = [*self._start(), *self._close(), PartStart(index, ToolCallPart(id=call_id, name=name))]
        pieces = range(0, len(arguments), _FRAGMENT)
        events += [PartDelta(index, text=arguments[at : at + _FRAGMENT]) for at in pieces]
        return [*events, PartEnd(index)]

    def _item(self, data: JsonObject) -> list[StreamEvent]:
        """A call of one of the agent's own tools, once its result is there."""
        call_id = str(data.get("callId"))
        if not self._items or data.get("phase") != "result":
            if self._items and data.get("phase") == "start":
                self._arguments[call_id] = data.get("arguments") or {}
            return []
        text = str(data.get("text") or "")
        failed = bool(data.get("isError"))
        error = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": text}]}
        item: JsonObject = {
            "type": "mcp_call",
            "status": "failed" if failed else "completed",
            "server_label": _SERVER,
            "name": str(data.get("name")),
            "arguments": json.dumps(self._arguments.pop(call_id, {}), ensure_ascii=False),
            "output": None if failed else text,
            "error": error if failed else None,
        }
        index = self._parts
        self._parts += 1
        return [*self._close(), PartStart(index, OpaquePart(RESPONSES, "mcp_call", item)), PartEnd(index)]

    def _close(self) -> list[StreamEvent]:
        if self._open is None:
            return []
        index, self._open = self._open, None
        return [PartEnd(index)]


def failure_of(state: RunState) -> GatewayError:
    """The error that a run ended with. It is final: the agent has tried again where that was of use."""
    if state.status == "cancelled":
        return GatewayError(ErrorKind.CANCELLED, Text("doors.run_cancelled"), {"code": "cancelled"})
    if state.status == "interrupted":
        details = {"code": "interrupted", "passing": False}
        return GatewayError(ErrorKind.UNAVAILABLE, Text("doors.run_interrupted"), details)
    try:
        kind = ErrorKind(state.error_kind or "")
    except ValueError:
        kind = ErrorKind.INTERNAL
    if kind is ErrorKind.UNAUTHENTICATED:
        kind = ErrorKind.UPSTREAM_ERROR  # the agent's credential, not the client's
    words = Text("doors.run_failed", {"reason": state.error or kind.value})
    return GatewayError(kind, words, {"passing": False})

"""Ollama's chat answers -> events: one JSON object, or a row of them, a line each, the last with `done`.

https://docs.ollama.com/api/chat
"""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StopReason, StreamEvent
from crawdad.core.parts import JsonObject, TextPart, ThinkingPart, TokenLogprob, ToolCallPart
from crawdad.core.text import Text
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count, as_unix_seconds, check_answer_depth, parse_event, unreadable
from crawdad.wire.ollama.errors import error_from
from crawdad.wire.ollama.support import NAME
from crawdad.wire.sse import MAX_EVENT_BYTES

_STOPS: dict[str, StopReason] = {"stop": "end", "length": "max_tokens"}


class AnswerReader:
    """Turns the objects of one answer into events. `end` gives the last ones."""

    __slots__ = ("_called", "_last", "_next", "_open", "_started", "_thinking")

    def __init__(self) -> None:
        self._started = False
        self._next = 0
        self._open = -1
        self._thinking = False
        self._called = False
        self._last: JsonObject | None = None

    def take(self, chunk: Any) -> list[StreamEvent]:
        """The events that one object tells. Raises `GatewayError` for errors and for what is no object."""
        if not isinstance(chunk, dict):
            raise unreadable("a line that is no object")
        if chunk.get("error"):
            raise error_from(chunk)
        events: list[StreamEvent] = []
        if not self._started:
            self._started = True
            model = chunk.get("model")
            created = as_unix_seconds(chunk.get("created_at"))
            events.append(MessageStart("", model if isinstance(model, str) else "", created, NAME))
        message = chunk.get("message")
        if isinstance(message, dict):
            self._message(message, chunk.get("logprobs"), events)
        if chunk.get("done") is True:
            self._last = chunk
        return events

    @property
    def done(self) -> bool:
        """Whether the last object has come."""
        return self._last is not None

    def end(self) -> list[StreamEvent]:
        """No more is coming. Raises UPSTREAM_BROKEN when the last object has not come."""
        last = self._last
        if last is None:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        events: list[StreamEvent] = []
        self._close(events)
        raw = last.get("done_reason")
        reason: StopReason = _STOPS.get(raw, "other") if isinstance(raw, str) else "end"
        if self._called and reason == "end":
            reason = "tool_use"
        events.append(MessageEnd(Stop(reason, raw if isinstance(raw, str) else None), read_usage(last)))
        return events

    def _message(self, message: JsonObject, logprobs: Any, events: list[StreamEvent]) -> None:
        thinking, text, calls = message.get("thinking"), message.get("content"), message.get("tool_calls")
        if isinstance(thinking, str) and thinking:
            self._grow(thinking, True, events)
        if isinstance(text, str) and text:
            self._grow(text, False, events)
        tokens = read_logprobs(logprobs)
        if tokens and self._open >= 0 and not self._thinking:
            events.append(PartDelta(self._open, logprobs=tokens))
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                self._call(call.get("id"), function, events)

    def _grow(self, text: str, thinking: bool, events: list[StreamEvent]) -> None:
        if self._open < 0 or self._thinking is not thinking:
            self._close(events)
            self._open = self._next
            self._thinking = thinking
            self._next += 1
            events.append(PartStart(self._open, ThinkingPart(origin=NAME) if thinking else TextPart()))
        events.append(PartDelta(self._open, text))

    def _call(self, call_id: Any, function: JsonObject, events: list[StreamEvent]) -> None:
        self._close(events)
        self._called = True
        name, arguments = function.get("name"), function.get("arguments")
        part = ToolCallPart(call_id if isinstance(call_id, str) else "", name if isinstance(name, str) else "")
        if not isinstance(arguments, str):
            try:
                arguments = orjson.dumps({} if arguments is None else arguments).decode()
            except orjson.JSONEncodeError as error:
                raise unreadable(str(error)) from None
        events += (PartStart(self._next, part), PartDelta(self._next, arguments), PartEnd(self._next))
        self._next += 1

    def _close(self, events: list[StreamEvent]) -> None:
        if self._open >= 0:
            events.append(PartEnd(self._open))
            self._open = -1


class OllamaStreamReader:
    """Reads one streamed answer, a line at a time."""

    __slots__ = ("_answer", "_ended", "_error", "_pieces", "_size")

    def __init__(self) -> None:
        self._answer = AnswerReader()
        self._ended = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._error: GatewayError | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises `GatewayError` for error lines and unreadable input; what came before them
        in the same chunk is given first."""
        if self._error is not None:
            raise self._error
        first, *rest = chunk.split(b"\n")
        events: list[StreamEvent] = []
        try:
            self._keep(first)
            for piece in rest:
                events += self._line()
                self._keep(piece)
        except GatewayError as error:
            if not events:
                raise
            self._error = error
        return events

    def close(self) -> list[StreamEvent]:
        """End of input. Raises UPSTREAM_BROKEN when the answer was not finished."""
        if self._error is not None:
            raise self._error
        events = self._line()
        return events if self._ended else events + self._answer.end()

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_EVENT_BYTES:
            raise unreadable("line too large")
        if piece:
            self._pieces.append(piece)

    def _line(self) -> list[StreamEvent]:
        line = b"".join(self._pieces).strip()
        self._pieces, self._size = [], 0
        if not line or self._ended:
            return []
        events = self._answer.take(parse_event(line))
        if self._answer.done:
            self._ended = True
            events += self._answer.end()
        return events


def read_response(body: Any) -> list[StreamEvent]:
    """A whole answer as events."""
    check_answer_depth(body)
    answer = AnswerReader()
    return answer.take(body) + answer.end()


def read_usage(body: JsonObject) -> Usage:
    """The counts in the last object. Never raises."""
    if "prompt_eval_count" not in body and "eval_count" not in body:
        return Usage()
    return Usage(as_count(body.get("prompt_eval_count")), as_count(body.get("eval_count")))


def read_logprobs(raw: Any) -> list[TokenLogprob]:
    """The log probabilities of one object."""
    return [_token(item) for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def _token(raw: JsonObject) -> TokenLogprob:
    token, value, utf8, top = (raw.get(key) for key in ("token", "logprob", "bytes", "top_logprobs"))
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
    known = isinstance(utf8, list) and all(type(byte) is int for byte in utf8)
    rivals = [_token(item) for item in top if isinstance(item, dict)] if isinstance(top, list) else []
    return TokenLogprob(token if isinstance(token, str) else "", number, utf8 if known else None, rivals)

"""An answer of any origin, written as this protocol's events: as objects, and as the SSE stream made of them.

The order is the vendor's: `response.created`, `response.in_progress`, then for every item `output_item.added`, what grows
in it, `output_item.done`, and at last `response.completed`, `response.incomplete` or `response.failed` with the whole
Response. `sequence_number` counts from 0 without a gap, so that a stored stream can be taken up after any of them.
"""

from __future__ import annotations

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from crawdad.core.text import Language, Text
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.compaction import Summary
from crawdad.wire.openai_responses.compaction import write_compaction
from crawdad.wire.openai_responses.errors import write_error_event, write_response_error
from crawdad.wire.openai_responses.message_scripts import MessageItem, RefusalScript, TextScript, message_fields
from crawdad.wire.openai_responses.output import Output
from crawdad.wire.openai_responses.resource import OF_OUR_MAKING, echo, finished, response_id
from crawdad.wire.openai_responses.scripts import CallScript, ImageScript, OpaqueScript, ReasoningScript, Script
from crawdad.wire.openai_responses.stops import write_stop
from crawdad.wire.openai_responses.support import NAME

DONE = b"data: [DONE]\n\n"
"""Ends the streams of agents, which the gateway's contract has and the vendor's has not."""


class EventWriter:
    """Turns stream events into event objects, for whatever carries them: SSE, a WebSocket, a store."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._output = Output(context)
        self._echo = echo(context)
        self._scripts: dict[int, tuple[Script, MessageItem | None]] = {}
        self._message: MessageItem | None = None
        self._usage = Usage()
        self._extra: JsonObject = {}
        self._summary: Summary | None = None
        """The answer is to be a compacted conversation, and its maker does not know how to make one."""
        self._begun = self._ended = False

    def events_of(self, event: StreamEvent) -> list[JsonObject]:
        """The event objects that tell `event`, in order; often one, sometimes none."""
        if self._summary is not None and not isinstance(event, MessageEnd):
            self._summary.hear(event)
            return []
        if isinstance(event, PartDelta):
            entry = self._scripts.get(event.index)
            return [] if entry is None else entry[0].delta(event)
        if isinstance(event, PartStart):
            return [] if event.choice else self._start(event.index, event.part)
        if isinstance(event, PartEnd):
            return self._break_off(event.index) if event.void else self._end(event.index)
        if isinstance(event, MessageStart):
            return self._begin(event)
        return self._finish(event)

    def fail_events(self, error: GatewayError, language: Language = "en", *, known: bool = False) -> list[JsonObject]:
        """The events that end the answer with `error`.

        As the vendor does: before `response.created` a bare `error` event, afterwards `response.failed` with the whole
        Response, what was said so far included. `known`: the client knows the Response already (a background run), so it
        must fail even if nothing was said yet.
        """
        if self._ended:
            return []
        self._ended = True
        if not self._begun and not known:
            return [self._output.say(**_kind_first(write_error_event(error, language)))]
        begun = [] if self._begun else self._begin(MessageStart())
        for script, message in self._scripts.values():
            if isinstance(script, (TextScript, RefusalScript)) and message is not None:
                script.settle()
                self._output.keep(message.index, message.resource("incomplete", message.content))
        if self._message is not None:
            self._output.keep(self._message.index, self._message.resource("incomplete", self._message.content))
        words = write_response_error(error, language)
        response = finished(self._echo, "failed", self._output.items, self._usage, error=words)
        return [*begun, self._output.say("response.failed", response=response)]

    def _begin(self, event: MessageStart) -> list[JsonObject]:
        self._begun = True
        self._output.own = event.protocol == NAME
        if self._output.own:
            self._extra.update(event.extra)
        elif self._context.request.compact:
            self._summary = Summary()
        if event.usage is not None:
            self._usage.merge(event.usage)
        say, begun = self._output.say, self._echo
        if not begun["background"]:
            return [say("response.created", response=begun), say("response.in_progress", response=begun)]
        queued = {**begun, "status": "queued"}
        return [
            say("response.created", response=queued),
            say("response.queued", response=queued),
            say("response.in_progress", response=begun),
        ]

    def _start(self, index: int, part: Part) -> list[JsonObject]:
        words = _words(part)
        if words is not None:
            return self._start_words(index, words)
        script: Script
        if isinstance(part, ThinkingPart):
            script = ReasoningScript(self._output, part)
        elif isinstance(part, ToolCallPart):
            script = CallScript(self._output, part)
        elif isinstance(part, MediaPart) and part.kind == "image":
            script = ImageScript(self._output, part)
        elif isinstance(part, OpaquePart) and part.protocol == NAME:
            script = OpaqueScript(self._output, part)
        else:
            return []
        events = self._leave_message()
        self._scripts[index] = (script, None)
        return events + script.start()

    def _start_words(self, index: int, part: TextPart | RefusalPart) -> list[JsonObject]:
        fields = message_fields(part) if self._output.own else None
        events = [] if fields is None else self._leave_message()
        message = self._message
        if message is None:
            message = self._message = MessageItem(self._output, fields or {})
            events.append(message.added())
        script: Script
        if isinstance(part, TextPart):
            script = TextScript(self._output, message, part)
        else:
            script = RefusalScript(self._output, message, part)
        self._scripts[index] = (script, message)
        return events + script.start()

    def _leave_message(self) -> list[JsonObject]:
        """Something else begins: the open message item is complete, or will be when its open parts are."""
        message, self._message = self._message, None
        if message is None:
            return []
        message.left = True
        return [] if message.open_parts else [message.done()]

    def _end(self, index: int) -> list[JsonObject]:
        entry = self._scripts.pop(index, None)
        if entry is None:
            return []
        script, message = entry
        events = script.end()
        if message is not None:
            message.open_parts -= 1
            if message.left and not message.open_parts:
                events.append(message.done())
        return events

    def _break_off(self, index: int) -> list[JsonObject]:
        """A text broke off and is said anew: its message ends as `incomplete`, and is no part of the Response."""
        entry = self._scripts.pop(index, None)
        if entry is None:
            return []
        script, message = entry
        events = script.end()
        if message is not None:
            message.open_parts -= 1
            self._message = None
            events.append(message.done("incomplete"))
            self._output.forget(message.index)
        return events

    def _finish(self, event: MessageEnd) -> list[JsonObject]:
        events: list[JsonObject] = []
        for index in sorted(self._scripts):
            events += self._end(index)
        output = self._output
        status, reason = write_stop(event.stop, output.own, output.refused)
        if self._message is not None:
            events.append(self._message.done("completed" if status == "completed" else "incomplete"))
            self._message = None
        self._usage.merge(event.usage)
        error = None
        if self._summary is not None and status != "failed":
            if self._summary.text:
                events += OpaqueScript(output, OpaquePart(NAME, "", write_compaction(self._summary.text))).start()
            else:
                status, reason = "failed", None
                error = write_response_error(GatewayError(ErrorKind.UPSTREAM_ERROR, Text("wire.no_summary")))
        elif status == "failed":
            words = Text("wire.stopped", {"reason": event.stop.raw or event.stop.reason})
            error = write_response_error(GatewayError(ErrorKind.UPSTREAM_ERROR, words))
        at = self._context.moment
        response = finished(self._echo, status, output.items, self._usage, error=error, reason=reason, at=at)
        if output.own:
            self._extra.update(event.extra)
            response.update((key, value) for key, value in self._extra.items() if key not in OF_OUR_MAKING)
        self._ended = True
        kind = status if status in ("incomplete", "failed") else "completed"
        events.append(output.say(f"response.{kind}", response=response))
        return events


def _words(part: Part) -> TextPart | RefusalPart | None:
    """The words that `part` is told in, where the protocol tells it as a message."""
    if isinstance(part, (TextPart, RefusalPart)):
        return part
    if isinstance(part, OpaquePart) and part.protocol != NAME:
        return TextPart(part.text) if part.text else None
    if isinstance(part, MediaPart) and (part.kind != "image" or part.data is None):
        text = part.text or part.url
        return TextPart(text) if text else None
    return None


def _kind_first(event: JsonObject) -> JsonObject:
    return {"kind": event.pop("type"), **event}


class ResponsesStreamWriter:
    """The SSE form of `EventWriter`. See `wire.codec.StreamWriter`."""

    def __init__(self, context: ReplyContext) -> None:
        self._writer = EventWriter(context)
        self._end = DONE if context.by_agent else b""
        self._mark = response_id(context) if context.by_agent else ""

    def send(self, event: StreamEvent) -> bytes:
        """The bytes that tell `event` (may be empty)."""
        frames = b"".join([sse_frame(written, self._mark) for written in self._writer.events_of(event)])
        return frames + self._end if isinstance(event, MessageEnd) else frames

    def fail(self, error: GatewayError, language: Language = "en") -> bytes:
        """The bytes that end the stream with the protocol's own error event."""
        frames = [sse_frame(written, self._mark) for written in self._writer.fail_events(error, language)]
        return b"".join(frames) + self._end

    def ping(self) -> bytes:
        """A comment: the protocol has no event that means nothing."""
        return b": ping\n\n"


def sse_frame(event: JsonObject, mark: str = "") -> bytes:
    """One event object as a server-sent event. `mark` is the Response's id where the stream can be taken up again: with the
    event's number it is the event's id."""
    frame = b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event))
    return b"id: %b:%d\n%b" % (mark.encode(), event["sequence_number"], frame) if mark else frame

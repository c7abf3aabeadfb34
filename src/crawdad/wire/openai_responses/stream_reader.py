"""An upstream's stream, read: its events become ours whatever the cut of the bytes.

Every item is opened by `output_item.added`, grows by deltas and is closed by `output_item.done`, which repeats the whole
item. We believe the deltas and take from the closing events only what the deltas left out; servers that send nothing but
closing events are read as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import JsonObject, Part, RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.text import Text
from crawdad.wire.fields import parse_event, rest, unreadable
from crawdad.wire.openai_responses.annotations import read_annotation, read_annotations, read_logprobs
from crawdad.wire.openai_responses.content import ITEM
from crawdad.wire.openai_responses.errors import read_error_object
from crawdad.wire.openai_responses.items import SUMMARY_BREAK, read_output_item
from crawdad.wire.openai_responses.resource import OF_OUR_MAKING
from crawdad.wire.openai_responses.stops import read_stop
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.openai_responses.usage import read_usage
from crawdad.wire.sse import SseReader

MAX_OPEN_ITEMS = 4096


@dataclass(slots=True)
class _Open:
    """A part that has begun, and how much of it was told: characters of text, pieces of arguments, citations."""

    index: int
    part: Part
    length: int = 0
    pieces: list[str] = field(default_factory=list)
    citations: int = 0
    logprobs: bool = False
    section: int = 0
    """Which part of the reasoning is being told."""


@dataclass(slots=True)
class _Item:
    """An item that was added and is not done. `parts` are the open ones by content index, 0 where there is only one."""

    kind: str
    source: JsonObject
    parts: dict[int, _Open] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    marked: bool = False


def message_start(response: JsonObject) -> MessageStart:
    """The beginning of an answer, as the Response tells it."""
    created = response.get("created_at")
    return MessageStart(
        id=_string(response.get("id")),
        model=_string(response.get("model")),
        created=int(created) if isinstance(created, (int, float)) and abs(created) < 1e12 else None,
        protocol=NAME,
    )


def check_failure(response: JsonObject) -> None:
    """Raises the error of a failed Response."""
    status, error = response.get("status"), response.get("error")
    if status == "failed" or (error and status not in ("completed", "incomplete")):
        raise read_error_object(error or {})


def message_end(response: JsonObject, called: bool, refused: bool) -> MessageEnd:
    """The end of an answer that holds a tool call or a refusal. Raises the error of a failed one."""
    check_failure(response)
    status = response.get("status")
    kept = {name: value for name, value in rest(response, OF_OUR_MAKING).items() if value is not None}
    stop = read_stop(status, response.get("incomplete_details"), called, refused)
    return MessageEnd(stop, read_usage(response), extra=kept)


class ResponsesStreamReader:
    """Reads one streamed answer. See `wire.codec.StreamReader`."""

    __slots__ = (
        "_any_item",
        "_called",
        "_ended",
        "_error",
        "_events",
        "_items",
        "_last",
        "_next",
        "_refused",
        "_sse",
        "_started",
    )

    def __init__(self) -> None:
        self._sse = SseReader()
        self._events: list[StreamEvent] = []
        self._items: dict[int, _Item] = {}
        self._next = 0
        self._last = b""
        self._started = self._ended = self._any_item = self._called = self._refused = False
        self._error: GatewayError | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. What came before an error in the same chunk is given first."""
        return self._read(self._sse.feed(chunk))

    def close(self) -> list[StreamEvent]:
        """The last events. Raises UPSTREAM_BROKEN when no closing event was seen."""
        events = self._read(self._sse.close())
        if self._error is not None:
            raise self._error
        if not self._ended:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        return events

    def _read(self, payloads: list[bytes]) -> list[StreamEvent]:
        if self._error is not None:
            raise self._error
        try:
            for data in payloads:
                self._take(data)
        except GatewayError as error:
            self._error = error
            if not self._events:
                raise
        events, self._events = self._events, []
        return events

    def _take(self, data: bytes) -> None:
        if self._ended or data == b"[DONE]":
            return
        event = parse_event(data)
        if not isinstance(event, dict):
            raise unreadable("an event is not an object")
        kind = event.get("type")
        handler = _HANDLERS.get(kind) if type(kind) is str else None
        if handler is not None:
            # A repeated event carries the number of the one before; vendors without numbers may well repeat a word.
            if data != self._last or not event.get("sequence_number"):
                handler(self, event)
            self._last = data
        elif event.get("error"):
            raise read_error_object(event)

    # Beginning and end

    def _begin(self, event: JsonObject) -> None:
        response = event.get("response")
        if not self._started:
            self._started = True
            self._events.append(message_start(response if isinstance(response, dict) else {}))

    def _finish(self, event: JsonObject) -> None:
        response = event.get("response")
        if not isinstance(response, dict):
            raise unreadable("the closing event holds no response")
        end = str(event["type"]).rpartition(".")[2]
        if end != "completed" or response.get("status") not in ("incomplete", "failed", "cancelled"):
            response = {**response, "status": end}
        check_failure(response)
        self._begin(event)
        output = response.get("output")
        if not self._any_item and isinstance(output, list):
            for item in output:
                self._whole_item(item)
        for item in self._items.values():
            self._end_parts(item)
        self._items.clear()
        self._events.append(message_end(response, self._called, self._refused))
        self._ended = True

    def _fail(self, event: JsonObject) -> None:
        raise read_error_object(event)

    # Items

    def _item_added(self, event: JsonObject) -> None:
        source = event.get("item")
        if not isinstance(source, dict):
            return
        if len(self._items) >= MAX_OPEN_ITEMS:
            raise unreadable("too many open items")
        self._begin(event)
        self._any_item = True
        key = _number(event.get("output_index"))
        if key in self._items:
            self._end_parts(self._items[key])
        item = self._items[key] = _Item(_string(source.get("type")), source)
        if item.kind in ("function_call", "custom_tool_call"):
            bare = {key: value for key, value in source.items() if key not in ("arguments", "input")}
            if bare.get("call_id") and bare.get("name"):
                self._start(item, 0, read_output_item(bare)[0])

    def _item_done(self, event: JsonObject) -> None:
        source = event.get("item")
        if not isinstance(source, dict):
            return
        self._begin(event)
        self._any_item = True
        item = self._items.pop(_number(event.get("output_index")), None)
        if item is None or not (item.parts or item.ended):
            if item is not None and item.kind == "message" and not source.get("content"):
                return
            self._whole_item(source)
            return
        for place, whole in enumerate(read_output_item(source)):
            if place not in item.ended:
                self._complete(item, place, whole)
        self._end_parts(item)

    def _whole_item(self, source: Any) -> None:
        """An item of which nothing was told yet."""
        self._begin({})
        for part in read_output_item(source):
            self._start_part(part)
            self._events.append(PartEnd(self._next - 1))

    def _start_part(self, part: Part) -> None:
        self._events.append(PartStart(self._next, part))
        self._called = self._called or isinstance(part, ToolCallPart)
        self._refused = self._refused or isinstance(part, RefusalPart)
        self._next += 1

    def _start(self, item: _Item, place: int, part: Part) -> _Open:
        if item.kind == "message" and not item.marked and isinstance(part, (TextPart, RefusalPart)):
            item.marked = True
            part.extra[ITEM] = rest(item.source, frozenset({"role", "content"}))
        self._begin({})
        self._start_part(part)
        opened = item.parts[place] = _Open(self._next - 1, part)
        return opened

    def _complete(self, item: _Item, place: int, whole: Part) -> None:
        """Tell what `whole` says beyond the deltas of the part at `place`."""
        opened = item.parts.get(place)
        if opened is None:
            opened = self._start(item, place, _empty_like(whole))
        if type(opened.part) is not type(whole):
            return
        if isinstance(whole, ToolCallPart):
            self._rest_of_arguments(opened, whole.arguments)
        elif isinstance(whole, (TextPart, RefusalPart, ThinkingPart)):
            self._rest_of_text(opened, whole.text)
        if isinstance(whole, TextPart):
            if len(whole.citations) > opened.citations:
                self._events.append(PartDelta(opened.index, citations=whole.citations[opened.citations :]))
            if whole.logprobs and not opened.logprobs:
                self._events.append(PartDelta(opened.index, logprobs=whole.logprobs))
        elif isinstance(whole, ThinkingPart) and whole.encrypted is not None:
            self._events.append(PartDelta(opened.index, encrypted=whole.encrypted))

    def _rest_of_text(self, opened: _Open, whole: str) -> None:
        if len(whole) > opened.length:
            self._events.append(PartDelta(opened.index, whole[opened.length :]))
            opened.length = len(whole)

    def _rest_of_arguments(self, opened: _Open, whole: str) -> None:
        """Deltas may be lost, doubled or out of order; the closing event tells what they should have come to."""
        told = "".join(opened.pieces)
        if whole.startswith(told):
            if len(whole) > len(told):
                opened.pieces.append(whole[len(told) :])
                self._events.append(PartDelta(opened.index, whole[len(told) :]))
        elif told.strip() != whole.strip() and not _same_json(told, whole):
            raise unreadable("the deltas of a tool call do not add up to its arguments")

    def _end_parts(self, item: _Item) -> None:
        for place in sorted(item.parts):
            self._end(item, place)

    def _end(self, item: _Item, place: int) -> None:
        self._events.append(PartEnd(item.parts.pop(place).index))
        item.ended.add(place)

    # Messages

    def _place(self, event: JsonObject, kind: str) -> tuple[_Item, int]:
        """The item and content index an event speaks of. A vendor that never added the item gets it added."""
        key = _number(event.get("output_index"))
        item = self._items.get(key)
        if item is None:
            self._item_added({"output_index": key, "item": {"type": kind, "id": event.get("item_id")}})
            item = self._items[key]
        return item, _number(event.get("content_index"))

    def _content_added(self, event: JsonObject) -> None:
        part = event.get("part")
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("output_text", "refusal"):
            item, place = self._place(event, "message")
            if place not in item.parts and place not in item.ended:
                self._start(item, place, TextPart() if kind == "output_text" else RefusalPart())

    def _text_delta(self, event: JsonObject) -> None:
        item = self._items.get(_number(event.get("output_index")))
        opened = None if item is None else item.parts.get(_number(event.get("content_index")))
        if opened is None:
            item, place = self._place(event, "message")
            if place in item.ended:
                return
            refused = event["type"] == "response.refusal.delta"
            opened = self._start(item, place, RefusalPart() if refused else TextPart())
        text = event.get("delta")
        if type(text) is not str or not text:
            text = ""
        raw = event.get("logprobs")
        if raw:
            opened.logprobs = True
            self._events.append(PartDelta(opened.index, text, logprobs=read_logprobs(raw)))
        elif text:
            self._events.append(PartDelta(opened.index, text))
        opened.length += len(text)

    def _annotation(self, event: JsonObject) -> None:
        annotation = event.get("annotation")
        item, place = self._place(event, "message")
        if place in item.ended:
            return
        opened = item.parts.get(place) or self._start(item, place, TextPart())
        if isinstance(annotation, dict) and isinstance(opened.part, TextPart):
            opened.citations += 1
            self._events.append(PartDelta(opened.index, citations=[read_annotation(annotation)]))

    def _content_done(self, event: JsonObject) -> None:
        part = event.get("part")
        if not isinstance(part, dict) or part.get("type") not in ("output_text", "refusal"):
            return
        item, place = self._place(event, "message")
        if place in item.ended:
            return
        whole: Part = RefusalPart(_string(part.get("refusal")))
        if part["type"] == "output_text":
            whole = TextPart(
                _string(part.get("text")),
                read_annotations(part.get("annotations")),
                read_logprobs(part.get("logprobs")),
            )
        self._complete(item, place, whole)
        self._end(item, place)

    # Reasoning

    def _reasoning_delta(self, event: JsonObject) -> None:
        text = event.get("delta")
        if type(text) is not str or not text:
            return
        item, _ = self._place(event, "reasoning")
        summary = "summary_index" in event
        section = _number(event.get("summary_index" if summary else "content_index"))
        opened = item.parts.get(0)
        if opened is None:
            if 0 in item.ended:
                return
            opened = self._start(item, 0, ThinkingPart(summary=summary, id=_id(item.source), origin=NAME))
            opened.section = section
        elif not isinstance(opened.part, ThinkingPart) or opened.part.summary != summary:
            return  # the same thought told twice, summarised and in full
        if section != opened.section:
            opened.section = section
            text = SUMMARY_BREAK + text
        opened.length += len(text)
        self._events.append(PartDelta(opened.index, text))

    # Calls

    def _arguments_delta(self, event: JsonObject) -> None:
        item = self._items.get(_number(event.get("output_index")))
        text = event.get("delta")
        if item is None or type(text) is not str or not text:
            return
        opened = item.parts.get(0)
        if opened is not None:
            opened.pieces.append(text)
            self._events.append(PartDelta(opened.index, text))

    def _arguments_done(self, event: JsonObject) -> None:
        item = self._items.get(_number(event.get("output_index")))
        whole = event.get("input" if event["type"] == "response.custom_tool_call_input.done" else "arguments")
        opened = None if item is None else item.parts.get(0)
        if opened is not None and isinstance(opened.part, ToolCallPart) and type(whole) is str:
            self._rest_of_arguments(opened, whole)


def _empty_like(whole: Part) -> Part:
    if isinstance(whole, RefusalPart):
        return RefusalPart()
    if isinstance(whole, ThinkingPart):
        return ThinkingPart(summary=whole.summary, id=whole.id, origin=whole.origin)
    return TextPart() if isinstance(whole, TextPart) else whole


def _same_json(one: str, other: str) -> bool:
    try:
        return bool(orjson.loads(one) == orjson.loads(other))
    except orjson.JSONDecodeError:
        return False


def _id(source: JsonObject) -> str | None:
    return _string(source.get("id")) or None


def _number(value: Any) -> int:
    return value if type(value) is int else 0


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


_Reader = ResponsesStreamReader
_HANDLERS: dict[str, Callable[[ResponsesStreamReader, JsonObject], None]] = {
    "response.created": _Reader._begin,
    "response.queued": _Reader._begin,
    "response.in_progress": _Reader._begin,
    "response.completed": _Reader._finish,
    "response.incomplete": _Reader._finish,
    "response.failed": _Reader._finish,
    "response.cancelled": _Reader._finish,
    "error": _Reader._fail,
    "response.output_item.added": _Reader._item_added,
    "response.output_item.done": _Reader._item_done,
    "response.content_part.added": _Reader._content_added,
    "response.content_part.done": _Reader._content_done,
    "response.output_text.delta": _Reader._text_delta,
    "response.refusal.delta": _Reader._text_delta,
    "response.output_text.annotation.added": _Reader._annotation,
    "response.reasoning_summary_text.delta": _Reader._reasoning_delta,
    "response.reasoning_text.delta": _Reader._reasoning_delta,
    "response.function_call_arguments.delta": _Reader._arguments_delta,
    "response.function_call_arguments.done": _Reader._arguments_done,
    "response.custom_tool_call_input.delta": _Reader._arguments_delta,
    "response.custom_tool_call_input.done": _Reader._arguments_done,
}

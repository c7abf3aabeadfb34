"""A streamed answer of a vendor, read event by event.

Spec: https://platform.claude.com/docs/en/build-with-claude/streaming

Vendors that imitate the protocol leave out `message_start`, block starts or stops, or send a call's whole input with its
start; all of that is made good here, so that the grammar of `core.events` always holds.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import JsonObject, OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.text import Text
from crawdad.wire.anthropic.answer_reader import message_end, message_start, read_part, text_of
from crawdad.wire.anthropic.blocks_reader import opaque
from crawdad.wire.anthropic.blocks_writer import arguments_object
from crawdad.wire.anthropic.citations import read_citation
from crawdad.wire.anthropic.errors import error_of
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.anthropic.usage import overlay
from crawdad.wire.fields import parse_event, rest, unreadable
from crawdad.wire.sse import MAX_EVENT_BYTES, SseSplitter, event_data

_MAX_OPEN_BLOCKS = 4096
_DELTA = frozenset({"stop_reason", "stop_sequence", "stop_details"})
_DELTA_EVENT = frozenset({"type", "delta", "usage"})


class _OpenBlock:
    """A block that has started and not ended. `index` is that of its part; `input` what came as a call's whole input."""

    __slots__ = ("index", "input", "opaque", "pieces", "size")

    def __init__(self, index: int, opaque_part: OpaquePart | None = None) -> None:
        self.index = index
        self.opaque = opaque_part
        self.input = ""
        self.pieces: dict[str, list[str]] = {}
        self.size = 0


class AnthropicStreamReader:
    """`Codec.stream_reader` of this protocol."""

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._blocks: dict[int, _OpenBlock] = {}
        self._parts = 0
        self._last = 0
        self._started = False
        self._called = False
        self._finished = False
        self._usage: JsonObject = {}
        self._delta: JsonObject = {}
        self._extra: JsonObject = {}
        self._error: GatewayError | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. What came before an error in the same chunk is given first."""
        if self._error is not None:
            raise self._error
        events: list[StreamEvent] = []
        try:
            for raw in self._splitter.feed(chunk):
                data = _data(raw)
                if data is not None:
                    self._read(data, events)
        except GatewayError as error:
            if not events:
                raise
            self._error = error
        return events

    def close(self) -> list[StreamEvent]:
        """End of input. A missing `message_stop` is forgiven once the stop reason was told."""
        if self._error is not None:
            raise self._error
        events: list[StreamEvent] = []
        rest_of_input = self._splitter.close().strip()
        data = event_data(rest_of_input + b"\n\n")
        if data is None and rest_of_input.startswith(b"{") and not self._started:
            data = rest_of_input  # a fault told as plain JSON where a stream was asked for
        if data is not None and _complete_json(data):
            self._read(data, events)
        if not self._finished:
            if self._delta.get("stop_reason") is None:
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
            self._finish({}, events)
        return events

    def _read(self, data: bytes, events: list[StreamEvent]) -> None:
        if self._finished or data == b"[DONE]":
            return
        event = parse_event(data)
        if not isinstance(event, dict):
            raise unreadable("an event is no JSON object")
        kind = event.get("type")
        handler = _HANDLERS.get(kind) if isinstance(kind, str) else None
        if handler is not None:
            handler(self, event, events)
        elif kind is None and "error" in event:
            raise error_of(event)

    def _fail(self, event: JsonObject, events: list[StreamEvent]) -> None:
        raise error_of(event)

    def _start(self, event: JsonObject, events: list[StreamEvent]) -> None:
        if self._started:
            return
        self._started = True
        message = event.get("message")
        message = message if isinstance(message, dict) else {}
        self._usage = overlay({}, message.get("usage"))
        events.append(message_start(message))

    def _start_block(self, event: JsonObject, events: list[StreamEvent]) -> None:
        block = event.get("content_block")
        if not isinstance(block, dict):
            raise unreadable("content_block_start without a block")
        index = event.get("index")
        self._last = index if isinstance(index, int) else self._last + 1
        self._end_block(self._last, events)  # the vendor forgot to
        if len(self._blocks) >= _MAX_OPEN_BLOCKS:
            raise unreadable("too many open blocks")
        part = read_part(block)
        whole_input = ""
        if isinstance(part, ToolCallPart):
            whole_input, part.arguments = part.arguments, ""
        self._open(part, events).input = whole_input

    def _open(self, part: Part, events: list[StreamEvent]) -> _OpenBlock:
        """Open the block at `_last`. An opaque part is told only when it is complete."""
        if not self._started:
            self._start({}, events)
        if isinstance(part, OpaquePart):
            opened = _OpenBlock(-1, OpaquePart(part.protocol, part.kind, dict(part.raw)))
        else:
            opened = _OpenBlock(self._parts)
            self._called = self._called or isinstance(part, ToolCallPart)
            events.append(PartStart(self._parts, part))
            self._parts += 1
        self._blocks[self._last] = opened
        return opened

    def _block_delta(self, event: JsonObject, events: list[StreamEvent]) -> None:
        delta = event.get("delta")
        if not isinstance(delta, dict):
            return
        index = event.get("index", self._last)
        block = self._blocks.get(index) if isinstance(index, int) else None
        kind = delta.get("type")
        if block is None:
            missing = _MISSING.get(kind) if isinstance(kind, str) else None
            if missing is None or not text_of(delta, missing[0]):
                return
            self._last = index if isinstance(index, int) else self._last
            block = self._open(missing[1](), events)
        if block.opaque is not None:
            _grow_opaque(block, block.opaque, delta)
            return
        key = _TEXT_KEYS.get(kind) if isinstance(kind, str) else None
        if key is not None:
            text = delta.get(key)
            if text and isinstance(text, str):
                block.input = ""  # the pieces tell the input again
                events.append(PartDelta(block.index, text))
        elif kind == "signature_delta":
            signature = text_of(delta, "signature")
            if signature:
                events.append(PartDelta(block.index, signature=signature))
        elif kind == "citations_delta" and isinstance(delta.get("citation"), dict):
            events.append(PartDelta(block.index, citations=[read_citation(delta["citation"])]))

    def _stop_block(self, event: JsonObject, events: list[StreamEvent]) -> None:
        index = event.get("index", self._last)
        if isinstance(index, int):
            self._end_block(index, events)

    def _end_block(self, index: int, events: list[StreamEvent]) -> None:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        if block.opaque is not None:
            block.index = self._parts
            self._parts += 1
            events.append(PartStart(block.index, _complete(block, block.opaque)))
        elif block.input:
            events.append(PartDelta(block.index, block.input))
        events.append(PartEnd(block.index))

    def _message_delta(self, event: JsonObject, events: list[StreamEvent]) -> None:
        self._usage = overlay(self._usage, event.get("usage"))
        delta = event.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        for source, known in ((event, _DELTA_EVENT), (delta, _DELTA)):
            self._extra.update((key, value) for key, value in rest(source, known).items() if value is not None)
        if delta.get("stop_reason") is not None:
            self._delta = delta

    def _finish(self, event: JsonObject, events: list[StreamEvent]) -> None:
        if not self._started:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        for index in list(self._blocks):
            self._end_block(index, events)
        self._finished = True
        end: MessageEnd = message_end(self._delta, self._usage, self._called)
        end.extra.update(self._extra)
        events.append(end)


def _data(event: bytes) -> bytes | None:
    """The data of one raw event, quickly for the form that the vendor sends: a name line and a data line."""
    at = event.find(b"\ndata: ", 0, 64)
    if at > 0 and event.count(b"\n") == 3 and event.startswith(b"event: ") and b"\r" not in event:
        return event[at + 7 : -2] or None
    return event_data(event)


def _complete_json(data: bytes) -> bool:
    """Whether the last event, which has no blank line after it, came in full."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True


def _grow_opaque(block: _OpenBlock, opened: OpaquePart, delta: JsonObject) -> None:
    """Let a block that is told whole grow: strings are extended, anything else is set."""
    for key, value in delta.items():
        if key == "type" or value is None:
            continue
        if not isinstance(value, str):
            opened.raw[key] = value
            continue
        block.size += len(value)
        if block.size > MAX_EVENT_BYTES:
            raise unreadable("block too large")
        block.pieces.setdefault(key, []).append(value)


def _complete(block: _OpenBlock, opened: OpaquePart) -> OpaquePart:
    """The opaque part with what came in pieces; pieces of JSON are its input."""
    for key, pieces in block.pieces.items():
        text = "".join(pieces)
        if key != "partial_json":
            opened.raw[key] = text_of(opened.raw, key) + text
        elif text:
            opened.raw["input"] = arguments_object(text)
    return opaque(opened.raw)


_TEXT_KEYS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
_MISSING: dict[str, tuple[str, Callable[[], Part]]] = {
    "text_delta": ("text", TextPart),
    "thinking_delta": ("thinking", lambda: ThinkingPart(origin=NAME)),
}
_HANDLERS: dict[str, Callable[[AnthropicStreamReader, JsonObject, list[StreamEvent]], None]] = {
    "content_block_delta": AnthropicStreamReader._block_delta,
    "content_block_start": AnthropicStreamReader._start_block,
    "content_block_stop": AnthropicStreamReader._stop_block,
    "message_start": AnthropicStreamReader._start,
    "message_delta": AnthropicStreamReader._message_delta,
    "message_stop": AnthropicStreamReader._finish,
    "error": AnthropicStreamReader._fail,
}

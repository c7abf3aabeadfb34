"""A streamed answer for a client.

The vendor never has two blocks open at once, and clients count on it. Parts that interleave are therefore told one after
the other: the oldest open part goes out as it grows, the others wait for their turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import JsonObject, Part, RefusalPart, ToolCallPart
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.anthropic.errors import write_error
from crawdad.wire.anthropic.stops import write_stop
from crawdad.wire.anthropic.stream_blocks import BlockWriter, block_writer, frame
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.anthropic.usage import write_usage
from crawdad.wire.codec import ReplyContext

_PING = frame("ping", {"type": "ping"})


class AnthropicStreamWriter:
    """`Codec.stream_writer` of this protocol."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._native = False
        self._called = False
        self._refused = False
        self._blocks = 0
        self._open: dict[int, BlockWriter] = {}  # in the order of their start
        self._waiting: dict[int, list[PartDelta | PartEnd]] = {}
        self._head = -1

    def send(self, event: StreamEvent) -> bytes:
        """The bytes that tell `event`."""
        return _SENDERS[type(event)](self, event)

    def fail(self, error: GatewayError, language: Language = "en") -> bytes:
        """The error event, after which the vendor says nothing more."""
        return frame("error", write_error(error, language)[1])

    def ping(self) -> bytes:
        """The vendor's own keep-alive."""
        return _PING

    def claim(self) -> int:
        """The next block index; blocks that turn out empty never claim one."""
        self._blocks += 1
        return self._blocks - 1

    def _message_start(self, event: MessageStart) -> bytes:
        self._native = event.protocol == NAME
        extra = dict(event.extra) if self._native else {}
        usage_extra = extra.pop("usage", None)
        message: JsonObject = {
            **extra,
            "id": f"msg_{self._context.reply_id}",
            "type": "message",
            "role": "assistant",
            "model": self._context.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "usage": write_usage(event.usage or Usage(), usage_extra),
        }
        return frame("message_start", {"type": "message_start", "message": message}) + _PING

    def _part_start(self, event: PartStart) -> bytes:
        if event.choice:
            return b""  # there is one choice here
        part: Part = event.part
        self._called = self._called or isinstance(part, ToolCallPart)
        self._refused = self._refused or isinstance(part, RefusalPart)
        block = block_writer(part, event.index, self._context, self.claim)
        self._open[event.index] = block
        if len(self._open) > 1:
            self._waiting[event.index] = []
            return b""
        self._head = event.index
        return block.begin()

    def _part_delta(self, event: PartDelta) -> bytes:
        if event.index == self._head:
            return self._open[event.index].grow(event)
        if event.index in self._waiting:
            self._waiting[event.index].append(event)
        return b""

    def _part_end(self, event: PartEnd) -> bytes:
        if event.index != self._head:
            if event.index in self._waiting:
                self._waiting[event.index].append(event)
            return b""
        pieces = [self._open.pop(event.index).end()]
        self._head = next(iter(self._open), -1)
        while self._head >= 0:
            block = self._open[self._head]
            pieces.append(block.begin())
            for held in self._waiting.pop(self._head):
                pieces.append(block.end() if isinstance(held, PartEnd) else block.grow(held))
                if isinstance(held, PartEnd):
                    del self._open[self._head]
            if self._head in self._open:
                break
            self._head = next(iter(self._open), -1)
        return b"".join(pieces)

    def _message_end(self, event: MessageEnd) -> bytes:
        extra = dict(event.extra) if self._native else {}
        usage_extra = extra.pop("usage", None)
        delta = write_stop(event.stop, native=self._native, called=self._called, refused=self._refused)
        if "container" in extra:
            delta["container"] = extra.pop("container")
        usage = write_usage(event.usage, usage_extra)
        last: JsonObject = {**extra, "type": "message_delta", "delta": delta, "usage": usage}
        return frame("message_delta", last) + frame("message_stop", {"type": "message_stop"})


_SENDERS: dict[type, Callable[[AnthropicStreamWriter, Any], bytes]] = {
    PartDelta: AnthropicStreamWriter._part_delta,
    PartStart: AnthropicStreamWriter._part_start,
    PartEnd: AnthropicStreamWriter._part_end,
    MessageStart: AnthropicStreamWriter._message_start,
    MessageEnd: AnthropicStreamWriter._message_end,
}

"""Streams as people read them: what was told, put together again from its pieces. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartStart, StreamEvent
from crawdad.core.parts import MediaPart, RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import Growing
from crawdad.core.usage import Usage
from crawdad.wire import codecs
from crawdad.wire.profile import DEFAULT
from crawdad.wire.sse import SseSplitter


def told(protocol: str, stream: bytes, usage: Usage) -> bytes | None:
    """The stream (server-sent events of a client's protocol) as JSON: thinking, content, tool calls, tokens, stop reason.

    `usage` is what is known of it otherwise: some clients do not hear it. None where nothing in the stream is understood.
    """
    collected = _Collected(usage)
    try:
        reader = codecs.get(protocol).stream_reader(DEFAULT)
        splitter = SseSplitter()
        for event in splitter.feed(stream):
            collected.add(reader.feed(event))
        collected.add(reader.close())
    except GatewayError as error:  # an error event, or an end in the middle: what came before was told all the same
        collected.error = error.message()
    document = collected.document()
    return orjson.dumps(document, option=orjson.OPT_INDENT_2, default=str) if document else None


class _Collected:
    def __init__(self, usage: Usage) -> None:
        self._parts: dict[int, Growing] = {}
        self._usage = replace(usage)
        self._stop: str | None = None
        self.error: str | None = None

    def add(self, events: list[StreamEvent]) -> None:
        for event in events:
            if isinstance(event, PartStart):
                self._parts[event.index] = Growing(event.part)
            elif isinstance(event, MessageEnd):
                self._usage.merge(event.usage)
                self._stop = event.stop.reason
            elif isinstance(event, PartDelta):
                if event.index in self._parts:
                    self._parts[event.index].add(event)
            elif isinstance(event, MessageStart) and event.usage is not None:
                self._usage.merge(event.usage)

    def document(self) -> dict[str, Any]:
        """Empty where nothing was understood."""
        found: dict[str, Any] = {}
        parts = [self._parts[index].part for index in sorted(self._parts)]
        for name, kind in (("thinking", ThinkingPart), ("content", TextPart), ("refusal", RefusalPart)):
            text = "".join(part.text for part in parts if isinstance(part, kind))
            if text:
                found[name] = text
        signatures = [part.signature for part in parts if isinstance(part, ThinkingPart) and part.signature]
        if signatures:
            found["thinking_signature"] = signatures[-1]
        calls = [part for part in parts if isinstance(part, ToolCallPart)]
        if calls:
            found["tool_calls"] = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]
        media = [part.kind for part in parts if isinstance(part, MediaPart)]
        if media:
            found["media"] = media
        if not found:
            return {}
        if self._usage.known:
            found |= {"input_tokens": self._usage.input_tokens, "output_tokens": self._usage.output_tokens}
        if self._stop:
            found["stop_reason"] = self._stop
        if self.error:
            found["error"] = self.error
        return found

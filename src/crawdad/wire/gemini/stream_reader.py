"""An upstream's stream -> events: server-sent events (`alt=sse`), and what else Google puts into such a stream.

An error in mid-stream comes as an event or as bare JSON lines without `data:`; an upstream that does not know `alt=sse`
sends one JSON array. Both are understood.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.events import StreamEvent
from crawdad.wire.fields import parse_upstream
from crawdad.wire.gemini.answer_reader import AnswerReader
from crawdad.wire.gemini.errors import error_from
from crawdad.wire.sse import SseSplitter, event_data


class GeminiStreamReader:
    """Reads one streamed answer."""

    __slots__ = ("_answer", "_splitter")

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._answer = AnswerReader()

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises `GatewayError` for errors and unreadable input."""
        events: list[StreamEvent] = []
        for event in self._splitter.feed(chunk):
            events += self._event(event)
        return events

    def close(self) -> list[StreamEvent]:
        """End of input. Raises UPSTREAM_BROKEN when no finish reason has come."""
        return self._event(self._splitter.close()) + self._answer.end()

    def _event(self, event: bytes) -> list[StreamEvent]:
        data = event_data(event)
        if data is None:
            data = event.strip()
            if not data.startswith((b"{", b"[")):
                return []  # a comment or an empty line
        elif not data.strip() or data == b"[DONE]":  # some proxies end as OpenAI does
            return []
        chunk = parse_upstream(data)
        if isinstance(chunk, list):
            return [event for item in chunk for event in self._take(item)]
        return self._take(chunk)

    def _take(self, chunk: Any) -> list[StreamEvent]:
        if isinstance(chunk, dict) and chunk.get("error"):
            raise error_from(chunk)
        return self._answer.take(chunk)

"""An upstream's stream -> events: server-sent events (`alt=sse`), and what else Google puts into such a stream.

An error in mid-stream comes as an event or as bare JSON lines without `data:`; an upstream that does not know `alt=sse`
sends one JSON array. Both are understood.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.wire.fields import parse_event, unreadable
from crawdad.wire.gemini.answer_reader import AnswerReader
from crawdad.wire.gemini.errors import error_from
from crawdad.wire.sse import MAX_EVENT_BYTES, SseSplitter, event_data


class GeminiStreamReader:
    """Reads one streamed answer."""

    __slots__ = ("_answer", "_bare", "_error", "_size", "_splitter")

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._answer = AnswerReader()
        self._bare: list[bytes] = []
        self._size = 0
        self._error: GatewayError | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises `GatewayError` for errors and unreadable input; what came before them in
        the same chunk is given first."""
        if self._error is not None:
            raise self._error
        events: list[StreamEvent] = []
        try:
            for event in self._splitter.feed(chunk):
                events += self._event(event)
        except GatewayError as error:
            if not events:
                raise
            self._error = error
        return events

    def close(self) -> list[StreamEvent]:
        """End of input. Raises UPSTREAM_BROKEN when no finish reason has come."""
        if self._error is not None:
            raise self._error
        events = self._event(self._splitter.close() + b"\n\n")
        if self._bare:
            events += self._json(b"".join(self._bare))
        return events + self._answer.end()

    def _event(self, event: bytes) -> list[StreamEvent]:
        data = event_data(event)
        if data is None:
            self._keep_bare(event)
            return []
        if not data.strip() or data == b"[DONE]":  # some proxies end as OpenAI does
            return []
        return self._json(data)

    def _keep_bare(self, event: bytes) -> None:
        """JSON outside of events is whole only at the end."""
        if self._bare or event.lstrip().startswith((b"{", b"[")):
            self._size += len(event)
            if self._size > MAX_EVENT_BYTES:
                raise unreadable("event too large")
            self._bare.append(event)

    def _json(self, data: bytes) -> list[StreamEvent]:
        chunk = parse_event(data)
        if isinstance(chunk, list):
            return [event for item in chunk for event in self._take(item)]
        return self._take(chunk)

    def _take(self, chunk: Any) -> list[StreamEvent]:
        if isinstance(chunk, dict) and chunk.get("error"):
            raise error_from(chunk)
        return self._answer.take(chunk)

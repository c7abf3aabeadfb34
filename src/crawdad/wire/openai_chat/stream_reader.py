"""An upstream's stream of `chat.completion.chunk` events.

The stream is complete when every choice has told a `finish_reason` or the terminator `[DONE]` has come: some vendors leave
out the one, some the other.
"""

from __future__ import annotations

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.text import Text
from crawdad.wire.fields import parse_event, unreadable
from crawdad.wire.openai_chat.answer import Answer
from crawdad.wire.openai_chat.errors import error_of, is_error
from crawdad.wire.sse import SseReader

_DONE = b"[DONE]"


class ChatStreamReader:
    """Bytes in, events out. An error is raised only after the events before it have been given."""

    __slots__ = ("_answer", "_done", "_error", "_sse")

    def __init__(self) -> None:
        self._sse = SseReader()
        self._answer = Answer()
        self._done = False
        self._error: GatewayError | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises `GatewayError` for error events and unreadable input."""
        if self._error is not None:
            raise self._error
        events: list[StreamEvent] = []
        try:
            for data in self._sse.feed(chunk):
                self._take(data, events)
        except GatewayError as error:
            if not events:
                raise
            self._error = error
        return events

    def close(self) -> list[StreamEvent]:
        """The last events. Raises UPSTREAM_BROKEN when the answer was not finished."""
        if self._error is not None:
            raise self._error
        events: list[StreamEvent] = []
        for data in self._sse.close():
            if _is_whole(data):  # a last event that was cut off counts as not sent
                self._take(data, events)
        if not self._done:
            if not self._answer.stopped:
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
            self._done = True
            events += self._answer.finish()
        return events

    def _take(self, data: bytes, events: list[StreamEvent]) -> None:
        if self._done or not data:
            return
        if data.startswith(_DONE):
            if not self._answer.started:
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
            self._done = True
            events += self._answer.finish()
            return
        chunk = parse_event(data)
        if not isinstance(chunk, dict):
            raise unreadable("an event is not a JSON object")
        if is_error(chunk):
            raise error_of(chunk) or unreadable("an error without words")
        events += self._answer.take(chunk)


def _is_whole(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.startswith(_DONE)
    return True

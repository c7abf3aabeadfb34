"""Watching an express-lane stream: the bytes go on as they are."""

from __future__ import annotations

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.gemini.stops import read_stop
from crawdad.wire.gemini.usage import has_counts, read_usage
from crawdad.wire.sse import event_data

_TELLING = (b'"usageMetadata"', b'"finishReason"', b'"blockReason"', b'"functionCall"', b'"error"')


class GeminiTap:
    """Learns usage, model and stop from raw events. Every chunk of Google's tells the usage so far."""

    __slots__ = ("_called", "closed", "failed", "finished", "model", "stop", "usage")

    def __init__(self) -> None:
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False
        self.closed = False  # the end of the stream is the end of the body: there is no last event
        self.failed = False
        self._called = False

    def feed(self, event: bytes) -> bool:
        """Look at one raw event. Never raises."""
        if not any(word in event for word in _TELLING):
            return True
        data = event_data(event)
        try:
            chunk = orjson.loads(data or b"null")
        except orjson.JSONDecodeError:
            return True
        if isinstance(chunk, dict):
            self.take(chunk)
        return True

    def take(self, chunk: JsonObject) -> None:
        """Learn from one chunk, or from a whole answer."""
        self.failed = self.failed or isinstance(chunk.get("error"), dict)
        self._called = self._called or _calls(chunk)
        raw = chunk.get("usageMetadata")
        if isinstance(raw, dict) and has_counts(raw):
            self.usage = read_usage(raw)
        model = chunk.get("modelVersion")
        if isinstance(model, str):
            self.model = model
        candidates, feedback = chunk.get("candidates"), chunk.get("promptFeedback")
        first = candidates[0] if isinstance(candidates, list) and candidates else None
        reason = first.get("finishReason") if isinstance(first, dict) else None
        if reason is None and isinstance(feedback, dict):
            reason = feedback.get("blockReason")
        if isinstance(reason, str):
            blocked = not isinstance(first, dict)
            self.stop = "content_filter" if blocked else read_stop(reason, self._called, None).reason
            self.finished = True


def _calls(chunk: JsonObject) -> bool:
    """Whether a chunk holds a function call."""
    candidates = chunk.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    content = first.get("content") if isinstance(first, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    return any(isinstance(part, dict) and "functionCall" in part for part in (parts if isinstance(parts, list) else ()))

"""Watching an express-lane stream: the bytes go on as they are."""

from __future__ import annotations

import orjson

from crawdad.core.usage import Usage
from crawdad.wire.gemini.usage import has_counts, read_usage
from crawdad.wire.sse import event_data


class GeminiTap:
    """Learns usage, model and stop from raw events. Every chunk of Google's tells the usage so far."""

    __slots__ = ("finished", "model", "stop", "usage")

    def __init__(self) -> None:
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False

    def feed(self, event: bytes) -> None:
        """Look at one raw event. Never raises."""
        if b'"usageMetadata"' not in event and b'"finishReason"' not in event and b'"blockReason"' not in event:
            return
        data = event_data(event)
        try:
            chunk = orjson.loads(data or b"null")
        except orjson.JSONDecodeError:
            return
        if not isinstance(chunk, dict):
            return
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
            self.stop = reason
            self.finished = True

"""Watching an express-lane stream: the bytes go on as they are."""

from __future__ import annotations

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.gemini.spelling import camel_fields
from crawdad.wire.gemini.stops import UNSPECIFIED, read_stop
from crawdad.wire.gemini.usage import has_counts, read_usage
from crawdad.wire.sse import event_data

_TELLING = (b'"usageMetadata"', b'"finishReason"', b'"blockReason"', b'"functionCall"', b'"error"')


class GeminiTap:
    """Learns usage, model and stop (of the first candidate) from raw events. Every chunk of Google's tells the usage so far.

    Where `several` candidates were asked for the answer is complete only when every one that began has ended.
    """

    __slots__ = (
        "_blocked",
        "_called",
        "_open",
        "_several",
        "_stops",
        "closed",
        "failed",
        "finished",
        "model",
        "stop",
        "usage",
    )

    def __init__(self, several: bool = False) -> None:
        self._several = several
        self._open: set[int] = set()
        self._stops: dict[int, str] = {}
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False
        self.closed = False  # the end of the stream is the end of the body: there is no last event
        self.failed = False
        self._blocked = False
        self._called: set[int] = set()

    def feed(self, event: bytes) -> bool:
        """Look at one raw event. Never raises."""
        if not self._several and not any(word in event for word in _TELLING):
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
        self.failed = self.failed or bool(chunk.get("error"))
        raw = chunk.get("usageMetadata")
        if isinstance(raw, dict) and has_counts(raw):
            self.usage = read_usage(raw)
        model = chunk.get("modelVersion")
        if isinstance(model, str):
            self.model = model
        candidates, feedback = chunk.get("candidates"), chunk.get("promptFeedback")
        for candidate in candidates if isinstance(candidates, list) else ():
            if isinstance(candidate, dict):
                self._take_candidate(candidate)
        self._blocked = self._blocked or (isinstance(feedback, dict) and bool(feedback.get("blockReason")))
        if self._stops:
            self.stop = self._stops[min(self._stops)]
        elif self._blocked:
            self.stop = "content_filter"
        self.finished = (self._blocked or bool(self._stops)) and not self._open

    def _take_candidate(self, candidate: JsonObject) -> None:
        index, reason = candidate.get("index"), candidate.get("finishReason")
        number = index if type(index) is int else 0
        if _calls(candidate):
            self._called.add(number)
        if isinstance(reason, str) and reason and reason != UNSPECIFIED:
            self._open.discard(number)
            self._stops[number] = read_stop(reason, number in self._called, None).reason
        elif number not in self._stops:
            self._open.add(number)


def asks_for_several(body: JsonObject) -> bool:
    """Whether a request wants more than one candidate."""
    generation = camel_fields(body).get("generationConfig")
    return isinstance(generation, dict) and camel_fields(generation).get("candidateCount") not in (None, 1, "1")


def _calls(candidate: JsonObject) -> bool:
    """Whether a piece of a candidate holds a function call."""
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    return any(isinstance(part, dict) and "functionCall" in part for part in (parts if isinstance(parts, list) else ()))

"""Watching a stream that travels verbatim: what it costs, which model answers, how it ends."""

from __future__ import annotations

import orjson

from crawdad.core.usage import Usage
from crawdad.wire.openai_chat.stops import read_stop
from crawdad.wire.openai_chat.usage import usage_of
from crawdad.wire.sse import event_data


class ChatTap:
    """Parses only events that can hold usage or a finish reason, and the first one for the model's name.

    `stop` is in the words of `core.events.StopReason`, of the first choice.
    """

    __slots__ = ("_called", "finished", "model", "stop", "usage")

    def __init__(self) -> None:
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False
        self._called = False

    def feed(self, event: bytes) -> None:
        """Look at one raw SSE event. Never raises."""
        if not self._called and b'"tool_calls"' in event and _tells(event, b'"tool_calls"'):
            self._called = True
        if self.model is not None and not _tells(event, b'"usage"') and not _tells(event, b'"finish_reason"'):
            if event.startswith(b"data: [DONE]") or event.startswith(b"data:[DONE]"):
                self.finished = True
            return
        data = event_data(event)
        if not data:
            return
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            self.finished = self.finished or data.startswith(b"[DONE]")
            return
        if isinstance(chunk, dict):
            self._take(chunk)

    def _take(self, chunk: dict[str, object]) -> None:
        model, choices = chunk.get("model"), chunk.get("choices")
        if self.model is None and isinstance(model, str) and model:
            self.model = model
        usage = usage_of(chunk)
        if usage is not None:
            self.usage.merge(usage)
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and choice.get("finish_reason"):
                self.finished = True
                if self.stop is None:
                    self.stop = read_stop(choice, self._called, refused=False).reason


def _tells(event: bytes, key: bytes) -> bool:
    """Whether `key` stands in the event with a value other than null."""
    position = event.find(key)
    while position >= 0:
        position += len(key)
        if not event[position : position + 12].lstrip(b" :\t").startswith(b"null"):
            return True
        position = event.find(key, position)
    return False

"""Watching a stream that travels verbatim: what it costs, which model answers, how it ends."""

from __future__ import annotations

import orjson

from crawdad.core.usage import Usage
from crawdad.wire.openai_chat.stops import read_stop
from crawdad.wire.openai_chat.usage import usage_of
from crawdad.wire.sse import event_data


class ChatTap:
    """Parses only events that can hold usage or a finish reason, and the first one for the model's name. Where `several`
    choices were asked for it parses them all: the answer is complete only when every choice that began has ended.

    `stop` is in the words of `core.events.StopReason`, of the first choice.
    """

    __slots__ = (
        "_called",
        "_hide_usage",
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

    def __init__(self, hide_usage: bool = False, several: bool = False) -> None:
        self._hide_usage = hide_usage
        self._several = several
        self._open: set[int] = set()
        self._stops: dict[int, str] = {}
        self.closed = False
        self.failed = False
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False
        self._called = False

    def feed(self, event: bytes) -> bool:
        """Look at one raw SSE event; False for the usage chunk that the client did not ask for. Never raises."""
        if not self._called and b'"tool_calls"' in event and _tells(event, b'"tool_calls"'):
            self._called = True
        if (
            self.model is not None
            and not self._several
            and not _tells(event, b'"usage"')
            and not _tells(event, b'"finish_reason"')
            and not _tells(event, b'"error"')
        ):
            if b"[DONE]" in event and (event_data(event) or b"").startswith(b"[DONE]"):
                self.finished = self.closed = True
            return True
        data = event_data(event)
        if not data:
            return True
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            if data.startswith(b"[DONE]"):
                self.finished = self.closed = True
            return True
        if not isinstance(chunk, dict):
            return True
        self.failed = self.failed or bool(chunk.get("error"))
        self._take(chunk)
        return not (self._hide_usage and chunk.get("choices") == [] and chunk.get("usage"))

    def _take(self, chunk: dict[str, object]) -> None:
        model, choices = chunk.get("model"), chunk.get("choices")
        if self.model is None and isinstance(model, str) and model:
            self.model = model
        usage = usage_of(chunk)
        if usage is not None:
            self.usage.merge(usage)
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self._take_choice(choice)

    def _take_choice(self, choice: dict[str, object]) -> None:
        index = choice.get("index")
        number = index if type(index) is int else 0
        self.failed = self.failed or bool(choice.get("error"))  # OpenRouter
        if choice.get("finish_reason"):
            self._open.discard(number)
            self._stops[number] = read_stop(choice, self._called, refused=False).reason
            self.stop = self._stops[min(self._stops)]
        elif number not in self._stops:
            self._open.add(number)
        self.finished = self.closed or (bool(self._stops) and not self._open)


def _tells(event: bytes, key: bytes) -> bool:
    """Whether `key` stands in the event with a value other than null."""
    position = event.find(key)
    while position >= 0:
        position += len(key)
        if not event[position : position + 12].lstrip(b" :\t").startswith(b"null"):
            return True
        position = event.find(key, position)
    return False

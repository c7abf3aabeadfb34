"""What a stream on the express lane tells in passing: usage, model, and how it ended."""

from __future__ import annotations

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.anthropic.stops import stop_reason
from crawdad.wire.anthropic.usage import overlay, read_usage
from crawdad.wire.sse import event_data


class AnthropicTap:
    """`Codec.tap` of this protocol. `stop` is the reason in the words of `core.events`."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False
        self.closed = False
        self.failed = False
        self._raw: JsonObject = {}

    def feed(self, event: bytes) -> bool:
        """Look at one raw SSE event; only those that begin or end the message are parsed."""
        if event.startswith(b"event: content_block") or (b"message_" not in event and b'"error"' not in event):
            return True
        try:
            value = orjson.loads(event_data(event) or b"")
        except orjson.JSONDecodeError:
            return True
        if isinstance(value, dict):
            self._learn(value)
        return True

    def _learn(self, value: JsonObject) -> None:
        kind = value.get("type")
        if kind == "message_start" and isinstance(value.get("message"), dict):
            model = value["message"].get("model")
            self.model = model if isinstance(model, str) else self.model
            self._take(value["message"].get("usage"))
        elif kind == "message_delta":
            self._take(value.get("usage"))
            delta = value.get("delta")
            if isinstance(delta, dict) and delta.get("stop_reason") is not None:
                self.stop = stop_reason(delta["stop_reason"])
                self.finished = True
        elif kind == "message_stop":
            self.finished = self.closed = True
        elif kind == "error":
            self.failed = True

    def _take(self, usage: object) -> None:
        self._raw = overlay(self._raw, usage)
        self.usage = read_usage(self._raw)

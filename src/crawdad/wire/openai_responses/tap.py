"""Watching an express-lane stream: the bytes go on as they are, we learn usage and how it ended."""

from __future__ import annotations

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.openai_responses.stops import read_stop
from crawdad.wire.openai_responses.usage import read_usage
from crawdad.wire.sse import event_data

_TELLING = (b"response.created", b"response.completed", b"response.incomplete", b"response.failed")
_CLOSING = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})


class ResponsesTap:
    """See `wire.codec.Tap`."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.model: str | None = None
        self.stop: str | None = None
        self.finished = False
        self.closed = False
        self.failed = False

    def feed(self, event: bytes) -> bool:
        """Look at one raw SSE event. Deltas are not parsed."""
        if b".delta" in event[:80] and b"response." in event[:80]:
            return True
        if any(name in event for name in _TELLING):
            self._learn(event)
        elif event.startswith(b"event: error") or b'"error"' in event[:80]:
            self.stop = "error"
            self.failed = True
        return True

    def _learn(self, event: bytes) -> None:
        data = event_data(event)
        try:
            parsed = orjson.loads(data or b"")
        except orjson.JSONDecodeError:
            return
        response = parsed.get("response") if isinstance(parsed, dict) else None
        if not isinstance(response, dict):
            return
        model = response.get("model")
        if isinstance(model, str):
            self.model = model
        kind = parsed.get("type")
        if not isinstance(kind, str) or kind not in _CLOSING:
            return
        self.usage = read_usage(response)
        self.finished = self.closed = True
        self.failed = kind == "response.failed"
        self.stop = "error" if self.failed else stop_reason(response)


def stop_reason(response: JsonObject) -> str:
    """The stop that a whole Response tells."""
    output = response.get("output")
    items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
    called = any(item.get("type") in ("function_call", "custom_tool_call") for item in items)
    refused = any(
        isinstance(part, dict) and part.get("type") == "refusal"
        for item in items
        for part in (item["content"] if isinstance(item.get("content"), list) else [])
    )
    return read_stop(response.get("status"), response.get("incomplete_details"), called, refused).reason

"""Watching an express-lane stream: the bytes go on as they are, we learn usage and how it ended."""

from __future__ import annotations

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.openai_responses.stops import read_stop
from crawdad.wire.openai_responses.usage import read_usage
from crawdad.wire.sse import event_data

_CLOSING = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_TELLING = (b"response.created", *(name.encode() for name in sorted(_CLOSING)))


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
        elif event.startswith(b"event: error") or (b'"error"' in event[:80] and _is_error(_parsed(event))):
            self._fail()
        return True

    def _fail(self) -> None:
        self.stop = "error"
        self.failed = True

    def _learn(self, event: bytes) -> None:
        parsed = _parsed(event)
        response = None if parsed is None else parsed.get("response")
        if parsed is None or not isinstance(response, dict):
            return
        model = response.get("model")
        if isinstance(model, str):
            self.model = model
        kind = parsed.get("type")
        if not isinstance(kind, str) or kind not in _CLOSING:
            return
        self.usage = read_usage(response)
        self.finished = self.closed = True
        self.failed = kind == "response.failed" or response.get("status") == "failed"
        self.stop = "error" if self.failed else stop_reason(response)


def _parsed(event: bytes) -> JsonObject | None:
    try:
        parsed = orjson.loads(event_data(event) or b"")
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _is_error(event: JsonObject | None) -> bool:
    """Whether an event is the error that ends a stream. Others have fields of that name: a Response, the call of a tool."""
    if event is None:
        return False
    kind = event.get("type")
    return kind == "error" or (not str(kind).startswith("response.") and bool(event.get("error")))


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

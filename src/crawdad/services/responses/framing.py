"""Events of responses as the server-sent events of a stream, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.wire.openai_responses import DONE, sse_frame
from crawdad.wire.sse import SseSplitter, event_data

CLOSING = ("response.completed", "response.incomplete", "response.failed")
"""The events that end a stream, each with the whole Response."""
_CLOSING_BYTES = tuple(f'"{name}"'.encode() for name in CLOSING)


def closing_event(chunk: bytes) -> tuple[bytes, JsonObject | None]:
    """The event with the whole Response that ends a stream, if `chunk` (whole events) holds it, and what is before it."""
    if not any(name in chunk for name in _CLOSING_BYTES):
        return chunk, None
    before = b""
    for event in SseSplitter().feed(chunk):
        data = event_data(event)
        if data is not None and any(name in data for name in _CLOSING_BYTES):
            try:
                parsed = orjson.loads(data)
            except orjson.JSONDecodeError:
                parsed = None  # an upstream's, on its way as it came: it ends nothing
            if isinstance(parsed, dict) and parsed.get("type") in CLOSING and isinstance(parsed.get("response"), dict):
                return before, parsed
        before += event
    return chunk, None


async def framed(events: AsyncIterator[JsonObject], mark: str = "") -> AsyncIterator[bytes]:
    """Event objects as SSE. Streams of agents have marks by which they can be taken up, and a last line of their own."""
    try:
        async for event in events:
            yield sse_frame(event, mark)
    finally:
        await closed(events)
    if mark:
        yield DONE


async def closed(source: AsyncIterator[Any]) -> None:
    """Close what gives something, where it can be closed."""
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()

"""What a vendor's answer is made of, whole or streamed: blocks, first and last events."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.events import MessageEnd, MessageStart, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import JsonObject, Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.usage import Usage
from crawdad.wire.anthropic.blocks_reader import opaque
from crawdad.wire.anthropic.citations import read_citations
from crawdad.wire.anthropic.errors import error_of
from crawdad.wire.anthropic.identifiers import decode
from crawdad.wire.anthropic.stops import read_stop
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.anthropic.usage import read_usage, usage_extra
from crawdad.wire.fields import check_answer_depth, rest, unreadable

_MESSAGE = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage"}
)  # fmt: skip
_TOOL_USE = frozenset({"type", "id", "name", "input"})


def read_part(block: JsonObject) -> Part:
    """A block of an answer as a part; the arguments of a tool call are those the block holds. Tolerates missing fields."""
    kind = block.get("type")
    if kind == "text":
        return TextPart(text_of(block, "text"), read_citations(block.get("citations")))
    if kind == "thinking":
        return ThinkingPart(text_of(block, "thinking"), text_of(block, "signature") or None, origin=NAME)
    if kind == "redacted_thinking":
        return ThinkingPart(encrypted=text_of(block, "data"), redacted=True, origin=NAME)
    if kind == "tool_use":
        name, arguments = decode(text_of(block, "name")), json_of(block.get("input"))
        return ToolCallPart(text_of(block, "id"), name, arguments, origin=NAME, extra=rest(block, _TOOL_USE))
    return opaque(block)


def message_start(message: JsonObject) -> MessageStart:
    """The first event, from a whole message or the one in `message_start`."""
    usage = message.get("usage")
    usage = usage if isinstance(usage, dict) else None
    extra = {key: value for key, value in rest(message, _MESSAGE).items() if value is not None}
    return MessageStart(
        id=text_of(message, "id"),
        model=text_of(message, "model"),
        protocol=NAME,
        usage=None if usage is None else read_usage(usage),
        extra=extra | _usage_extra(usage),
    )


def read_response(body: Any) -> list[StreamEvent]:
    """A whole answer as events; see `Codec.read_response`."""
    check_answer_depth(body)
    if not isinstance(body, dict):
        raise unreadable("no JSON object")
    if body.get("type") == "error" or ("error" in body and "content" not in body):
        raise error_of(body, 200)
    content = body.get("content")
    if not isinstance(content, list):
        raise unreadable("no content")
    events: list[StreamEvent] = [message_start(body)]
    called = False
    for index, block in enumerate(content):
        if not isinstance(block, dict):
            raise unreadable(f"content[{index}] is no object")
        part = read_part(block)
        called = called or isinstance(part, ToolCallPart)
        events += [PartStart(index, part), PartEnd(index)]
    usage = body.get("usage")
    events.append(message_end(body, usage if isinstance(usage, dict) else {}, called))
    return events


def message_end(delta: JsonObject, usage: JsonObject, called: bool) -> MessageEnd:
    """The last event. `usage` is the raw report of the whole answer; what we have no word for goes to `extra["usage"]`."""
    return MessageEnd(read_stop(delta, called), read_usage(usage), extra=_usage_extra(usage))


def _usage_extra(usage: JsonObject | None) -> JsonObject:
    extra = usage_extra(usage or {})
    return {"usage": extra} if extra else {}


def usage_of(body: Any) -> Usage:
    """The usage in a whole answer. Never raises."""
    return read_usage(body.get("usage")) if isinstance(body, dict) else Usage()


def text_of(source: JsonObject, key: str) -> str:
    """A string field of an answer; empty where it is something else."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def json_of(value: Any) -> str:
    """The `input` of a call as JSON text."""
    if isinstance(value, str):
        return value  # some vendors send the text itself
    try:
        return orjson.dumps({} if value is None else value).decode()
    except TypeError:
        raise unreadable("tool input is nested too deeply") from None

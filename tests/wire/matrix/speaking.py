"""Answers told to clients: whole and streamed, in reply to a client's request, and heard by the client's SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.request import ModelRequest
from crawdad.core.response import fold
from crawdad.wire import codecs
from crawdad.wire.codec import ReplyContext
from crawdad.wire.profile import DEFAULT
from tests.support.sdk import JUDGES

JsonObject = dict[str, Any]
Events = Callable[[], list[StreamEvent]]
"""Makes the events of an answer anew: writers and folders let parts grow."""

FORMS = ("whole", "streamed")

SMALL: dict[str, JsonObject] = {
    "openai-chat": {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "stream_options": {"include_usage": True},
    },
    "openai-responses": {"model": "m", "input": "x"},
    "anthropic-messages": {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": "x"}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "x"}]}]},
}
"""The smallest request in each protocol, usage asked for."""


def small_request(protocol: str) -> ModelRequest:
    """The smallest request of a client of `protocol`."""
    return codecs.get(protocol).read_request(SMALL[protocol], model="m")


def same_request(request: ModelRequest, protocol: str) -> ModelRequest:
    """What a client of `protocol` would have sent in place of `request`; a small request where it cannot be said there."""
    codec = codecs.get(protocol)
    try:
        body = codec.write_request(request, DEFAULT).body
    except GatewayError:
        return small_request(protocol)
    if protocol == "openai-chat":
        body = {**body, **SMALL[protocol], "messages": body["messages"]}
    return codec.read_request(body, model="m")


def reply(protocol: str, form: str, events: Events, request: ModelRequest) -> JsonObject | bytes:
    """The answer that `events` tell, written for a client of `protocol`: a whole body, or the bytes of a stream."""
    codec = codecs.get(protocol)
    context = ReplyContext("asked-for", "r1", 1_700_000_000, request)
    if form == "whole":
        return codec.write_response(fold(events()), context)
    writer = codec.stream_writer(context)
    return b"".join(writer.send(event) for event in events())


def heard(protocol: str, form: str, events: Events, request: ModelRequest) -> JsonObject:
    """What the client's SDK, in its strict mode, makes of that reply."""
    told = reply(protocol, form, events, request)
    judge = JUDGES[protocol]
    return judge.streamed(told) if isinstance(told, bytes) else judge.whole(told)

"""Saying and hearing things in these tests: contexts, streams, and the official SDK as the judge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, cast, get_args

from openai._models import validate_type
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import JsonObject, Part
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse, fold
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_responses import CODEC, EventWriter
from crawdad.wire.profile import DEFAULT, Profile

_EVENT_CLASSES = {
    get_args(cls.model_fields["type"].annotation)[0]: cls for cls in get_args(get_args(ResponseStreamEvent)[0])
}


def request(**fields: Any) -> ModelRequest:
    """A client's request, read."""
    return CODEC.read_request({"model": "gpt-test", "input": "hello", **fields})


def round_trip(body: JsonObject, profile: Profile = DEFAULT) -> JsonObject:
    """What goes out when `body` came in."""
    return CODEC.write_request(CODEC.read_request(body), profile).body


def context(asked: ModelRequest | None = None) -> ReplyContext:
    """A reply to `asked`."""
    return ReplyContext("gpt-test", "r1", 1_700_000_000, asked or request())


def sse(*events: JsonObject) -> bytes:
    """A stream of `events`."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def read_stream(stream: bytes | Iterable[bytes]) -> list[StreamEvent]:
    """The events of a stream that comes in one piece or several."""
    reader = CODEC.stream_reader(DEFAULT)
    chunks = [stream] if isinstance(stream, bytes) else stream
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.close()


def whole(body: JsonObject) -> ModelResponse:
    """A whole answer, read."""
    return fold(CODEC.read_response(body, DEFAULT))


def answer(
    parts: Sequence[Part],
    stop: Stop | None = None,
    usage: Usage | None = None,
    *,
    protocol: str = "anthropic",
) -> list[StreamEvent]:
    """An answer of another protocol, each part told at once."""
    events: list[StreamEvent] = [MessageStart("up_1", "upstream-model", 1, protocol)]
    for index, part in enumerate(parts):
        events += [PartStart(index, part), PartEnd(index)]
    return [*events, MessageEnd(stop or Stop("end"), usage or Usage(input_tokens=3, output_tokens=5))]


def grown(start: Part, *deltas: PartDelta) -> list[StreamEvent]:
    """An answer of another protocol whose only part grows."""
    return [
        MessageStart("up_1", "upstream-model", 1, "anthropic"),
        PartStart(0, start),
        *deltas,
        PartEnd(0),
        MessageEnd(Stop("end"), Usage(input_tokens=3, output_tokens=5)),
    ]


def written(events: Iterable[StreamEvent], asked: ModelRequest | None = None) -> list[JsonObject]:
    """The event objects for `events`."""
    writer = EventWriter(context(asked))
    return [item for event in events for item in writer.events_of(event)]


def final(objects: list[JsonObject]) -> JsonObject:
    """The Response in the last of `objects`."""
    response: JsonObject = objects[-1]["response"]
    return response


def output(events: Iterable[StreamEvent], asked: ModelRequest | None = None) -> list[JsonObject]:
    """The output items that `events` come to."""
    items: list[JsonObject] = final(written(events, asked))["output"]
    return items


def accepted_by_sdk(response: JsonObject) -> Response:
    """`response`, through the SDK's strict validation."""
    return validate_type(type_=Response, value=response)


def event_accepted_by_sdk(event: JsonObject) -> Any:
    """One event object, through the SDK's strict validation."""
    return validate_type(type_=_EVENT_CLASSES[event["type"]], value=event)


def heard_by_sdk(objects: list[JsonObject]) -> Any:
    """What the SDK's own accumulator makes of a completed stream: its final Response. Every event must be valid."""
    state = ResponseStreamState(text_format=omit, input_tools=omit)
    for number, item in enumerate(objects):
        assert item["sequence_number"] == number
        state.handle_event(cast(ResponseStreamEvent, event_accepted_by_sdk(item)))
    return state._completed_response


def kinds(objects: list[JsonObject]) -> list[str]:
    """The types of event objects, without the common prefix."""
    return [item["type"].removeprefix("response.") for item in objects]

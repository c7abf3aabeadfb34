"""What the stories of this folder share: goldens, contexts, and the official SDK as the strict judge of our answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpx2
import orjson
from anthropic import Anthropic

from crawdad.core.events import StreamEvent
from crawdad.core.parts import Message, TextPart
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.anthropic import CODEC
from crawdad.wire.codec import ReplyContext
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import Golden, load

GOLDENS: list[Golden] = load("anthropic-messages")
NAME = CODEC.name


def answers() -> list[Golden]:
    """The recorded whole answers of success."""
    return [golden for golden in GOLDENS if golden.ok and not golden.streamed]


def streams() -> list[Golden]:
    """The recorded streams."""
    return [golden for golden in GOLDENS if golden.streamed]


def context(request: ModelRequest | None = None) -> ReplyContext:
    """A reply's context, for a request of this protocol unless another is given."""
    request = request or ModelRequest("claude", [Message("user", [TextPart("hi")])], protocol=NAME)
    return ReplyContext("claude", "r1", 1_700_000_000, request)


def read_stream(chunks: Iterable[bytes]) -> list[StreamEvent]:
    """The events of a vendor's stream."""
    reader = CODEC.stream_reader(DEFAULT)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.close()


def read_whole(body: Any) -> ModelResponse:
    """A vendor's whole answer."""
    return fold(CODEC.read_response(body, DEFAULT))


def write_stream(events: Iterable[StreamEvent], reply: ReplyContext | None = None) -> bytes:
    """The bytes of a streamed reply."""
    writer = CODEC.stream_writer(reply or context())
    return b"".join(writer.send(event) for event in events)


def sse(*events: dict[str, Any], ending: str = "\n") -> bytes:
    """A stream as the vendor frames it."""
    lines = [f"event: {event['type']}{ending}data: {orjson.dumps(event).decode()}{ending}{ending}" for event in events]
    return "".join(lines).encode()


def told(stream: bytes) -> list[dict[str, Any]]:
    """The events in a stream of ours, each checked to bear its own name; pings left out."""
    events = []
    for block in stream.decode().split("\n\n"):
        if not block:
            continue
        name, data = block.split("\n")
        event = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        if event["type"] != "ping":
            events.append(event)
    return events


def cuts(stream: bytes) -> Iterator[list[bytes]]:
    """The same bytes whole, one by one, and at odd places."""
    yield [stream]
    yield [stream[i : i + 1] for i in range(len(stream))]
    for width in (7, 97, 1009):
        yield [stream[i : i + width] for i in range(0, len(stream), width)]


def sdk(answer: bytes, content_type: str = "application/json", *, strict: bool = True) -> Anthropic:
    """The official client with `answer` as the only thing it will ever hear."""

    def reply(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=answer, headers={"content-type": content_type})

    return Anthropic(
        api_key="none",
        base_url="http://127.0.0.1:9",
        http_client=httpx2.Client(transport=httpx2.MockTransport(reply)),
        max_retries=0,
        _strict_response_validation=strict,
    )


def sdk_message(answer: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """A whole reply as the official client reads it, beta types included. Raises where it is invalid."""
    with sdk(orjson.dumps(answer), strict=strict) as client:
        message = client.beta.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
    return message.to_dict()


def sdk_stream(stream: bytes, *, strict: bool = True) -> dict[str, Any]:
    """A streamed reply as the official client accumulates it. Raises where an event is invalid."""
    with (
        sdk(stream, "text/event-stream", strict=strict) as client,
        client.beta.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]) as events,
    ):
        return events.get_final_message().to_dict()

"""The recorded exchanges of this protocol, and what each of them says in plain terms."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat import CODEC, profile_for
from crawdad.wire.profile import Profile
from tests.support.goldens import Golden, load

GOLDENS = load("openai-chat")
ANSWERS = [golden for golden in GOLDENS if golden.ok and not golden.streamed]
STREAMS = [golden for golden in GOLDENS if golden.ok and golden.streamed]


def profile_of(golden: Golden) -> Profile:
    """The profile of the vendor that was recorded."""
    return profile_for(golden.host)


def read_stream(chunks: list[bytes]) -> tuple[list[StreamEvent], GatewayError | None]:
    """The events of a stream that came in `chunks`, and the error it ended with."""
    reader = CODEC.stream_reader(profile_for(""))
    events: list[StreamEvent] = []
    try:
        for chunk in chunks:
            events += reader.feed(chunk)
        events += reader.close()
    except GatewayError as error:
        return events, error
    return events, None


def answer_of(golden: Golden) -> ModelResponse:
    """The recorded answer, folded."""
    if golden.streamed:
        events, error = read_stream([golden.body.encode()])
        assert error is None, error
        return fold(events)
    return fold(CODEC.read_response(golden.body, profile_of(golden)))


def request(**fields: Any) -> ModelRequest:
    """A small request in this protocol."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return CODEC.read_request(body)


def context(**fields: Any) -> ReplyContext:
    """The context of a reply to a small request."""
    return ReplyContext(model="asked-for", reply_id="r1", created=1700000000, request=request(**fields))


def written_stream(events: list[StreamEvent], reply: ReplyContext) -> bytes:
    """The bytes that tell `events`."""
    writer = CODEC.stream_writer(reply)
    return b"".join(writer.send(event) for event in events)


def chunks_of(stream: bytes) -> list[dict[str, Any]]:
    """The parsed chunks of a stream that this codec wrote, without `[DONE]`."""
    payloads = [event[6:] for event in stream.split(b"\n\n") if event.startswith(b"data: ")]
    return [orjson.loads(payload) for payload in payloads if payload != b"[DONE]"]

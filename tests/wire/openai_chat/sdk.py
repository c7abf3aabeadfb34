"""The official SDK, in its strict mode, as the client of bytes that this codec wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import orjson
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk


@contextmanager
def client_of(content: bytes, media_type: str, status: int = 200, strict: bool = True) -> Iterator[OpenAI]:
    """A client whose every request is answered with `content`."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=content, headers={"content-type": media_type})

    transport = httpx.Client(transport=httpx.MockTransport(answer))
    client = OpenAI(
        api_key="k",
        base_url="http://upstream.test/v1",
        http_client=cast(Any, transport),
        max_retries=0,
        _strict_response_validation=strict,
    )
    with transport, client:
        yield client


def parse_whole(body: dict[str, Any]) -> ChatCompletion:
    """`body` as the SDK reads a whole answer. Raises where the SDK's strict validation does."""
    with client_of(orjson.dumps(body), "application/json") as client:
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])


def parse_chunks(stream: bytes) -> list[ChatCompletionChunk]:
    """The chunks of a stream as the SDK reads them."""
    with client_of(stream, "text/event-stream") as client:
        return list(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True))


def accumulate(stream: bytes) -> ChatCompletion:
    """A stream as the SDK's own accumulator puts it together."""
    with (
        client_of(stream, "text/event-stream") as client,
        client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}]) as events,
    ):
        for _ in events:
            pass
        return events.current_completion_snapshot

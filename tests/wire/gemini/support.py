"""What the tests of this folder share: contexts, cuts of a stream, and Google's own SDK over a transport in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpx
import orjson
from google import genai
from google.genai import types

from crawdad.core.events import StreamEvent
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.codec import ReplyContext
from crawdad.wire.gemini import GEMINI
from crawdad.wire.profile import DEFAULT, Profile
from tests.support.goldens import Golden, load

GEMINI3 = Profile(name="gemini-3", thinking_levels=True)
LEGACY = Profile(name="legacy", json_schema_tools=False)

_USAGE_FIELDS_THE_SDK_LACKS = ("serviceTier",)


def goldens() -> list[Golden]:
    """All recorded exchanges with AI Studio and Vertex."""
    return load("gemini") + load("gemini-vertex")


def context(model: str = "client-model", request: ModelRequest | None = None) -> ReplyContext:
    """A reply to a client that asked for `model`."""
    return ReplyContext(model, "r1", 1_700_000_000, request or ModelRequest(model))


def read(golden: Golden) -> list[StreamEvent]:
    """The events of a recorded answer."""
    if not golden.streamed:
        return GEMINI.read_response(golden.body, DEFAULT)
    return read_stream([golden.body.encode()])


def read_stream(chunks: Iterable[bytes]) -> list[StreamEvent]:
    """The events of a stream given in pieces."""
    reader = GEMINI.stream_reader(DEFAULT)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.close()


def sse(*chunks: Any, end: str = "\r\n\r\n") -> bytes:
    """Response objects as Google streams them."""
    return b"".join(b"data: " + orjson.dumps(chunk) + end.encode() for chunk in chunks)


def answer(*parts: Any, finish: str | None = "STOP", **fields: Any) -> dict[str, Any]:
    """One response object with one candidate."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **fields}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "gemini-x", "responseId": "abc"}


def respoken(events: list[StreamEvent]) -> ModelResponse:
    """The answer that `stream_writer` tells, read again."""
    writer = GEMINI.stream_writer(context())
    return fold(read_stream([b"".join(writer.send(event) for event in events)]))


def strict(body: dict[str, Any]) -> types.GenerateContentResponse:
    """`body` by the SDK's types, which forbid fields they do not know."""
    known = json.loads(json.dumps(body))
    for field in _USAGE_FIELDS_THE_SDK_LACKS:
        known.get("usageMetadata", {}).pop(field, None)
    return types.GenerateContentResponse.model_validate(known)


@cache
def _client() -> tuple[genai.Client, list[httpx.Response]]:
    answers: list[httpx.Response] = []
    transport = httpx.Client(transport=httpx.MockTransport(lambda request: answers.pop()))
    return genai.Client(api_key="x", http_options=types.HttpOptions(httpx_client=transport)), answers


def sdk(body: bytes, status: int = 200) -> genai.Client:
    """Google's SDK, whose next request is answered with `body`."""
    client, answers = _client()
    answers.append(httpx.Response(status, content=body))
    return client

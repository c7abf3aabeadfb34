"""`countTokens`. https://ai.google.dev/api/tokens"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.fields import as_count, get_object, unreadable
from crawdad.wire.gemini.request_reader import read_request
from crawdad.wire.gemini.request_writer import write_request
from crawdad.wire.gemini.spelling import camel_fields
from crawdad.wire.profile import Profile

_VERTEX_FIELDS = frozenset({"contents", "systemInstruction", "tools", "generationConfig"})


@dataclass(frozen=True, slots=True)
class TokenCount:
    """How many tokens a request has; `details` are Google's counts by modality."""

    total: int
    cached: int | None = None
    details: list[JsonObject] = field(default_factory=list)


def read_count_request(body: JsonObject, *, model: str | None = None) -> ModelRequest:
    """The request whose tokens a client wants counted: bare `contents`, or a whole `generateContentRequest`."""
    source = camel_fields(body)
    inner = get_object(source, "generateContentRequest")
    return read_request(body if inner is None else inner, model=model)


def write_count_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The body that asks an upstream for the count. Vertex takes fewer fields and no wrapper."""
    written = write_request(request, profile)
    if profile.vertex:
        written.body = {key: value for key, value in written.body.items() if key in _VERTEX_FIELDS}
    else:
        model = request.model if "/" in request.model else f"models/{request.model}"
        written.body = {"generateContentRequest": {"model": model, **written.body}}
    return written


def read_count(body: Any) -> TokenCount:
    """An upstream's answer. Raises UPSTREAM_BROKEN where it counts nothing."""
    if not isinstance(body, dict) or "totalTokens" not in body:
        raise unreadable("no totalTokens")
    cached, details = body.get("cachedContentTokenCount"), body.get("promptTokensDetails")
    return TokenCount(
        as_count(body["totalTokens"]),
        None if cached is None else as_count(cached),
        [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else [],
    )


def write_count(count: TokenCount) -> JsonObject:
    """The answer for a client."""
    body: JsonObject = {"totalTokens": count.total}
    if count.details:
        body["promptTokensDetails"] = count.details
    if count.cached is not None:
        body["cachedContentTokenCount"] = count.cached
    return body

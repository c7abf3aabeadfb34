"""Parts written as content blocks of a request to an upstream.

`native` means that the whole request was read from this protocol: then everything goes back as it came. Otherwise blocks
that the vendor is known to reject (empty text) are left out and fields of another protocol are not written.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
    CacheMarker,
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.text import Text
from crawdad.wire.anthropic.citations import own_citations
from crawdad.wire.anthropic.identifiers import encode, tool_name
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.fields import parse_arguments

_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})


def write_block(part: Part, native: bool) -> JsonObject | None:
    """`part` as a content block; None where it cannot or must not be said. Raises BAD_REQUEST for unsayable content."""
    block = _WRITERS[type(part)](part, native)
    if block is None or isinstance(part, (OpaquePart, RefusalPart)):
        return block
    control = cache_control(part.cache, part.extra if native else {})
    if control is not None:
        block["cache_control"] = control
    return block


def write_blocks(parts: list[Part], native: bool) -> list[JsonObject]:
    """Those of `parts` that can be said, in order."""
    return [block for part in parts if (block := write_block(part, native)) is not None]


def cache_control(cache: CacheMarker | None, extra: JsonObject) -> JsonObject | None:
    """The `cache_control` of a block or tool, in the client's own spelling where `extra` kept it."""
    if cache is None:
        return None
    kept = extra.get("cache_control")
    if isinstance(kept, dict):
        return kept
    return {"type": "ephemeral"} if cache.ttl is None else {"type": "ephemeral", "ttl": cache.ttl}


def arguments_object(arguments: str, custom: bool = False) -> JsonObject:
    """What a model wrote as arguments, as the object that `input` must be.

    Free text goes under `input`, as such tools are declared; what is no JSON object under `raw_arguments`.
    """
    if custom:
        return {"input": arguments}
    if not arguments.strip():
        return {}
    value = parse_arguments(arguments)
    return {"raw_arguments": arguments} if value is None else value


def _write_text(part: TextPart, native: bool) -> JsonObject | None:
    if not native and not part.text.strip():
        return None
    block: JsonObject = {**part.extra} if native else {}
    block |= {"type": "text", "text": part.text}
    citations = own_citations(part.citations)
    if citations:
        block["citations"] = citations
    return block


def _write_refusal(part: RefusalPart, native: bool) -> JsonObject | None:
    return {"type": "text", "text": part.text} if part.text.strip() else None


def _write_thinking(part: ThinkingPart, native: bool) -> JsonObject | None:
    if part.origin != NAME:
        return None
    block: JsonObject = {**part.extra} if native else {}
    if part.redacted:
        return block | {"type": "redacted_thinking", "data": part.encrypted or ""}
    block |= {"type": "thinking", "thinking": part.text}
    if part.signature is not None:
        block["signature"] = part.signature
    return block if native or part.signature else None


def _write_media(part: MediaPart, native: bool) -> JsonObject | None:
    block: JsonObject = {**part.extra} if native else {}
    block |= {"type": part.kind, "source": _source(part)}
    if part.kind == "document" and part.name is not None:
        block["title"] = part.name
    return block


def _source(part: MediaPart) -> JsonObject:
    if part.kind not in ("image", "document"):
        raise _unsayable(part.kind)
    if part.url is not None:
        return {"type": "url", "url": part.url}
    if part.file_id is not None:
        return {"type": "file", "file_id": part.file_id}
    if part.text is not None:
        return {"type": "text", "media_type": part.media_type or "text/plain", "data": part.text}
    data = part.data or ""
    if part.kind == "image":
        return {"type": "base64", "media_type": part.media_type or "image/png", "data": data}
    media_type = (part.media_type or "application/pdf").partition(";")[0].strip().lower()
    if media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": data}
    if media_type.startswith("text/") or media_type in _TEXT_TYPES:
        return {"type": "text", "media_type": "text/plain", "data": _decoded(data, media_type)}
    raise _unsayable(f"documents of type {media_type}")


def _decoded(data: str, media_type: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        raise _unsayable(f"documents of type {media_type} that are not UTF-8 text") from None


def _unsayable(feature: str) -> GatewayError:
    text = Text("wire.cannot_say", {"protocol": NAME, "feature": feature})
    return GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "unsupported_content"})


def _write_tool_call(part: ToolCallPart, native: bool) -> JsonObject | None:
    block: JsonObject = {**part.extra} if native else {}
    name = f"{part.namespace}__{part.name}" if part.namespace else part.name
    return block | {
        "type": "tool_use",
        "id": encode(part.id),
        "name": tool_name(name),
        "input": arguments_object(part.arguments, part.custom),
    }


def _write_tool_result(part: ToolResultPart, native: bool) -> JsonObject | None:
    block: JsonObject = {**part.extra} if native else {}
    block |= {"type": "tool_result", "tool_use_id": encode(part.call_id)}
    content = write_blocks(part.content, native)
    if content:
        block["content"] = content
    if part.is_error:
        block["is_error"] = True
    return block


def _write_opaque(part: OpaquePart, native: bool) -> JsonObject | None:
    if part.protocol == NAME:
        return part.raw
    return {"type": "text", "text": part.text} if part.text and part.text.strip() else None


_WRITERS: dict[type, Callable[[Any, bool], JsonObject | None]] = {
    TextPart: _write_text,
    RefusalPart: _write_refusal,
    ThinkingPart: _write_thinking,
    MediaPart: _write_media,
    ToolCallPart: _write_tool_call,
    ToolResultPart: _write_tool_result,
    OpaquePart: _write_opaque,
}

"""Parts in Google's spelling, the same in requests and answers."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.wire.custom_tools import object_arguments
from crawdad.wire.gemini.spelling import NAME, guess_media_type

SKIP_SIGNATURE = "skip_thought_signature_validator"
"""What Google documents for calls that no Gemini made. It goes out as it stands: `thoughtSignature` is base64 and these 32
letters happen to be some; encoding them once more makes Google reject them."""

_OURS = frozenset({"part", "id", "shape"})


def inner_fields(extra: JsonObject) -> JsonObject:
    """The vendor fields of a part that stand inside its data object."""
    return {key: value for key, value in extra.items() if key not in _OURS}


def text_part(text: str, signature: str | None, extra: JsonObject, thought: bool = False) -> JsonObject:
    """A text or thought part."""
    part: JsonObject = {"text": text}
    if thought:
        part["thought"] = True
    if signature:
        part["thoughtSignature"] = signature
    return {**part, **extra} if extra else part


def media_data(part: MediaPart, native: bool, names: bool) -> JsonObject:
    """`inlineData` or `fileData`. `names`: whether a display name may be said (Vertex, or Google's own client did)."""
    inner: JsonObject = {}
    as_text = part.text is not None and not part.data  # beside data, the text is a transcript
    if part.media_type:
        inner["mimeType"] = part.media_type
    elif not native:
        inner["mimeType"] = "text/plain" if as_text else guess_media_type(part.kind, part.url)
    reference = part.url or part.file_id
    if reference:
        key = "fileData"
        inner["fileUri"] = reference
    else:
        key = "inlineData"
        inner["data"] = part.data or base64.b64encode((part.text or "").encode("utf-8", "replace")).decode()
    if part.name and names:
        inner["displayName"] = part.name
    if native:
        inner |= inner_fields(part.extra)
    return {key: inner}


def call_part(part: ToolCallPart, name: str, native: bool) -> JsonObject:
    """A `functionCall`, with Google's own signature where it has one. `name` is the wire name."""
    call: JsonObject = {}
    call_id = part.extra.get("id", part.id) if native else part.id
    if call_id:
        call["id"] = call_id
    call["name"] = name
    if part.arguments or not native:
        call["args"] = object_arguments(part)
    result: JsonObject = {"functionCall": call}
    if native:
        call |= inner_fields(part.extra)
        result |= part.extra.get("part", {})
    if part.signature and part.origin == NAME:
        result["thoughtSignature"] = part.signature
    return result


def is_media(part: Part) -> bool:
    """Whether a part of a function's response is more than words."""
    return isinstance(part, MediaPart) and (part.text is None or bool(part.data))


def result_value(part: ToolResultPart, native: bool) -> JsonObject:
    """The `response` object of a function response. Documents that are text belong to its words."""
    words = (TextPart, RefusalPart, OpaquePart, MediaPart)
    spoken = (item.text for item in part.content if isinstance(item, words) and not is_media(item))
    text = "\n".join(piece for piece in spoken if piece)
    shape = part.extra.get("shape") if native else None
    if shape is None:
        return {"error" if part.is_error else "result": text}
    key = shape["key"]
    value: Any = text
    if shape["json"]:
        empty: Any = {} if key is None else None
        try:
            value = orjson.loads(text) if text else empty
        except ValueError:
            value = text
    if key is not None:
        return {key: value}
    return value if isinstance(value, dict) else {"result": value}

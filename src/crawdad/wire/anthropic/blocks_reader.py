"""Content blocks of a client's request, read into parts. What is not known is kept verbatim as an `OpaquePart`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from crawdad.core.errors import bad_request
from crawdad.core.parts import (
    CacheMarker,
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.wire.anthropic.citations import read_citations
from crawdad.wire.anthropic.identifiers import decode
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.fields import as_object, get_bool, get_list, get_object, get_string, need_string, rest, wrong_type
from crawdad.wire.seals import thinking_part, unseal, unseal_id

_TEXT = frozenset({"type", "text", "citations", "cache_control"})
_MEDIA = frozenset({"type", "source", "cache_control"})
_DOCUMENT = frozenset({"type", "source", "title", "cache_control"})
_TOOL_USE = frozenset({"type", "id", "name", "input", "cache_control"})
_TOOL_RESULT = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})
_THINKING = frozenset({"type", "thinking", "signature"})
_REDACTED = frozenset({"type", "data"})

_SOURCES = {
    "base64": frozenset({"type", "media_type", "data"}),
    "text": frozenset({"type", "media_type", "data"}),
    "url": frozenset({"type", "url"}),
    "file": frozenset({"type", "file_id"}),
}


def read_content(value: Any, path: str) -> list[Part]:
    """A message's or tool result's content: a string, a list of blocks or nothing. `path` names it without a dot."""
    if value is None:
        return []
    if isinstance(value, str):
        return [TextPart(value)] if value else []
    if not isinstance(value, list):
        raise wrong_type(path, "a string or an array")
    return [read_block(item, f"{path}[{index}]") for index, item in enumerate(value)]


def read_block(value: Any, path: str) -> Part:
    """One content block. Raises BAD_REQUEST naming the field at fault."""
    block = as_object(value, path)
    path += "."
    kind = need_string(block, "type", path)
    return _READERS.get(kind, _read_opaque)(block, path)


def read_cache(source: JsonObject, extra: JsonObject, path: str) -> CacheMarker | None:
    """The cache marker of a block or tool; a spelling that `CacheMarker` cannot hold goes to `extra` as well."""
    control = get_object(source, "cache_control", path)
    if control is None:
        return None
    ttl = get_string(control, "ttl", path + "cache_control.")
    if control.get("type") != "ephemeral" or not control.keys() <= {"type", "ttl"}:
        extra["cache_control"] = control
    return CacheMarker(ttl)


def to_json(value: Any, path: str) -> str:
    """`value` as JSON text. Raises BAD_REQUEST where it is nested deeper than can be written."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        raise bad_request("wire.too_deep", path) from None


def _read_text(block: JsonObject, path: str) -> Part:
    extra = rest(block, _TEXT)
    citations = read_citations(get_list(block, "citations", path))
    return TextPart(need_string(block, "text", path), citations, cache=read_cache(block, extra, path), extra=extra)


def _read_image(block: JsonObject, path: str) -> Part:
    extra = rest(block, _MEDIA)
    part = _read_source(block, MediaPart("image", extra=extra), path)
    if part is None:
        return _read_opaque(block, path)
    part.cache = read_cache(block, extra, path)
    return part


def _read_document(block: JsonObject, path: str) -> Part:
    extra = rest(block, _DOCUMENT)
    part = _read_source(block, MediaPart("document", name=get_string(block, "title", path), extra=extra), path)
    if part is None:
        return _read_opaque(block, path)
    part.cache = read_cache(block, extra, path)
    return part


def _read_source(block: JsonObject, part: MediaPart, path: str) -> MediaPart | None:
    """`part` with what its `source` says; None for a source that a `MediaPart` cannot hold."""
    source = get_object(block, "source", path)
    if source is None:
        raise bad_request("wire.missing", path + "source")
    path += "source."
    kind = need_string(source, "type", path)
    if kind not in _SOURCES or not source.keys() <= _SOURCES[kind]:
        return None
    if kind == "url":
        part.url = need_string(source, "url", path)
    elif kind == "file":
        part.file_id = need_string(source, "file_id", path)
    else:
        data = need_string(source, "data", path)
        part.media_type = get_string(source, "media_type", path)
        if kind == "text":
            part.text = data
        else:
            part.data = data
    return part


def _read_tool_use(block: JsonObject, path: str) -> Part:
    extra = rest(block, _TOOL_USE)
    call_id, origin, signature = unseal_id(need_string(block, "id", path))
    arguments = get_object(block, "input", path)
    return ToolCallPart(
        id=decode(call_id),
        name=need_string(block, "name", path),
        arguments=to_json(arguments or {}, path + "input"),
        signature=signature,
        origin=origin,
        cache=read_cache(block, extra, path),
        extra=extra,
    )


def _read_tool_result(block: JsonObject, path: str) -> Part:
    extra = rest(block, _TOOL_RESULT)
    return ToolResultPart(
        call_id=decode(unseal_id(need_string(block, "tool_use_id", path))[0]),
        content=_read_result_content(block.get("content"), path + "content"),
        is_error=get_bool(block, "is_error", path) or False,
        cache=read_cache(block, extra, path),
        extra=extra,
    )


def _read_result_content(value: Any, path: str) -> list[Part]:
    """Content of a tool result, in which results and calls do not nest."""
    if not isinstance(value, list):
        return read_content(value, path)
    parts: list[Part] = []
    for index, item in enumerate(value):
        block = as_object(item, f"{path}[{index}]")
        nested = block.get("type") in ("tool_result", "tool_use")
        where = f"{path}[{index}]"
        parts.append(_read_opaque(block, where + ".") if nested else read_block(block, where))
    return parts


def _read_thinking(block: JsonObject, path: str) -> Part:
    text = get_string(block, "thinking", path) or ""
    signature = get_string(block, "signature", path)
    sealed = unseal(signature)
    if sealed is None:
        return ThinkingPart(text, signature, origin=NAME, extra=rest(block, _THINKING))
    hidden = sealed.get("text")
    return thinking_part(sealed, text or (hidden if isinstance(hidden, str) else ""))


def _read_redacted(block: JsonObject, path: str) -> Part:
    data = need_string(block, "data", path)
    return ThinkingPart(encrypted=data, redacted=True, origin=NAME, extra=rest(block, _REDACTED))


def _read_opaque(block: JsonObject, path: str) -> Part:
    return opaque(block)


def opaque(block: JsonObject) -> OpaquePart:
    """A block that only this protocol can say, with the text that others may show in its place. Never raises."""
    kind = str(block.get("type") or "")
    return OpaquePart(NAME, kind, block, _plain_text(kind, block))


def _plain_text(kind: str, block: JsonObject) -> str | None:
    if kind == "search_result":
        lines = [block.get("title"), block.get("source"), _joined(block.get("content"))]
    elif kind == "document" and isinstance(block.get("source"), dict):
        lines = [block.get("title"), block.get("context"), _joined(block["source"].get("content"))]
    elif kind == "compaction":
        lines = [block.get("content")]
    elif kind == "tool_reference":
        lines = [block.get("tool_name")]
    else:
        return None
    return "\n".join(line for line in lines if isinstance(line, str) and line) or None


def _joined(content: Any) -> str | None:
    """The text in a string or in a list of blocks."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = [item.get("text") for item in content if isinstance(item, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


_READERS: dict[str, Callable[[JsonObject, str], Part]] = {
    "text": _read_text,
    "image": _read_image,
    "document": _read_document,
    "tool_use": _read_tool_use,
    "tool_result": _read_tool_result,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
}

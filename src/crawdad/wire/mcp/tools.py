"""Tools of a server and what calls of them come to."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.mcp import ServerResult, ServerTool
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart

_MOST_NAME = 200
_MOST_TEXT = 1_000_000
_MOST_PARTS = 200


def read_tools(result: JsonObject) -> tuple[list[ServerTool], str]:
    """One page of a list of tools, and the cursor of the next (empty: it was the last). What is no tool is passed over."""
    items = result.get("tools")
    found = [tool for item in items if (tool := _tool(item)) is not None] if isinstance(items, list) else []
    cursor = result.get("nextCursor")
    return found, cursor if isinstance(cursor, str) else ""


def _tool(item: Any) -> ServerTool | None:
    if not isinstance(item, dict):
        return None
    name, schema = item.get("name"), item.get("inputSchema")
    if not isinstance(name, str) or not name or len(name) > _MOST_NAME or not isinstance(schema, dict):
        return None
    description, annotations = item.get("description"), item.get("annotations")
    return ServerTool(
        name,
        description if isinstance(description, str) else "",
        schema,
        annotations if isinstance(annotations, dict) else {},
    )


def read_result(result: JsonObject) -> ServerResult:
    """What a call came to. Content of kinds we do not know is told by its kind."""
    items = result.get("content")
    parts = [read_content(item) for item in items[:_MOST_PARTS]] if isinstance(items, list) else []
    structured = result.get("structuredContent")
    structured = structured if isinstance(structured, dict) else None
    if not parts and structured is not None:
        parts = [TextPart(orjson.dumps(structured).decode()[:_MOST_TEXT])]
    return ServerResult(parts, structured, result.get("isError") is True)


def read_content(item: Any) -> Part:
    """One piece of content."""
    if not isinstance(item, dict):
        return TextPart("(something unreadable)")
    kind = item.get("type")
    if kind == "text":
        return TextPart(_text(item.get("text")))
    if kind in ("image", "audio") and isinstance(item.get("data"), str):
        return MediaPart(
            "image" if kind == "image" else "audio", data=item["data"], media_type=_text(item.get("mimeType"))
        )
    if kind == "resource":
        return read_resource_part(item.get("resource"))
    if kind == "resource_link":
        return TextPart(f"{_text(item.get('name'))}: {_text(item.get('uri'))}")
    return TextPart(f"(content of the kind {str(kind)[:40]!r})")


def read_resource_part(resource: Any) -> Part:
    """What a resource holds: a text, a picture, or a word on what it is."""
    if not isinstance(resource, dict):
        return TextPart("(something unreadable)")
    media_type, uri = _text(resource.get("mimeType")), _text(resource.get("uri"))
    if isinstance(resource.get("text"), str):
        return TextPart(f"{uri}\n{_text(resource['text'])}" if uri else _text(resource["text"]))
    blob = resource.get("blob")
    if isinstance(blob, str) and media_type.startswith("image/"):
        return MediaPart("image", data=blob, media_type=media_type)
    return TextPart(f"({media_type or 'bytes'}: {uri})")


def _text(value: Any) -> str:
    return value[:_MOST_TEXT] if isinstance(value, str) else ""

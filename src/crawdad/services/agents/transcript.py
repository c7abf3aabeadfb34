"""Messages as the lines of a session's log spell them, both ways. Pure.

The spelling is that of OpenClaw's transcripts (`user`, `assistant`, `toolResult`; `text`, `thinking`, `toolCall`,
`image`); what these cannot say stands beside it under names of our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)


def user_line(parts: Iterable[Part], at: float) -> JsonObject:
    """A message to the agent."""
    return {"role": "user", "content": content_of(parts), "timestamp": round(at * 1000)}


def assistant_line(parts: Iterable[Part], at: float) -> JsonObject:
    """What the agent's model said."""
    return {"role": "assistant", "content": content_of(parts), "timestamp": round(at * 1000)}


def result_line(part: ToolResultPart, at: float, details: JsonObject | None = None) -> JsonObject:
    """What a tool answered."""
    line: JsonObject = {
        "role": "toolResult",
        "toolCallId": part.call_id,
        "toolName": part.name or "",
        "content": content_of(part.content),
        "isError": part.is_error,
        "timestamp": round(at * 1000),
    }
    return {**line, "details": details} if details else line


def content_of(parts: Iterable[Part]) -> list[JsonObject]:
    """Parts as a message's content."""
    return [written for part in parts if (written := _written(part)) is not None]


def _written(part: Part) -> JsonObject | None:
    if isinstance(part, TextPart):
        return _bare({"type": "text", "text": part.text, "signature": part.signature})
    if isinstance(part, ThinkingPart):
        return _bare(
            {
                "type": "thinking",
                "thinking": part.text,
                "thinkingSignature": part.signature,
                "encrypted": part.encrypted,
                "redacted": part.redacted or None,
                "summary": part.summary or None,
                "id": part.id,
                "origin": part.origin or None,
                "format": part.format,
            }
        )
    if isinstance(part, ToolCallPart):
        return _bare(
            {
                "type": "toolCall",
                "id": part.id,
                "name": part.name,
                "arguments": _parsed(part.arguments),
                "custom": part.custom or None,
                "thoughtSignature": part.signature,
                "origin": part.origin or None,
            }
        )
    if isinstance(part, MediaPart):
        return _media(part)
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text}
    if isinstance(part, OpaquePart):
        return _bare(
            {"type": "opaque", "protocol": part.protocol, "kind": part.kind, "raw": part.raw, "text": part.text}
        )
    return None


def _media(part: MediaPart) -> JsonObject:
    kind = "image" if part.kind == "image" else part.kind
    return _bare(
        {
            "type": kind,
            "data": part.data,
            "url": part.url,
            "fileId": part.file_id,
            "text": part.text,
            "mimeType": part.media_type,
            "name": part.name,
            "detail": part.detail,
        }
    )


def _bare(value: JsonObject) -> JsonObject:
    return {key: item for key, item in value.items() if item is not None}


def _parsed(arguments: str) -> Any:
    """Arguments as an object where they are one, else as the text that the model wrote."""
    try:
        found = orjson.loads(arguments) if arguments.strip() else {}
    except orjson.JSONDecodeError:
        return arguments
    return found if isinstance(found, dict) else arguments


def message_of(line: JsonObject) -> Message | None:
    """The message that a line spells; None for one that no model is to see."""
    role = line.get("role")
    if role == "toolResult":
        part = ToolResultPart(
            str(line.get("toolCallId", "")),
            parts_of(line.get("content")),
            str(line.get("toolName") or "") or None,
            bool(line.get("isError")),
        )
        return Message("tool", [part])
    if role in ("user", "assistant"):
        return Message(role, parts_of(line.get("content")))
    return None


def parts_of(content: Any) -> list[Part]:
    """The parts of a message's content."""
    if isinstance(content, str):
        return [TextPart(content)]
    items = content if isinstance(content, list) else []
    return [part for item in items if isinstance(item, dict) and (part := _read(item)) is not None]


def _read(item: JsonObject) -> Part | None:
    kind = item.get("type")
    if kind == "text":
        return TextPart(str(item.get("text", "")), signature=item.get("signature"))
    if kind == "thinking":
        return ThinkingPart(
            str(item.get("thinking", "")),
            item.get("thinkingSignature"),
            item.get("encrypted"),
            bool(item.get("redacted")),
            bool(item.get("summary")),
            item.get("id"),
            str(item.get("origin") or ""),
            format=item.get("format"),
        )
    if kind == "toolCall":
        arguments = item.get("arguments")
        return ToolCallPart(
            str(item.get("id", "")),
            str(item.get("name", "")),
            arguments if isinstance(arguments, str) else orjson.dumps(arguments or {}).decode(),
            bool(item.get("custom")),
            signature=item.get("thoughtSignature"),
            origin=str(item.get("origin") or ""),
        )
    if kind in ("image", "document", "audio", "video"):
        return MediaPart(
            kind,
            item.get("data"),
            item.get("url"),
            item.get("fileId"),
            item.get("text"),
            item.get("mimeType"),
            item.get("name"),
            item.get("detail"),
        )
    if kind == "refusal":
        return RefusalPart(str(item.get("refusal", "")))
    if kind == "opaque":
        return OpaquePart(
            str(item.get("protocol", "")), str(item.get("kind", "")), item.get("raw") or {}, item.get("text")
        )
    return None


def text_of(parts: Iterable[Part]) -> str:
    """The plain text in parts: what a search finds, what a reader sees."""
    return "\n".join(part.text for part in parts if isinstance(part, (TextPart, RefusalPart)) and part.text)

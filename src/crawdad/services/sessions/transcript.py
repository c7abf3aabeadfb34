"""Messages as a log keeps them: JSON that loses nothing of a `core.parts.Message`, and reads back as the same.

A part is an object with its `type` and those of its fields that are not as they are by default.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

from crawdad.core.parts import (
    CacheMarker,
    Citation,
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
    ToolResultPart,
)

_CLASSES: dict[str, type[Any]] = {
    "text": TextPart,
    "thinking": ThinkingPart,
    "media": MediaPart,
    "toolCall": ToolCallPart,
    "toolResult": ToolResultPart,
    "refusal": RefusalPart,
    "opaque": OpaquePart,
}
_NAMES = {kind: name for name, kind in _CLASSES.items()}
_NESTED: dict[str, type[Any]] = {"citations": Citation, "logprobs": TokenLogprob, "top": TokenLogprob}


def write_message(message: Message) -> JsonObject:
    """A message as JSON."""
    found: JsonObject = {"role": message.role, "parts": write_parts(message.parts)}
    for name in ("name", "id"):
        if getattr(message, name) is not None:
            found[name] = getattr(message, name)
    if message.extra:
        found["extra"] = message.extra
    return found


def read_message(value: JsonObject) -> Message:
    """The message that `write_message` wrote."""
    return Message(
        value["role"], read_parts(value.get("parts", ())), value.get("name"), value.get("id"), value.get("extra", {})
    )


def write_parts(parts: Iterable[Part]) -> list[JsonObject]:
    """Parts as JSON."""
    return [{"type": _NAMES[type(part)], **_written(part)} for part in parts]


def read_parts(values: Iterable[JsonObject]) -> list[Part]:
    """The parts that `write_parts` wrote."""
    found: list[Part] = []
    for value in values:
        kind = _CLASSES.get(value.get("type", ""))
        if kind is not None:
            found.append(_read(kind, value))
    return found


def text_of(parts: Iterable[Part]) -> str:
    """What parts say in the clear: text, refusals, texts of documents and of tools' answers, and names of files."""
    said: list[str] = []
    for part in parts:
        if isinstance(part, TextPart | RefusalPart):
            said.append(part.text)
        elif isinstance(part, MediaPart):
            said += [each for each in (part.name, part.text) if each]
        elif isinstance(part, ToolResultPart):
            said.append(text_of(part.content))
    return "\n".join(each for each in said if each)


def message_of(data: JsonObject) -> Message | None:
    """The message of a log line's data, None where it holds none."""
    value = data.get("message")
    return read_message(value) if isinstance(value, dict) and isinstance(value.get("role"), str) else None


def _written(thing: Any) -> JsonObject:
    found: JsonObject = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if value == default:
            continue
        if field.name == "content":
            value = write_parts(value)
        elif field.name in _NESTED:
            value = [_written(each) for each in value]
        elif field.name == "cache":
            value = _written(value)
        found[field.name] = value
    return found


def _read(kind: type[Any], value: JsonObject) -> Any:
    known = {field.name: value[field.name] for field in fields(kind) if field.name in value}
    for name, inner in known.items():
        if name == "content":
            known[name] = read_parts(inner)
        elif name in _NESTED:
            known[name] = [_read(_NESTED[name], each) for each in inner]
        elif name == "cache":
            known[name] = _read(CacheMarker, inner)
    return kind(**known)

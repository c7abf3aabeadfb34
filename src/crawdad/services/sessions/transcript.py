"""Messages as a log keeps them: spelled as OpenClaw's transcripts do, with what these cannot say beside it under names of our
own. Nothing of a `core.parts.Message` is lost, and it reads back as the same.

    {"role": "user", "content": [{"type": "text", "text": "hi"}], "timestamp": 1795195378949}
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "…", "thinkingSignature": "…"}, {"type": "toolCall", …}]}
    {"role": "toolResult", "toolCallId": "…", "toolName": "…", "content": […], "isError": false}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any, Literal

import orjson

from crawdad.core.parts import (
    CacheMarker,
    Citation,
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    Role,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.wire.fields import parse_arguments

_TYPES: dict[type[Any], str] = {
    TextPart: "text",
    ThinkingPart: "thinking",
    ToolCallPart: "toolCall",
    ToolResultPart: "toolResult",
    RefusalPart: "refusal",
    OpaquePart: "opaque",
}
_CLASSES: dict[str, type[Any]] = {name: kind for kind, name in _TYPES.items()} | dict.fromkeys(
    ("image", "document", "audio", "video"), MediaPart
)
_NAMES: dict[type[Any], dict[str, str]] = {
    ThinkingPart: {"text": "thinking", "signature": "thinkingSignature"},
    ToolCallPart: {"signature": "thoughtSignature"},
    ToolResultPart: {"call_id": "toolCallId", "name": "toolName", "is_error": "isError"},
    MediaPart: {"media_type": "mimeType", "file_id": "fileId"},
    RefusalPart: {"text": "refusal"},
}
"""What a field is called where it is not called what we call it."""
_ALWAYS: dict[type[Any], tuple[str, ...]] = {
    TextPart: ("text",),
    ThinkingPart: ("text",),
    ToolCallPart: ("id", "name"),
    ToolResultPart: ("call_id", "content", "is_error"),
}
"""Fields that stand there even where they are empty: readers of OpenClaw's own expect them."""
_NESTED: dict[str, type[Any]] = {"citations": Citation, "logprobs": TokenLogprob, "top": TokenLogprob}
_ROLES: dict[object, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "developer",
    "tool": "tool",
}


def write_message(message: Message, at: float | None = None) -> JsonObject:
    """A message as JSON. `at`: when it was said, in Unix seconds."""
    found: JsonObject
    if message.role == "tool" and len(message.parts) == 1 and isinstance(message.parts[0], ToolResultPart):
        found = {"role": "toolResult", **_fields_of(message.parts[0])}
        found.setdefault("toolName", "")
        extra = found.pop("extra", None)
        if extra is not None:
            found["resultExtra"] = extra
    else:
        found = {"role": message.role, "content": write_parts(message.parts)}
    for name, value in (("messageName", message.name), ("messageId", message.id)):
        if value is not None:
            found[name] = value
    if message.extra:
        found["extra"] = message.extra
    if at is not None:
        found["timestamp"] = round(at * 1000)
    return found


def read_message(value: JsonObject) -> Message | None:
    """The message that a log spells; None for one that is none of ours."""
    given = value.get("role")
    role: Role
    parts: list[Part]
    if given == "toolResult":
        bare = {**value, "extra": value.get("resultExtra", {}), "toolName": value.get("toolName") or None}
        role, parts = "tool", [_read(ToolResultPart, bare)]
    elif isinstance(given, str) and given in _ROLES:
        role, parts = _ROLES[given], read_parts(value.get("content"))
    else:
        return None
    extra = value.get("extra")
    return Message(
        role, parts, value.get("messageName"), value.get("messageId"), extra if isinstance(extra, dict) else {}
    )


def message_of(data: JsonObject) -> Message | None:
    """The message of a log line's data, None where it holds none."""
    value = data.get("message")
    return read_message(value) if isinstance(value, dict) else None


def ids_in(message: JsonObject, kind: Literal["toolCall", "toolResult"]) -> list[str]:
    """The ids of the calls, or of those that the results are of, in a message as a log spells it, without reading all of it."""
    if message.get("role") == "toolResult":
        return [_text(message.get("toolCallId"))] if kind == "toolResult" else []
    content, name = message.get("content"), "id" if kind == "toolCall" else "toolCallId"
    parts = content if isinstance(content, list) else ()
    return [_text(part.get(name)) for part in parts if isinstance(part, dict) and part.get("type") == kind]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def write_parts(parts: Iterable[Part]) -> list[JsonObject]:
    """Parts as a message's content."""
    return [{"type": _TYPES.get(type(part)) or part.kind, **_fields_of(part)} for part in parts]  # type: ignore[union-attr]


def read_parts(content: Any) -> list[Part]:
    """The parts of a message's content; what is none of ours is passed over."""
    if isinstance(content, str):
        return [TextPart(content)]
    found: list[Part] = []
    for value in content if isinstance(content, list) else ():
        if (
            isinstance(value, dict)
            and len(value) == 2
            and value.get("type") == "text"
            and isinstance(value.get("text"), str)
        ):
            found.append(TextPart(value["text"]))  # nearly all of a long conversation, which each step of a turn reads
            continue
        kind = _CLASSES.get(str(value.get("type"))) if isinstance(value, dict) else None
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


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a part: what a log calls it, whether it always stands there, and what it is by default."""

    name: str
    spelled: str
    always: bool
    default: Callable[[], Any]


_FIELDS: dict[type[Any], tuple[_Field, ...]] = {}


def _spelled(kind: type[Any]) -> tuple[_Field, ...]:
    known = _FIELDS.get(kind)
    if known is None:
        known = _FIELDS[kind] = _fields_as_spelled(kind)
    return known


def _fields_as_spelled(kind: type[Any]) -> tuple[_Field, ...]:
    names, always = _NAMES.get(kind, {}), _ALWAYS.get(kind, ())
    return tuple(
        _Field(
            field.name,
            names.get(field.name, field.name),
            field.name in always,
            field.default_factory if field.default_factory is not MISSING else partial(_same, field.default),
        )
        for field in fields(kind)
    )


def _same(value: Any) -> Any:
    return value


def _fields_of(thing: Any) -> JsonObject:
    """The fields of a part that are not as they are by default, by their names in a log."""
    kind = type(thing)
    found: JsonObject = {}
    for field in _spelled(kind):
        value = getattr(thing, field.name)
        if (not field.always and value == field.default()) or (kind is MediaPart and field.name == "kind"):
            continue
        if field.name == "content":
            value = write_parts(value)
        elif field.name in _NESTED:
            value = [_fields_of(each) for each in value]
        elif field.name == "cache":
            value = _fields_of(value)
        found[field.spelled] = value
    return _with_arguments(thing, found) if isinstance(thing, ToolCallPart) else found


def _with_arguments(call: ToolCallPart, found: JsonObject) -> JsonObject:
    """Arguments are an object where they are one that can be written; the very text stands beside it where that does not give
    it back."""
    parsed = parse_arguments(call.arguments) if call.arguments else {}
    if parsed is None:
        return {**found, "arguments": call.arguments}
    found["arguments"] = parsed
    if orjson.dumps(parsed).decode() != call.arguments:
        found["argumentsText"] = call.arguments
    return found


def _read(kind: type[Any], value: JsonObject) -> Any:
    """A part out of what a log (perhaps somebody else's) says: what is of the wrong type is as if it were not there."""
    found: dict[str, Any] = {}
    for field in _spelled(kind):
        if field.spelled in value:
            found[field.name] = _value(kind, field.name, value[field.spelled])
    if kind is MediaPart:
        found["kind"] = value["type"]
    elif kind is ToolCallPart:
        found["arguments"] = _arguments(value)
    elif kind is ThinkingPart and "signature" not in found and isinstance(value.get("signature"), str):
        found["signature"] = value["signature"]
    if kind is OpaquePart or kind is Citation:
        found = {"kind": "other", **({"protocol": ""} if kind is OpaquePart else {}), **found}
    elif kind is TokenLogprob:
        found = {"token": "", "logprob": 0.0, **found}
    return kind(**{name: each for name, each in found.items() if each is not _WRONG})


class _Wrong:
    """A value of the wrong type."""


_WRONG = _Wrong()
_TEXTS = frozenset(
    (
        *("text", "id", "name", "call_id", "signature", "encrypted", "origin", "format", "data", "url", "file_id"),
        *("media_type", "detail", "namespace", "protocol", "kind", "title", "cited_text", "token", "ttl"),
    )
)
_OBJECTS = frozenset(("extra", "raw"))


def _value(kind: type[Any], name: str, value: Any) -> Any:
    if name == "content":
        return read_parts(value)
    if name in _NESTED:
        return (
            [_read(_NESTED[name], each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        )
    if name == "cache":
        return _read(CacheMarker, value) if isinstance(value, dict) else None
    if name in _TEXTS:
        return value if isinstance(value, str) else _nothing(kind, name)
    if name in _OBJECTS:
        return value if isinstance(value, dict) else _WRONG
    if name in ("redacted", "summary", "custom", "is_error", "essential"):
        return bool(value)
    return value


def _nothing(kind: type[Any], name: str) -> Any:
    field = kind.__dataclass_fields__[name]
    return "" if field.default is MISSING else field.default


def _arguments(value: JsonObject) -> str:
    text, given = value.get("argumentsText"), value.get("arguments")
    if isinstance(text, str):
        return text
    if isinstance(given, str):
        return given
    try:
        return orjson.dumps(given if isinstance(given, dict) else {}).decode()
    except TypeError:  # nested too deeply
        return "{}"

"""Items, read: the flat list that a request's `input` and an answer's `output` are made of.

Consecutive items of the model (reasoning, messages, calls, server-side items) become the parts of one assistant
message, consecutive tool outputs those of one tool message, which is how other protocols group them. What an item says
beyond our vocabulary stays in `extra`, so that `item_writer` can write it back as it came. An item with no place in the
vocabulary is an `OpaquePart`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.wire.fields import as_object, get_string, need_string, rest, unreadable
from crawdad.wire.openai_responses.compaction import KINDS as COMPACTED
from crawdad.wire.openai_responses.compaction import read_compaction
from crawdad.wire.openai_responses.content import AS_LIST, AS_STRING, GENERATED, ITEM, read_content
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.seals import thinking_part, unseal, unseal_id

SUMMARY_BREAK = "\n\n"
"""Stands between the parts of a reasoning summary in `ThinkingPart.text`."""

_ROLES: dict[str, Role] = {"system": "system", "developer": "developer", "user": "user", "assistant": "assistant"}
_ROLE_OF: dict[type[Part], Role] = {ToolResultPart: "tool", TextPart: "user"}
"""Whose an item is that is no message: the model's, unless it becomes one of these (a text: an earlier summary)."""
_MESSAGE_FIELDS = frozenset({"role", "content"})
_CALL_FIELDS = frozenset({"type", "call_id", "name", "namespace", "arguments"})
_CUSTOM_CALL_FIELDS = frozenset({"type", "call_id", "name", "namespace", "input"})
_RESULT_FIELDS = frozenset({"type", "call_id", "output"})
_TYPE = frozenset({"type"})


def read_items(raw: list[Any], path: str) -> list[Message]:
    """The messages that an `input` array tells. Raises BAD_REQUEST naming the field."""
    messages: list[Message] = []
    for number, item in enumerate(raw):
        here = f"{path}[{number}]"
        if isinstance(item, str):
            messages.append(Message("user", [TextPart(item)], extra={AS_STRING: True}))
            continue
        source = as_object(item, here)
        if _kind(source, here) == "message":
            _add_message(messages, source, here + ".")
            continue
        part = read_item(source, here)
        _add_parts(messages, _ROLE_OF.get(type(part), "assistant"), [part])
    return messages


def read_item(source: JsonObject, path: str, *, opening: bool = True) -> Part:
    """The part that one item other than a message becomes. `opening`: a client hands back what we sealed."""
    kind = _kind(source, path)
    reader = _READERS.get(kind)
    return OpaquePart(NAME, kind, source) if reader is None else reader(source, path + ".", opening)


def read_output_item(item: Any) -> list[Part]:
    """The parts of one item of an upstream's answer. Raises UPSTREAM_BROKEN where it makes no sense.

    Seals stay closed: they were made by a gateway further up, which wants them back as they are.
    """
    try:
        source = as_object(item, "output")
        if _kind(source, "output") != "message":
            return [read_item(source, "output", opening=False)]
        messages: list[Message] = []
        _add_message(messages, {**source, "role": "assistant"}, "output.")
        return messages[0].parts
    except GatewayError as error:
        raise unreadable(error.message()) from None


def _kind(source: JsonObject, path: str) -> str:
    """The type of an item. Messages and references may leave it unsaid."""
    kind = get_string(source, "type", path + ".")
    if kind is not None:
        return kind
    if "role" in source:
        return "message"
    if "id" in source:
        return "item_reference"
    raise bad_request("wire.missing", path + ".type")


def _add_parts(messages: list[Message], role: Role, parts: list[Part]) -> None:
    """Add to the last message where it has the same role, else begin a new one."""
    last = messages[-1] if messages else None
    if last is not None and last.role == role and last.parts and not last.extra:
        last.parts += parts
    else:
        messages.append(Message(role, parts))


def _add_message(messages: list[Message], source: JsonObject, path: str) -> None:
    spelled = need_string(source, "role", path)
    role = _ROLES.get(spelled)
    if role is None:
        raise bad_request("wire.value", path + "role", value=spelled)
    content = source.get("content")
    parts = read_content(content, path + "content")
    marks: JsonObject = {ITEM: rest(source, _MESSAGE_FIELDS)}
    if isinstance(content, str):
        marks[AS_STRING] = True
    if role != "assistant" or not parts:
        messages.append(Message(role, parts, id=get_string(source, "id", path), extra=marks))
        return
    words = [part for part in parts if isinstance(part, (TextPart, RefusalPart))]
    if len(words) == len(parts):
        words[0].extra.update(marks)
        _add_parts(messages, "assistant", parts)
    else:
        text = "".join(part.text for part in words)
        _add_parts(messages, "assistant", [OpaquePart(NAME, "message", source, text or None)])


def _call_id(source: JsonObject, path: str) -> str:
    call_id = get_string(source, "call_id", path) or get_string(source, "id", path)
    if not call_id:
        raise bad_request("wire.missing", path + "call_id")
    return call_id


def _as_text(value: Any) -> str:
    """Arguments are text; some clients send the object itself."""
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


def _open_id(call_id: str, opening: bool) -> tuple[str, str, str | None]:
    return unseal_id(call_id) if opening else (call_id, "", None)


def _read_call(source: JsonObject, path: str, opening: bool) -> Part:
    call_id, origin, signature = _open_id(_call_id(source, path), opening)
    return ToolCallPart(
        id=call_id,
        name=need_string(source, "name", path),
        arguments=_as_text(source.get("arguments")),
        namespace=get_string(source, "namespace", path),
        signature=signature,
        origin=origin,
        extra=rest(source, _CALL_FIELDS),
    )


def _read_custom_call(source: JsonObject, path: str, opening: bool) -> Part:
    call_id, origin, signature = _open_id(_call_id(source, path), opening)
    return ToolCallPart(
        id=call_id,
        name=need_string(source, "name", path),
        arguments=_as_text(source.get("input")),
        custom=True,
        namespace=get_string(source, "namespace", path),
        signature=signature,
        origin=origin,
        extra=rest(source, _CUSTOM_CALL_FIELDS),
    )


def _read_result(source: JsonObject, path: str, opening: bool) -> Part:
    part = ToolResultPart(
        call_id=_open_id(_call_id(source, path), opening)[0],
        name=get_string(source, "name", path),
        custom=source["type"] == "custom_tool_call_output",
        extra=rest(source, _RESULT_FIELDS),
    )
    output = source.get("output")
    if isinstance(output, dict):  # how early command-line clients sent it: {"content": text, "success": whether}
        part.is_error = output.get("success") is False
        part.extra["output"] = output
        output = output.get("content", orjson.dumps(output).decode())
    elif isinstance(output, list):
        part.extra[AS_LIST] = True
    part.content = read_content(output, path + "output")
    return part


def _texts(value: Any, path: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):  # as OpenClaw's clients spell it
        return [value]
    if not isinstance(value, list):
        raise bad_request("wire.type", path, expected="an array")
    sources = [as_object(item, f"{path}[{number}]") for number, item in enumerate(value)]
    return [need_string(source, "text", f"{path}[{number}].") for number, source in enumerate(sources)]


def _read_reasoning(source: JsonObject, path: str, opening: bool) -> Part:
    token = get_string(source, "encrypted_content", path)
    summary = _texts(source.get("summary"), path + "summary")
    text = SUMMARY_BREAK.join(filter(None, summary or _texts(source.get("content"), path + "content")))
    sealed = unseal(token) if opening else None
    if sealed is None:
        return ThinkingPart(
            text,
            encrypted=token,
            summary=bool(summary),
            id=get_string(source, "id", path),
            origin=NAME,
            extra=rest(source, _TYPE),
        )
    return thinking_part(sealed, text)


def _read_generated_image(source: JsonObject, path: str, opening: bool) -> Part:
    result = source.get("result")
    if not isinstance(result, str) or not result:
        return OpaquePart(NAME, "image_generation_call", source)
    spelled = get_string(source, "output_format", path) or "png"
    fields = rest(source, frozenset({"type", "result"}))
    return MediaPart("image", result, media_type=f"image/{spelled}", extra={GENERATED: fields})


_READERS: dict[str, Callable[[JsonObject, str, bool], Part]] = {
    "function_call": _read_call,
    "custom_tool_call": _read_custom_call,
    "function_call_output": _read_result,
    "custom_tool_call_output": _read_result,
    "reasoning": _read_reasoning,
    "image_generation_call": _read_generated_image,
    **dict.fromkeys(COMPACTED, lambda source, path, opening: read_compaction(source, opening)),
}

"""Messages of a client's request: roles, content parts, tool calls and results, earlier reasoning."""

from __future__ import annotations

from typing import Any

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
from crawdad.wire.fields import as_object, get_list, get_object, get_string, need_list, need_string, rest, wrong_type
from crawdad.wire.openai_chat.media import MEDIA_TYPES, read_data_url, read_media
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.thinking import history_thinking, thinking_text, thought_signature
from crawdad.wire.openai_chat.tool_calls import dump_arguments
from crawdad.wire.openai_chat.tools import read_cache
from crawdad.wire.seals import unseal_id

_ROLES: dict[str, Role] = {"system": "system", "developer": "developer", "user": "user"}
_COMMON = frozenset({"role", "content", "name"})
_TOOL = _COMMON | {"tool_call_id"}
_ASSISTANT = _COMMON | {
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "images",
    "extra_content",
}
_TEXTS = frozenset({"text", "input_text", "output_text"})
_PART = frozenset({"type", "text", "cache_control"})
_CALL = frozenset({"id", "type", "function", "custom", "extra_content"})


def read_messages(body: JsonObject) -> list[Message]:
    """The messages of a request body. Raises BAD_REQUEST naming the field at fault."""
    values = need_list(body, "messages")
    if not values:
        raise wrong_type("messages", "an array of at least one message")
    legacy = _LegacyCalls()
    return [_read_message(value, f"messages[{number}]", legacy) for number, value in enumerate(values)]


class _LegacyCalls:
    """Gives ids to the deprecated `function_call`, and finds them again for the `function` message that follows."""

    __slots__ = ("_count", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._last: dict[str, str] = {}

    def call(self, name: str) -> str:
        self._count += 1
        self._last[name] = f"call_function_{self._count}"
        return self._last[name]

    def result(self, name: str) -> str:
        return self._last.get(name, "")


def _read_message(value: Any, path: str, legacy: _LegacyCalls) -> Message:
    raw = as_object(value, path)
    here = path + "."
    role = need_string(raw, "role", here)
    if role in _ROLES:
        return Message(
            _ROLES[role],
            read_content(raw.get("content"), here),
            get_string(raw, "name", here),
            extra=rest(raw, _COMMON),
        )
    if role == "assistant":
        return _read_assistant(raw, here, legacy)
    if role == "tool":
        return _read_tool_result(raw, here)
    if role == "function":
        name = need_string(raw, "name", here)
        result = ToolResultPart(legacy.result(name), read_content(raw.get("content"), here), name)
        return Message("tool", [result], extra=rest(raw, _COMMON))
    raise bad_request("wire.value", here + "role", value=role[:100])


def read_content(content: Any, path: str) -> list[Part]:
    """The parts in `content`, which may be text, a list of parts or nothing. `path` ends with a dot."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise wrong_type(path + "content", "a string or an array")
    return [_read_part(value, f"{path}content[{number}]") for number, value in enumerate(content)]


def _read_part(value: Any, path: str) -> Part:
    if isinstance(value, str):
        return TextPart(value)
    raw = as_object(value, path)
    kind = need_string(raw, "type", path + ".")
    if kind in _TEXTS:
        text = need_string(raw, "text", path + ".")
        return TextPart(text, cache=read_cache(raw), extra=_without_nulls(rest(raw, _PART)))
    if kind in MEDIA_TYPES:
        media = read_media(raw, path)
        media.cache = read_cache(raw)
        media.extra = _without_nulls(media.extra)
        return media
    if kind == "refusal":
        return RefusalPart(need_string(raw, "refusal", path + "."))
    if kind == "thinking":
        return ThinkingPart(thinking_text(raw), origin=NAME, extra=rest(raw, frozenset({"type", "thinking"})))
    if kind == "reference":  # Mistral's own citations
        return OpaquePart(NAME, kind, raw)
    raise bad_request("wire.unknown_part", f"{path}.type", type=kind[:100])


def _without_nulls(extra: JsonObject) -> JsonObject:
    """Some clients fill the fields of other part types with null."""
    return {key: value for key, value in extra.items() if value is not None}


def _read_assistant(raw: JsonObject, here: str, legacy: _LegacyCalls) -> Message:
    content = read_content(raw.get("content"), here)
    parts: list[Part] = [*history_thinking(raw), *content]
    if refusal := get_string(raw, "refusal", here):
        parts.append(RefusalPart(refusal))
    audio = get_object(raw, "audio", here)
    if audio is not None:
        parts.append(MediaPart("audio", file_id=need_string(audio, "id", here + "audio.")))
    parts += _read_images(raw, here)
    for number, value in enumerate(get_list(raw, "tool_calls", here) or ()):
        parts.append(_read_call(value, f"{here}tool_calls[{number}]"))
    call = get_object(raw, "function_call", here)
    if call is not None:
        name = need_string(call, "name", here + "function_call.")
        parts.append(ToolCallPart(legacy.call(name), name, _arguments(call, "arguments", here + "function_call.")))
    message = Message("assistant", parts, get_string(raw, "name", here), extra=rest(raw, _ASSISTANT))
    _sign(message, thought_signature(raw))
    return message


def _sign(message: Message, signature: str | None) -> None:
    """Google's signature of a message belongs to its text, or to its first call where there is no text."""
    if signature is None:
        return
    texts = [part for part in message.parts if isinstance(part, TextPart)]
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    if texts:
        texts[-1].signature = signature
    elif not calls:
        message.parts.append(TextPart(signature=signature))
    elif not calls[0].signature:
        calls[0].signature, calls[0].origin = signature, NAME


def _read_images(raw: JsonObject, here: str) -> list[Part]:
    parts: list[Part] = []
    for number, value in enumerate(get_list(raw, "images", here) or ()):
        path = f"{here}images[{number}]"
        image = as_object(value, path)
        inner = get_object(image, "image_url", path + ".") or {}
        url = need_string(inner, "url", path + ".image_url.")
        inline = read_data_url(url)
        if inline is None:
            parts.append(MediaPart("image", url=url))
        else:
            parts.append(MediaPart("image", data=inline[1], media_type=inline[0]))
    return parts


def _read_call(value: Any, path: str) -> Part:
    raw = as_object(value, path)
    here = path + "."
    kind = get_string(raw, "type", here) or "function"
    if kind not in ("function", "custom"):
        return OpaquePart(NAME, kind, raw)
    inner = get_object(raw, kind, here)
    if inner is None:
        raise bad_request("wire.missing", here + kind)
    identifier, origin, signature = unseal_id(get_string(raw, "id", here) or "")
    native = thought_signature(raw)
    return ToolCallPart(
        identifier,
        need_string(inner, "name", f"{here}{kind}."),
        _arguments(inner, "input" if kind == "custom" else "arguments", f"{here}{kind}."),
        kind == "custom",
        signature=signature or native,
        origin=origin or NAME,
        extra=rest(raw, _CALL),
    )


def _arguments(inner: JsonObject, key: str, path: str) -> str:
    """Arguments should be text; some clients send the object itself."""
    try:
        return dump_arguments(inner.get(key))
    except GatewayError:
        raise wrong_type(path + key, "a string") from None


def _read_tool_result(raw: JsonObject, here: str) -> Message:
    identifier = unseal_id(need_string(raw, "tool_call_id", here))[0]
    content = read_content(raw.get("content"), here)
    result = ToolResultPart(identifier, content, get_string(raw, "name", here))
    return Message("tool", [result], extra=rest(raw, _TOOL))

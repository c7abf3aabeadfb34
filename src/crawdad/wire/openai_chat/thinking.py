"""Reasoning in a message: `reasoning_details` (OpenRouter's form, also ours for opaque values) and plain text.

Plain reasoning is `reasoning_content` (DeepSeek, z.ai, Qwen, Moonshot, …) or `reasoning` (OpenRouter, Groq, Cerebras, vLLM,
Ollama). An item of `reasoning_details` is `reasoning.text` (`text`, `signature`), `reasoning.summary` (`summary`) or
`reasoning.encrypted` (`data`), each with `id`, `format` and `index`. Opaque values of another protocol are sealed into
`signature`, or into `data` where there is no text.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject, ThinkingPart
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.seals import seal, thinking_fields, thinking_part, unseal

_TEXT, _SUMMARY, _ENCRYPTED = "reasoning.text", "reasoning.summary", "reasoning.encrypted"
_KNOWN = frozenset({"text", "summary", "signature", "data", "id"})


def read_detail(item: JsonObject) -> ThinkingPart:
    """One item of `reasoning_details` as the upstream means it."""
    extra = {key: value for key, value in item.items() if key not in _KNOWN}
    extra.setdefault("type", _TEXT)
    return ThinkingPart(
        _text(item.get("text")) or _text(item.get("summary")) or "",
        signature=_text(item.get("signature")),
        encrypted=_text(item.get("data")),
        summary=item.get("type") == _SUMMARY,
        id=_text(item.get("id")),
        origin=NAME,
        extra=extra,
        format=_text(item.get("format")),
    )


def open_detail(item: JsonObject) -> ThinkingPart:
    """One item of `reasoning_details` that a client sends back: a sealed one regains its origin and opaque values."""
    part = read_detail(item)
    opened = unseal(part.signature) or unseal(part.encrypted)
    if opened is None:
        return part
    thought = thinking_part(opened, part.text)
    thought.summary = thought.summary or part.summary
    return thought


def write_detail(part: ThinkingPart, index: int) -> JsonObject | None:
    """`part` as an item of `reasoning_details`; None for plain text of a vendor of this protocol."""
    if part.origin == NAME:
        return _own_detail(part, index)
    token = sealed(part)
    if not part.text:
        return {"type": _ENCRYPTED, "data": token, "index": index}
    return {"type": detail_type(part), text_field(part): part.text, "signature": token, "index": index}


def _own_detail(part: ThinkingPart, index: int) -> JsonObject | None:
    """An item as its vendor knows it; one that came back through another protocol has lost its fields but not its values."""
    item: JsonObject = {**part.extra}
    if "type" not in item:
        if not (part.signature or part.encrypted or part.id):
            return None
        item["type"] = _ENCRYPTED if part.encrypted and not part.text else detail_type(part)
        if part.format is not None:
            item["format"] = part.format
    item.setdefault("index", index)
    fields = (
        (text_field(part), part.text or None),
        ("signature", part.signature),
        ("data", part.encrypted),
        ("id", part.id),
    )
    return item | {key: value for key, value in fields if value is not None}


def sealed(part: ThinkingPart) -> str:
    """The opaque values of a foreign part as one token. It is there even without any: it tells whose thought it is."""
    return seal(thinking_fields(part))


def detail_type(part: ThinkingPart) -> str:
    """The type of the item that tells `part`."""
    own = part.extra.get("type") if part.origin == NAME else None
    return own if isinstance(own, str) else _SUMMARY if part.summary else _TEXT


def text_field(part: ThinkingPart) -> str:
    """The field that holds the text of the item that tells `part`."""
    return "summary" if part.summary else "text"


def plain_reasoning(source: JsonObject) -> str:
    """The reasoning text of a message or delta; vendors that send both fields send the same in both."""
    value = source.get("reasoning_content") or source.get("reasoning")
    return value if isinstance(value, str) else ""


def thinking_text(item: JsonObject) -> str:
    """The text of a `thinking` content part (Mistral): a string, or a list of text parts."""
    value = item.get("thinking")
    if isinstance(value, list):
        return "".join(_text(part.get("text")) or "" for part in value if isinstance(part, dict))
    return _text(value) or ""


def details_of(source: JsonObject) -> list[JsonObject]:
    """The items of `reasoning_details`."""
    values = source.get("reasoning_details")
    return [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []


def history_thinking(message: JsonObject) -> list[ThinkingPart]:
    """The reasoning in an assistant message that a client sends back."""
    text = plain_reasoning(message)
    parts = [open_detail(item) for item in details_of(message)]
    if text and not any(part.text for part in parts):
        parts.insert(0, ThinkingPart(text, origin=NAME))
    return parts


def write_thinking(parts: list[ThinkingPart]) -> JsonObject:
    """The reasoning fields of a whole answer's message."""
    fields: JsonObject = {}
    if text := "".join(part.text for part in parts):
        fields["reasoning_content"] = text
    details = [item for number, part in enumerate(parts) if (item := write_detail(part, number)) is not None]
    if details:
        fields["reasoning_details"] = details
    return fields


def thought_signature(source: JsonObject) -> str | None:
    """Google's `extra_content.google.thought_signature` of a message or tool call."""
    content = source.get("extra_content")
    google = content.get("google") if isinstance(content, dict) else None
    value = google.get("thought_signature") if isinstance(google, dict) else None
    return value if isinstance(value, str) and value else None


def write_thought_signature(signature: str) -> JsonObject:
    """The value of `extra_content` that carries `signature`."""
    return {"google": {"thought_signature": signature}}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

"""Counting tokens without a tokenizer: an estimate that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from crawdad.core.parts import MediaPart, Part, RefusalPart, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.request import ModelRequest

_PER_MESSAGE = 4
_PER_IMAGE = 1200
_PER_DOCUMENT_BYTE = 0.02
_PER_TOOL = 12

MOST_TOKENS = 10_000_000
"""No request is taken for more."""
_SAMPLE = 64 * 1024
_MOST_DEPTH = 40
_MOST_VALUES = 200_000
_PER_PICTURE = 1600
_PER_MEDIA_CHARACTER = {"image": 0.0, "audio": 0.02, "video": 0.02}
_PER_DOCUMENT_CHARACTER = 0.2
_MEDIA_KEYS = frozenset({"data", "url", "image_url", "file_data", "file_uri", "fileUri", "b64_json"})
_TYPE_KEYS = ("media_type", "mime_type", "mimeType", "format")


def estimate_text(text: str) -> int:
    """Tokens of `text`: four ASCII characters to a token, one and a half of any other script."""
    if not text:
        return 0
    other = len(text) - len(text.encode("ascii", "ignore")) if not text.isascii() else 0
    return max(1, round((len(text) - other) / 4 + other / 1.5))


def estimate_request(request: ModelRequest) -> int:
    """Input tokens of a request."""
    total = 0
    for message in request.messages:
        total += _PER_MESSAGE + sum(_estimate_part(part) for part in message.parts)
    for tool in request.tools:
        text = tool.name + (tool.description or "")
        schema = tool.parameters or tool.raw
        total += _PER_TOOL + estimate_text(text) + (len(orjson.dumps(schema)) // 4 if schema else 0)
    return total


def _estimate_part(part: Part) -> int:
    if isinstance(part, (TextPart, ThinkingPart, RefusalPart)):
        return estimate_text(part.text)
    if isinstance(part, ToolCallPart):
        return estimate_text(part.name) + estimate_text(part.arguments) + 8
    if isinstance(part, ToolResultPart):
        return 8 + sum(_estimate_part(inner) for inner in part.content)
    if isinstance(part, MediaPart):
        if part.text is not None:
            return estimate_text(part.text)
        if part.kind == "image":
            return _PER_IMAGE
        return _PER_IMAGE + int(len(part.data or "") * _PER_DOCUMENT_BYTE)
    return 0


def estimate_body(body: Any) -> int:
    """Input tokens of a parsed request body, whatever its protocol, read off the lengths of its strings.

    Rather too many than too few. It takes no longer for a body made of nothing but tokens: long strings are looked at in part,
    and what is deeper or has more values than a request should is taken for the bound.
    """
    total, seen = 0.0, 0
    waiting: list[tuple[Any, int]] = [(body, 0)]
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES:
            return MOST_TOKENS
        if isinstance(value, str):
            total += _text_tokens(value)
        elif isinstance(value, dict):
            if depth < _MOST_DEPTH:
                total += _of_mapping(value, depth, waiting)
            else:
                total += len(value)
        elif isinstance(value, list):
            if depth >= _MOST_DEPTH or (value and isinstance(value[0], (int, float))):
                total += len(value)  # tokens as numbers
            else:
                waiting.extend((item, depth + 1) for item in value[:_MOST_VALUES])
    return min(MOST_TOKENS, round(total))


def _of_mapping(value: Mapping[Any, Any], depth: int, waiting: list[tuple[Any, int]]) -> float:
    """Tokens of the media in an object; what else is in it is put on the list."""
    total = _PER_MESSAGE if "role" in value else 0.0
    for key, item in value.items():
        if isinstance(item, str) and key in _MEDIA_KEYS:
            total += _media(item, value)
        elif key not in ("model", "role", "type", "id") or not isinstance(item, str):
            waiting.append((item, depth + 1))
    return total


def _media(content: str, beside: Mapping[Any, Any]) -> float:
    kind = next((beside[key] for key in _TYPE_KEYS if isinstance(beside.get(key), str)), "")
    if content.startswith("data:"):
        kind = content[5:40]
    elif content[:8].lower().startswith(("http://", "https://", "gs://", "file")):
        return _PER_PICTURE
    family = kind.partition("/")[0].lower()
    if family == "text":
        return _text_tokens(content) * 3 / 4
    if family in ("wav", "mp3"):
        family = "audio"
    if not family and len(content) < 256:
        return _text_tokens(content)
    return _PER_PICTURE + len(content) * _PER_MEDIA_CHARACTER.get(family, _PER_DOCUMENT_CHARACTER)


def _text_tokens(text: str) -> float:
    """Tokens of a text; of a long one a sample is looked at."""
    if len(text) <= _SAMPLE or text.isascii():
        return estimate_text(text) if not text.isascii() else max(1.0, len(text) / 4) if text else 0.0
    middle = len(text) // 2
    sample = text[: _SAMPLE // 2] + text[middle : middle + _SAMPLE // 2]
    return max(estimate_text(sample) / len(sample), 0.25) * len(text)

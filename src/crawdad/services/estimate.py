"""Counting tokens without a tokenizer: an estimate that says so."""

from __future__ import annotations

import orjson

from crawdad.core.parts import MediaPart, Part, RefusalPart, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.request import ModelRequest

_PER_MESSAGE = 4
_PER_IMAGE = 1200
_PER_DOCUMENT_BYTE = 0.02
_PER_TOOL = 12


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

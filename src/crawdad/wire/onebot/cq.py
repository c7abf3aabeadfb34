"""CQ codes: `[CQ:type,key=value,…]` in a text. Segments are `{"type": …, "data": {…}}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crawdad.core.parts import JsonObject

_CODE = re.compile(r"\[CQ:([A-Za-z0-9_.-]+)((?:,[^\[\],]*)*)\]")


def escape(text: str, *, inside: bool = False) -> str:
    """Text as it stands in a message; `inside` a code commas are escaped too."""
    text = text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
    return text.replace(",", "&#44;") if inside else text


def unescape(text: str) -> str:
    """The text that was escaped."""
    return text.replace("&#44;", ",").replace("&#91;", "[").replace("&#93;", "]").replace("&amp;", "&")


def parse(text: str) -> list[JsonObject]:
    """The segments of a text with codes. What looks like a code and is none is text."""
    segments: list[JsonObject] = []
    end = 0
    for found in _CODE.finditer(text):
        if found.start() > end:
            segments.append({"type": "text", "data": {"text": unescape(text[end : found.start()])}})
        pairs = (pair.partition("=") for pair in found[2].split(",")[1:])
        segments.append({"type": found[1], "data": {name: unescape(value) for name, sign, value in pairs if sign}})
        end = found.end()
    if end < len(text):
        segments.append({"type": "text", "data": {"text": unescape(text[end:])}})
    return segments


def write(segments: Sequence[JsonObject]) -> str:
    """Segments as a text with codes."""
    pieces: list[str] = []
    for segment in segments:
        data = segment.get("data") or {}
        if segment["type"] == "text":
            pieces.append(escape(str(data.get("text", ""))))
        else:
            values = "".join(f",{name}={escape(_word(value), inside=True)}" for name, value in data.items())
            pieces.append(f"[CQ:{segment['type']}{values}]")
    return "".join(pieces)


def _word(value: Any) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else str(value)


def segments_of(message: Any) -> list[JsonObject]:
    """The segments of an event's `message`, which may be an array, one segment, or a text with codes. Values are words by
    the standard and numbers in fact: whoever reads them makes them what they are to be."""
    if isinstance(message, str):
        return parse(message)
    if isinstance(message, dict):
        message = [message]
    if not isinstance(message, list):
        return []
    return [
        {"type": str(one["type"]), "data": one["data"] if isinstance(one.get("data"), dict) else {}}
        for one in message
        if isinstance(one, dict) and "type" in one
    ]

"""Telegram counts in UTF-16 code units."""

from __future__ import annotations

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024


def utf16_length(text: str) -> int:
    """How long Telegram takes a text to be."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def utf16_slice(text: str, offset: int, length: int) -> str:
    """What an entity with these numbers covers; what lies outside the text is left out."""
    raw = text.encode("utf-16-le", "surrogatepass")
    start = max(0, offset) * 2
    return raw[start : start + max(0, length) * 2].decode("utf-16-le", "replace")

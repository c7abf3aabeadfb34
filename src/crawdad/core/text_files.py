"""Text as files hold it: which encoding, which ends of lines, and that an edit keeps both. Pure."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file's text, its lines ending in a line feed; `encoding` and `line_end` are those of the file."""

    text: str
    encoding: str = "utf-8"
    line_end: str = "\n"

    def encoded(self, text: str) -> bytes:
        """Another text as this file would hold it."""
        ended = text.replace("\r\n", "\n")
        return (ended.replace("\n", self.line_end) if self.line_end != "\n" else ended).encode(self.encoding)


def decoded(data: bytes) -> TextFile | None:
    """The text of a file; None when it is none. Chinese text of older systems (GB 18030) is read too."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return _with_ends(data.decode(encoding), encoding)
            except UnicodeDecodeError:
                return None
    if b"\0" in data:
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or _looks_like_text(text):
            return _with_ends(text, encoding)
    return None


def picture_type(data: bytes) -> str | None:
    """The media type of a picture that models can see."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _PICTURES if data.startswith(beginning)), None)


def _with_ends(text: str, encoding: str) -> TextFile:
    crlf = text.count("\r\n")
    line_end = "\r\n" if crlf and crlf * 2 > text.count("\n") else "\n"
    return TextFile(text.replace("\r\n", "\n"), encoding, line_end)


def _looks_like_text(text: str) -> bool:
    odd = sum(not (character.isprintable() or character in "\t\n\r\f") for character in text)
    return odd * 50 <= len(text)

"""What a file shows of itself: a picture by its first bytes, a text by what its bytes say, whatever its name claims. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass

from crawdad.core.text_files import decoded, picture_type

SHOWN_UNITS = 524_288
"""How much of a text is shown, in UTF-16 units, as the contract counts."""
READ_BYTES = 4 * SHOWN_UNITS
LARGEST_PICTURE = 32 << 20
_ARCHIVES = ".7z .apk .bz2 .deb .dmg .gz .img .iso .jar .msi .rar .rpm .tar .tgz .xz .zip .zst"
_PROGRAMS = ".a .bin .class .dat .db .dll .exe .o .pyc .so .sqlite .sqlite3 .wasm"
_MEDIA = ".avi .flac .m4a .mkv .mov .mp3 .mp4 .ogg .wav .webm"
_OFFICE = ".doc .docx .eot .otf .pdf .ppt .pptx .ttf .woff .woff2 .xls .xlsx"
_BINARY = frozenset(f"{_ARCHIVES} {_PROGRAMS} {_MEDIA} {_OFFICE}".split(" "))
"""What is no text even where its bytes happen to read as one."""


@dataclass(frozen=True, slots=True)
class TextPreview:
    """A text, perhaps without its end. `encoding` is the file's."""

    content: str
    truncated: bool
    encoding: str


def extension_of(name: str) -> str:
    """The extension with its dot, in lower case; empty where there is none."""
    return os.path.splitext(name)[1].lower()


def picture_of(head: bytes) -> str | None:
    """The media type of a picture that browsers show and that holds no programs."""
    if head[:2] == b"BM" and head[6:10] == bytes(4) and len(head) > 26:
        return "image/bmp"
    if head[:4] == b"\0\0\1\0" and len(head) > 6 and head[4:6] != bytes(2):
        return "image/x-icon"
    return picture_type(head)


def text_of(name: str, data: bytes, size: int) -> TextPreview | None:
    """The text that a file of `size` bytes holds, of which `data` is the beginning; None where it is none."""
    if extension_of(name) in _BINARY:
        return None
    cut = size > len(data)
    # What was cut off may have begun in the middle of a character.
    for left_off in range(4 if cut else 1):
        found = decoded(data[: len(data) - left_off])
        if found is None:
            continue
        units = found.text.encode("utf-16-le", "surrogatepass")
        if len(units) <= 2 * SHOWN_UNITS and not cut:
            return TextPreview(found.text, False, found.encoding)
        return TextPreview(units[: 2 * SHOWN_UNITS].decode("utf-16-le", "ignore"), True, found.encoding)
    return None

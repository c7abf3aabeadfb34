"""Run as a program of its own (`pdf.py` starts it): a PDF on standard input, its first pages as PNG on standard output.

Arguments: the most pages, the most pixels of all of them, the most bytes of memory, the most seconds of work. It needs the
package `pypdfium2`, which is installed where somebody wants this; without it the answer says so. PDFium is written in C++: a
hostile file finds itself in a process that holds nothing but that file.
"""

from __future__ import annotations

import base64
import importlib
import json
import math
import resource
import struct
import sys
import zlib
from contextlib import suppress

_LARGEST_SCALE = 3.0


def main() -> None:
    """Write `{"pages": [base64, …]}` or `{"problem": "absent" | "broken"}`."""
    pages, pixels, memory, seconds = (int(argument) for argument in sys.argv[1:5])
    for limit, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(limit, (most, most))
    answer: dict[str, object]
    try:
        made = rendered(sys.stdin.buffer.read(), pages, pixels)
        answer = {"pages": [base64.b64encode(page).decode() for page in made]}
    except ImportError:
        answer = {"problem": "absent"}
    except Exception:  # whatever a hostile file does to a reader
        answer = {"problem": "broken"}
    json.dump(answer, sys.stdout)


def rendered(data: bytes, pages: int, pixels: int) -> list[bytes]:
    """The first pages, which share the pixels. Raises ImportError where there is nothing to do it with."""
    pypdfium2 = importlib.import_module("pypdfium2")
    document = pypdfium2.PdfDocument(data)
    count = min(pages, len(document))
    found: list[bytes] = []
    for number in range(count):
        page = document[number]
        width, height = page.get_size()
        bitmap = page.render(scale=scale_of(width, height, pixels // count), rev_byteorder=True, no_smoothtext=False)
        found.append(png(bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels, bytes(bitmap.buffer)))
    return found


def scale_of(width: float, height: float, pixels: int) -> float:
    """How much a page of so many points is enlarged or made smaller to have at most so many pixels."""
    wide, high = max(width, 1.0), max(height, 1.0)
    # Sizes are rounded up to whole pixels: (wide × scale + 1) × (high × scale + 1) must not exceed them.
    around, area = wide + high, wide * high
    scale = (math.sqrt(around * around + 4 * area * (max(4, pixels) - 1)) - around) / (2 * area)
    return min(_LARGEST_SCALE, scale * 0.999)


def png(width: int, height: int, stride: int, channels: int, data: bytes) -> bytes:
    """A picture of 8-bit grey (1 channel), RGB (3) or RGB with a fourth byte that counts for nothing."""
    lines = bytearray()
    for row in range(height):
        line = data[row * stride : row * stride + width * channels]
        if channels == 4:
            plain = bytearray(3 * width)
            plain[0::3], plain[1::3], plain[2::3] = line[0::4], line[1::4], line[2::4]
            line = bytes(plain)
        lines += b"\0" + line
    colour = 0 if channels == 1 else 2
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(lines), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_piece(kind, content) for kind, content in parts)


def _piece(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main()

"""Small PDF files, written by hand: with text, locked, and ones that unpack to far more than they are."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from io import BytesIO

from pypdf import PdfReader, PdfWriter


def pdf_of(pages: Sequence[str]) -> bytes:
    """A PDF with these pages, in a font that every reader has."""
    return _file([_words(page) for page in pages])


def bomb(megabytes: int) -> bytes:
    """A PDF of some kilobytes whose only page unpacks to `megabytes`, of drawing commands."""
    return _file([b"BT (x) Tj ET\n" * (megabytes * 1024 * 1024 // 13)])


def encrypted(data: bytes, password: str) -> bytes:
    """The same PDF behind a password."""
    writer = PdfWriter(PdfReader(BytesIO(data)))
    writer.encrypt(password, algorithm="AES-256")
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def _words(text: str) -> bytes:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F1 8 Tf 20 700 Td ({escaped}) Tj ET".encode("latin-1")


def _file(contents: Sequence[bytes]) -> bytes:
    pages = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{pages}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(contents):
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents "
        objects.append(f"{page}{5 + 2 * number} 0 R >>".encode())
        packed = zlib.compress(content, 9)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + packed + b"\nendstream")
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010} 00000 n \n" for at in places)
    trailer = f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + (table + trailer).encode()

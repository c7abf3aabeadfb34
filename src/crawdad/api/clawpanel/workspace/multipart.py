"""Reading `multipart/form-data` while it comes: what its parts are, and their bytes in the order in which they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part begins. `filename` is None for a plain field."""

    name: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class PartData:
    """Bytes of the part."""

    data: bytes


Piece = PartBegins | PartData


def boundary_of(content_type: str) -> bytes | None:
    """The boundary that a content type names; None where it is no form with parts."""
    kind, options = parse_options_header(content_type)
    return options.get(b"boundary") or None if kind == b"multipart/form-data" else None


async def pieces_of(boundary: bytes, chunks: AsyncIterable[bytes]) -> AsyncIterator[Piece]:
    """The parts of a body. Raises BAD_REQUEST for one that is none, or that ends in the middle."""
    reader = _Reader()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_header_field": reader.on_header_field,
                "on_header_value": reader.on_header_value,
                "on_header_end": reader.on_header_end,
                "on_headers_finished": reader.on_headers_finished,
                "on_part_begin": reader.on_part_begin,
                "on_part_data": reader.on_part_data,
                "on_end": reader.on_end,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
            found, reader.found = reader.found, []
            for piece in found:
                yield piece
        parser.finalize()
    except FormParserError:
        raise _broken() from None
    if not reader.ended:
        raise _broken()


class _Reader:
    """What the parser found since somebody looked."""

    def __init__(self) -> None:
        self.found: list[Piece] = []
        self.ended = False
        self._parts = 0
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[str, str] = {}

    def on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _broken()
        self._headers = {}

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name.clear()
        self._value.clear()

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        filename = options.get(b"filename")
        name = _text(options.get(b"name", b""))
        self.found.append(PartBegins(name, None if filename is None else _text(filename)))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.found.append(PartData(bytes(data[start:end])))

    def on_end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    """A name in a header: UTF-8, or what very old clients send."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _broken() -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.bad_form"), {"code": "bad_form"})

"""multipart/form-data, both ways (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.media import File

MAX_PARTS = 64


@dataclass(slots=True)
class Form:
    """The fields and files of a form, in order."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, File]] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """The first field of that name."""
        return next((value for key, value in self.fields if key == name), None)

    def file(self, name: str) -> File | None:
        """The first file of that name."""
        return next((found for key, found in self.files if key == name), None)


class _Builder:
    """Collects the parser's callbacks into a form."""

    def __init__(self) -> None:
        self.form = Form()
        self._headers: dict[str, str] = {}
        self._name = b""
        self._value = b""
        self._data: list[bytes] = []
        self._count = 0

    def on_part_begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise bad_request("wire.value", "body", value=f"more than {MAX_PARTS} parts")
        self._headers, self._data = {}, []

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name = self._value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def on_part_end(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        data = b"".join(self._data)
        filename = options.get(b"filename")
        if filename is None:
            try:
                self.form.fields.append((name, data.decode("utf-8")))
            except UnicodeDecodeError:
                raise bad_request("wire.type", name, expected="UTF-8 text") from None
            return
        media_type = self._headers.get("content-type", "application/octet-stream")
        self.form.files.append((name, File(data, filename.decode("utf-8", "replace"), media_type)))


def read_form(body: bytes, content_type: str) -> Form:
    """The form in `body`. Raises BAD_REQUEST for anything that is not one."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise bad_request("wire.type", "Content-Type", expected="multipart/form-data")
    builder = _Builder()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": builder.on_part_begin,
                "on_part_data": builder.on_part_data,
                "on_part_end": builder.on_part_end,
                "on_header_field": builder.on_header_field,
                "on_header_value": builder.on_header_value,
                "on_header_end": builder.on_header_end,
            },
        )
        parser.write(body)
        parser.finalize()
    except GatewayError:
        raise
    except (MultipartParseError, ValueError) as error:
        raise bad_request("wire.value", "body", value=str(error)[:200]) from None
    return builder.form


def write_form(form: Form, boundary: str) -> tuple[bytes, str]:
    """`(body, content type)` of a form. `boundary` must not occur in it."""
    pieces: list[bytes] = []
    for name, value in form.fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
        pieces += [head.encode(), value.encode(), b"\r\n"]
    for name, file in form.files:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"; filename="{_quoted(file.name)}"\r\n'
            f"Content-Type: {_one_line(file.media_type)}\r\n\r\n"
        )
        pieces += [head.encode(), file.data, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"


def _quoted(value: str) -> str:
    return _one_line(value).replace('"', "%22")


def _one_line(value: str) -> str:
    return value.replace("\r", "%0D").replace("\n", "%0A")

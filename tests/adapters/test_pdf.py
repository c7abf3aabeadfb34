"""PDF files read in a process of its own: text, and files that mean harm."""

from __future__ import annotations

import base64
import importlib.util
import struct
import zlib

import pytest

from crawdad.adapters.programs import PdfProgram
from crawdad.adapters.programs.pdf_rendering import png, scale_of
from crawdad.core.documents import PdfUnreadable
from tests.support.pdf import bomb, encrypted, pdf_of

PAGES = ["First page (of three)", "Second page", "Third page"]


async def reason(data: bytes, program: PdfProgram) -> str:
    with pytest.raises(PdfUnreadable) as refused:
        await program.read(data, 10, 1000)
    return refused.value.reason.key


async def test_the_first_pages_up_to_a_number_of_characters() -> None:
    program = PdfProgram()
    assert await program.read(pdf_of(PAGES), 2, 1000) == "First page (of three)\n\nSecond page"
    assert await program.read(pdf_of(PAGES), 3, 10) == "First page"
    assert await program.read(pdf_of([""]), 3, 1000) == ""


async def test_one_locked_for_changes_only_is_read_and_one_with_a_password_is_not() -> None:
    assert await PdfProgram().read(encrypted(pdf_of(PAGES), ""), 3, 12) == "First page ("
    assert await reason(encrypted(pdf_of(PAGES), "secret"), PdfProgram()) == "doors.pdf_locked"


@pytest.mark.parametrize("data", [b"%PDF-1.7 ...", pdf_of(PAGES)[:300], b"%PDF-1.4\ntrailer << /Root 1 0 R >>\n%%EOF"])
async def test_damaged_ones(data: bytes) -> None:
    assert await reason(data, PdfProgram()) == "doors.pdf_broken"


async def test_one_that_unpacks_to_far_more_than_it_is() -> None:
    packed = bomb(200)
    assert len(packed) < 1024 * 1024
    assert await reason(packed, PdfProgram()) == "doors.pdf_large"


async def test_one_that_takes_more_memory_than_allowed() -> None:
    assert await reason(bomb(60), PdfProgram(memory=150 * 1024 * 1024)) == "doors.pdf_large"


async def test_one_that_takes_too_long_is_ended() -> None:
    assert await reason(bomb(60), PdfProgram(seconds=1)) == "doors.pdf_large"


def pixels_of(picture: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, kind of colour and the lines (each behind its filter byte) of a PNG."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n") and picture.endswith(b"IEND\xaeB`\x82")
    width, height, _, colour = struct.unpack(">IIBB", picture[16:26])
    length = struct.unpack(">I", picture[33:37])[0]
    assert (
        picture[37:41] == b"IDAT"
        and zlib.crc32(picture[37 : 41 + length]) == struct.unpack(">I", picture[41 + length : 45 + length])[0]
    )
    return width, height, colour, zlib.decompress(picture[41 : 41 + length])


def test_pictures_of_pages() -> None:
    assert pixels_of(png(2, 1, 8, 3, b"abcdef__")) == (2, 1, 2, b"\0abcdef")
    assert pixels_of(png(1, 2, 4, 4, b"abc_def_")) == (1, 2, 2, b"\0abc\0def")
    assert pixels_of(png(2, 1, 2, 1, b"ab")) == (2, 1, 0, b"\0ab")


@pytest.mark.parametrize(("width", "height"), [(595, 842), (14400, 14400), (0, 0), (10, 100_000)])
def test_pages_keep_within_their_pixels(width: float, height: float) -> None:
    scale = scale_of(width, height, 1_000_000)
    assert 0 < scale <= 3 and (width * scale) * (height * scale) <= 1_000_000


async def test_pages_are_turned_into_pictures_where_that_can_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    found = await PdfProgram().render(pdf_of(PAGES), 2, 500_000)
    if importlib.util.find_spec("pypdfium2") is None:
        assert found == [], "then the file itself is shown"
        assert "crawdad[pdf]" in capsys.readouterr().out
        return
    sizes = [pixels_of(base64.b64decode(page))[:2] for page in found]
    assert len(sizes) == 2 and sum(width * height for width, height in sizes) <= 500_000
    assert await PdfProgram().render(b"%PDF-1.7 ...", 2, 500_000) == []

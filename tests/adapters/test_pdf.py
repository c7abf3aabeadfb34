"""PDF files read in a process of its own: text, and files that mean harm."""

from __future__ import annotations

import pytest

from crawdad.adapters.programs import PdfProgram
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

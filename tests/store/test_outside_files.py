"""Contents that came from outside."""

from __future__ import annotations

from crawdad.core.programs import FileMark
from crawdad.store.database import Database
from crawdad.store.outside_files import OutsideFileStore


async def test_contents_are_known_wherever_they_lie(database: Database) -> None:
    files = OutsideFileStore(database, lambda: 1000.0)
    one, two = FileMark("/w/a", "a" * 64), FileMark("/w/b", "b" * 64)
    await files.note([one, two, one], "run1")
    await files.note([FileMark("/w/c", one.sha256)], "run2")
    assert await files.among([one.sha256, "c" * 64]) == {one.sha256}
    assert await files.among([]) == frozenset() and not await files.at([])
    assert await files.at(["/w/c"]) and await files.at(["/x", "/w/b"]) and not await files.at(["/w/a"])
    await files.vouch([one])
    assert await files.among([one.sha256, two.sha256]) == {two.sha256}


async def test_many_at_once(database: Database) -> None:
    files = OutsideFileStore(database, lambda: 1000.0)
    marks = [FileMark(f"/w/{number}", f"{number:064x}") for number in range(1200)]
    await files.note(marks, "run1")
    assert len(await files.among([mark.sha256 for mark in marks])) == 1200 and await files.at([marks[-1].path])
    await files.vouch(marks)
    assert not await files.among([mark.sha256 for mark in marks])

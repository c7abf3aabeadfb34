"""`core.outside_files.OutsideFiles` in the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache

from sqlalchemy import delete, select

from crawdad.core.plain_json import in_unicode
from crawdad.core.programs import FileMark
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.tool_tables import outside_files
from crawdad.store.upsert import insert_or_keep

_AT_ONCE = 500
_SIZES = (1, 8, 64, _AT_ONCE)
_columns = outside_files.c


class OutsideFileStore:
    """The table of contents that came from outside. `now` is the time in Unix seconds."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def note(self, files: Sequence[FileMark], run_id: str) -> None:
        """See the port."""
        moment = self._now()
        rows = {
            file.sha256: {"sha256": file.sha256, "path": in_unicode(file.path), "run_id": run_id, "noted_at": moment}
            for file in files
        }
        if not rows:
            return
        async with self._database.write() as connection:
            for some in _pieces(sorted(rows)):
                await connection.execute(delete(outside_files).where(_columns.sha256.in_(some)))
            await connection.execute(insert_or_keep(self._database.dialect, outside_files), list(rows.values()))

    async def vouch(self, files: Sequence[FileMark]) -> None:
        """See the port."""
        async with self._database.write() as connection:
            for some in _pieces([file.sha256 for file in files]):
                await connection.execute(delete(outside_files).where(_columns.sha256.in_(some)))

    async def among(self, digests: Collection[str]) -> frozenset[str]:
        """See the port."""
        found: set[str] = set()
        for some in _pieces(sorted(set(digests))):
            rows = await self._database.ask(_question("sha256", _size(some)), **_values(some))
            found.update(row["sha256"] for row in rows)
        return frozenset(found)

    async def at(self, paths: Collection[str]) -> bool:
        """See the port."""
        for some in _pieces(sorted({in_unicode(path) for path in paths})):
            if await self._database.ask(_question("path", _size(some)), **_values(some)):
                return True
        return False


@cache
def _question(name: str, size: int) -> Question:
    """Which of so many values stand in the column `name`. Every turn asks: to spell the query costs more than to answer it."""
    column = _columns[name]
    return Question(select(column).where(column.in_([parameter(f"value{n}") for n in range(size)])).distinct())


def _size(values: Sequence[str]) -> int:
    return next(size for size in _SIZES if size >= len(values))


def _values(values: Sequence[str]) -> dict[str, str]:
    """As many as the question for them takes: the last one again and again."""
    return {f"value{n}": values[min(n, len(values) - 1)] for n in range(_size(values))}


def _pieces(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]

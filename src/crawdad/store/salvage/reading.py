"""The rows of a table whose pages are not all readable: from both ends up to what cannot be read, then by halves around that.

Only the table itself is read, never an index: what an index says of a damaged table counts for nothing. Blocks."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence

from sqlalchemy import Boolean, Column, Double, Integer, LargeBinary, Table

LOWEST, HIGHEST = -(2**63), 2**63 - 1
_MOST_PROBES = 20_000
_MOST_IN_VAIN = 1_000
"""So many in a row that find nothing, and there is nothing to be found: they cost some ten microseconds each."""
_ROWS_A_PAGE = 64
"""As many rows as fit into so many on each of the file's pages may lie behind the last that is known of."""

Values = list[object]


class TableReader:
    """Reads one table once. What was found out is there when `rows` has come to its end: `covered` are the stretches of row
    numbers that were read whole (a row that is not among them is not there), `whole` says that they are all; `spoilt` are rows
    that were read and hold what the table cannot hold."""

    def __init__(
        self, connection: sqlite3.Connection, table: Table, late: Callable[[], bool], highest_known: int = 0
    ) -> None:
        self._connection, self._late, self._highest = connection, late, highest_known
        self._checks = [_check(column) for column in table.columns]
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        among = f'SELECT rowid, {names} FROM "{table.name}" NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid'
        self._statements = {False: among, True: f"{among} DESC"}
        self._covered: list[tuple[int, int]] = []
        self.spoilt: list[int] = []

    @property
    def covered(self) -> list[tuple[int, int]]:
        """The stretches, in order, those that touch each other joined."""
        joined: list[tuple[int, int]] = []
        for low, high in sorted(self._covered):
            if joined and low <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(joined[-1][1], high)
            else:
                joined.append((low, high))
        return joined

    @property
    def whole(self) -> bool:
        """Whether every row was read that there is."""
        return self.covered == [(LOWEST, HIGHEST)] and not self.spoilt

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Each row that can be read, once, with its number."""
        last = yield from self._up(LOWEST, HIGHEST)
        if last == HIGHEST or self._late():
            return
        first = yield from self._down(last + 1, HIGHEST)
        if first > HIGHEST:  # nothing at the end either: whatever is there may be a little behind what is known of
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            first = max(self._highest, last, 0) + _ROWS_A_PAGE * int(pages)
        yield from self._around(max(last + 1, 0), first - 1)

    def _around(self, low: int, high: int) -> Iterator[tuple[int, Values]]:
        """What lies between things that cannot be read."""
        waiting, probes, in_vain = deque([(low, high)]), 0, 0
        while waiting and probes < _MOST_PROBES and in_vain < _MOST_IN_VAIN and not self._late():
            low, high = waiting.popleft()
            if low > high:
                continue
            probes += 1
            middle = (low + high) // 2
            last = yield from self._up(middle, high)
            waiting.append((last + 1 if last >= middle else middle + 1, high))
            first = yield from self._down(low, middle - 1)
            waiting.append((low, first - 1 if first < middle else middle - 1))
            in_vain = in_vain + 1 if last < middle <= first else 0

    def _up(self, low: int, high: int) -> Generator[tuple[int, Values], None, int]:
        """Rows from the lowest on. Returns up to which number all is read."""
        edge, ended = yield from self._stretch(low, high, down=False)
        edge = high if ended else low - 1 if edge is None else edge
        self._cover(low, edge)
        return edge

    def _down(self, low: int, high: int) -> Generator[tuple[int, Values], None, int]:
        """Rows from the highest on. Returns from which number on all is read."""
        edge, ended = yield from self._stretch(low, high, down=True)
        edge = low if ended else high + 1 if edge is None else edge
        self._cover(edge, high)
        return edge

    def _cover(self, low: int, high: int) -> None:
        if low <= high:
            self._covered.append((low, high))

    def _stretch(
        self, low: int, high: int, *, down: bool
    ) -> Generator[tuple[int, Values], None, tuple[int | None, bool]]:
        """Rows until one cannot be read: the number of the last that could, and whether there was no more."""
        edge = None
        if low > high:
            return edge, True
        try:
            for number, *values in self._connection.execute(self._statements[down], (low, high)):
                if (
                    not isinstance(number, int)
                    or not low <= number <= high
                    or (edge is not None and (number < edge) != down)
                ):
                    return edge, False  # rows out of order: a page that belongs elsewhere
                edge = number
                taken = self._taken(values)
                if taken is None:
                    self.spoilt.append(number)
                else:
                    yield number, taken
                if self._late():
                    return edge, False
        except sqlite3.DatabaseError:
            return edge, False
        return edge, True

    def _taken(self, values: Sequence[object]) -> Values | None:
        """What a row holds, where all of it is what its columns may hold."""
        try:
            return [check(value) for check, value in zip(self._checks, values, strict=True)]
        except (TypeError, UnicodeDecodeError):
            return None


def _check(column: Column[object]) -> Callable[[object], object]:
    kinds: tuple[type, ...] = (bytes,)
    if isinstance(column.type, (Integer, Boolean)):
        kinds = (int,)
    elif isinstance(column.type, Double):
        kinds = (float, int)
    is_text = kinds == (bytes,) and not isinstance(column.type, LargeBinary)

    def taken(value: object) -> object:
        if value is None and column.nullable:
            return None
        if not isinstance(value, kinds):
            raise TypeError
        return value.decode() if is_text and isinstance(value, bytes) else value

    return taken

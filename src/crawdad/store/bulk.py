"""Many rows in one statement: a driver's `executemany` takes and drops the interpreter's lock once a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def chunks(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    """Cut into powers of two up to `most`, so that only a handful of different statements is ever prepared."""
    start = 0
    while start < len(items):
        size = min(most, 1 << (len(items) - start).bit_length() - 1)
        yield items[start : start + size]
        start += size


def tuples(dialect: str, rows: int, width: int) -> str:
    """What follows `VALUES`: so many rows of so many parameters."""
    mark = "?" if dialect == "sqlite" else "${}"
    return ", ".join(
        "(" + ", ".join(mark.format(row * width + place + 1) for place in range(width)) + ")" for row in range(rows)
    )

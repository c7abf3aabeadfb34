"""What the log holds, kept beside it so that nobody need count millions of rows, and the numbers of its rows.

Everything here runs within the transaction that adds or removes the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.store.tables import exchange_totals
from crawdad.store.upsert import insert_or_set

COUNTED = -1
"""The `sequence` of a row from before rows were numbered that has been counted since; 0 is one that has not."""
_EMPTY = {"id": 1, "sequence": 0, "exchanges": 0, "errors": 0, "stored_bytes": 0}


@dataclass(frozen=True, slots=True)
class Totals:
    """How many exchanges there are, how many of them are errors by their status, and what they take."""

    exchanges: int = 0
    errors: int = 0
    stored_bytes: int = 0

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int]], sign: int = 1) -> Totals:
        """Those of rows given as `(status, stored bytes)`; with `sign` -1, to be taken away."""
        found = list(rows)
        errors = sum(not 200 <= status < 400 for status, _ in found)
        return cls(sign * len(found), sign * errors, sign * sum(size for _, size in found))


async def take_numbers(connection: AsyncConnection, count: int) -> int:
    """The first of `count` numbers for new rows.

    Whoever takes numbers holds the row until its transaction ends, on PostgreSQL too: rows become visible in the order of
    their numbers, so that who follows the log by number misses none.
    """
    change = {"sequence": exchange_totals.c.sequence + count}
    statement = insert_or_set(connection.dialect.name, exchange_totals, {**_EMPTY, "sequence": count}, change)
    last: int = (await connection.execute(statement.returning(exchange_totals.c.sequence))).scalar_one()
    return last - count + 1


async def add(connection: AsyncConnection, change: Totals) -> None:
    """Add `change` to the totals."""
    columns = exchange_totals.c
    if change != Totals():
        await connection.execute(
            update(exchange_totals).values(
                exchanges=columns.exchanges + change.exchanges,
                errors=columns.errors + change.errors,
                stored_bytes=columns.stored_bytes + change.stored_bytes,
            )
        )


async def reset(connection: AsyncConnection) -> None:
    """The log is empty. Numbers go on."""
    await connection.execute(update(exchange_totals).values(exchanges=0, errors=0, stored_bytes=0))


async def read(connection: AsyncConnection) -> Totals:
    """The totals as they are."""
    columns = exchange_totals.c
    row = (await connection.execute(select(columns.exchanges, columns.errors, columns.stored_bytes))).one_or_none()
    return Totals() if row is None else Totals(*row)


async def last_number(connection: AsyncConnection) -> int:
    """The last number that was given, 0 where none was."""
    return (await connection.execute(select(exchange_totals.c.sequence))).scalar_one_or_none() or 0

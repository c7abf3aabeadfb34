"""What the log's filter looks at, each combination once: how often it is in the log, and from when to when.

A word is looked for in a few hundred kinds instead of in millions of exchanges: how many match is known at once, and where to
look for them. Kept within the transactions that add and remove exchanges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import chain

from sqlalchemy import ColumnElement, Text, and_, case, cast, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.log import ExchangeFilter
from crawdad.store import bulk
from crawdad.store.exchange_filter import found_in
from crawdad.store.tables import exchange_kinds, is_error_status

FIELDS = ("method", "path", "model_requested", "status", "account_label")
_COLUMNS = ("id", *FIELDS, "exchanges", "first_at", "last_at")
_ROWS_A_STATEMENT = 32

Kind = tuple[str, str, str, int, str]
"""In the order of `FIELDS`."""


@dataclass(frozen=True, slots=True)
class Matches:
    """How many exchanges match, whether all of them are errors, and between which moments they began (both included)."""

    exchanges: int
    only_errors: bool
    first_at: float
    last_at: float


async def add(connection: AsyncConnection, rows: Iterable[tuple[float, Kind]]) -> None:
    """Count exchanges, given as `(began, kind)`."""
    found: dict[str, list[object]] = {}
    for moment, kind in rows:
        key = _id(kind)
        known = found.get(key)
        if known is None:
            found[key] = [key, *kind, 1, moment, moment]
        else:
            known[-3:] = [known[-3] + 1, min(known[-2], moment), max(known[-1], moment)]  # type: ignore[operator,call-overload]
    for chunk in bulk.chunks(sorted(found.values(), key=lambda row: str(row[0])), _ROWS_A_STATEMENT):
        statement = _addition(connection.dialect.name, len(chunk))
        await connection.exec_driver_sql(statement, tuple(chain.from_iterable(chunk)))


async def remove(connection: AsyncConnection, kinds: Iterable[Kind]) -> None:
    """Count exchanges no longer."""
    gone: dict[str, int] = {}
    for kind in kinds:
        key = _id(kind)
        gone[key] = gone.get(key, 0) + 1
    columns = exchange_kinds.c
    for key, count in sorted(gone.items()):
        await connection.execute(
            update(exchange_kinds).where(columns.id == key).values(exchanges=columns.exchanges - count)
        )
    if gone:
        await connection.execute(delete(exchange_kinds).where(columns.exchanges <= 0))


async def reset(connection: AsyncConnection) -> None:
    """The log is empty."""
    await connection.execute(delete(exchange_kinds))


async def matches(connection: AsyncConnection, wanted: ExchangeFilter) -> Matches:
    """What of the log has all words of the filter, and its status; its other conditions narrow that further."""
    columns = exchange_kinds.c
    searched = (
        columns.path,
        columns.method,
        columns.model_requested,
        cast(columns.status, Text),
        columns.account_label,
    )
    conditions: list[ColumnElement[bool]] = [found_in(searched, term, connection.dialect.name) for term in wanted.terms]
    is_error = is_error_status(columns.status)
    if wanted.errors:
        conditions.append(is_error)
    if wanted.status is not None:
        conditions.append(columns.status == wanted.status)
    fine = func.coalesce(func.sum(case((is_error, 0), else_=columns.exchanges)), 0)
    query = select(
        func.coalesce(func.sum(columns.exchanges), 0), fine, func.min(columns.first_at), func.max(columns.last_at)
    ).where(and_(True, *conditions))
    count, good, first, last = (await connection.execute(query)).one()
    return Matches(int(count), int(good) == 0, first or 0.0, last or 0.0)


def _id(kind: Kind) -> str:
    """Short and of one length: what clients say may be longer than an index takes."""
    return blake2b("\0".join(map(str, kind)).encode("utf-8", "replace"), digest_size=16).hexdigest()


@cache
def _addition(dialect: str, rows: int) -> str:
    least, greatest = ("min", "max") if dialect == "sqlite" else ("least", "greatest")
    return (
        f"INSERT INTO exchange_kinds ({', '.join(_COLUMNS)}) VALUES {bulk.tuples(dialect, rows, len(_COLUMNS))} "
        "ON CONFLICT (id) DO UPDATE SET exchanges = exchange_kinds.exchanges + excluded.exchanges, "
        f"first_at = {least}(exchange_kinds.first_at, excluded.first_at), "
        f"last_at = {greatest}(exchange_kinds.last_at, excluded.last_at)"
    )


def kinds_of(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> list[tuple[float, Kind]]:
    """`(began, kind)` of rows whose columns are those."""
    places = [columns.index(name) for name in FIELDS]
    began = columns.index("started_at")
    return [(row[began], tuple(row[place] for place in places)) for row in rows]  # type: ignore[misc]

"""The exchange log: written in batches, read in pages, cut down by age and size."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, RowMapping, Select, case, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.exchange import Exchange, Outcome
from crawdad.core.text import Text
from crawdad.store.database import Database
from crawdad.store.records import COLUMNS, exchange_of, unpack
from crawdad.store.tables import exchanges

_ROWS_A_STATEMENT = 64
_DELETED_AT_ONCE = 1000
MOST_ON_A_PAGE = 500

Row = list[Any]
"""An exchange as its row: values in the order of `records.COLUMNS`."""
Follower = Callable[[AsyncConnection, Sequence[Row]], Awaitable[None]]
"""Who counts what new exchanges used, within the transaction that keeps them."""

Grouping = Literal["model_resolved", "provider", "principal_id", "outcome", "contract"]


@dataclass(frozen=True, slots=True)
class ExchangeFilter:
    """Which exchanges. None means any; `since` is included, `until` is not (Unix seconds).

    `containing` is looked for, in any case, in the id, the names of principal and models, and the error; it is taken
    literally.
    """

    principal_id: str | None = None
    model: str | None = None
    provider: str | None = None
    outcome: Outcome | None = None
    contract: str | None = None
    since: float | None = None
    until: float | None = None
    containing: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """Exchanges, newest first. `cursor` asks for the next page; None on the last."""

    exchanges: list[Exchange]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over many exchanges. `group` is the value they share; `cost` in US dollars."""

    group: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    interrupted: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost: float = 0.0


class ExchangeLog:
    """The table of exchanges."""

    def __init__(self, database: Database, followers: Sequence[Follower] = ()) -> None:
        self._database = database
        self._followers = followers

    async def insert(self, records: Sequence[bytes]) -> None:
        """Keep packed exchanges (see `records.pack`), all or none; those whose id is known already are left as they are.
        The followers get the others within the same transaction, so that what they count is counted once.

        Many rows go in one statement: a driver's `executemany` takes and drops the interpreter's lock once a row.
        """
        async with self._database.write() as connection:
            fresh: list[Row] = []
            for chunk in _chunks(records):
                statement = _insertion(self._database.dialect, len(chunk))
                try:
                    rows = unpack(chunk)
                    values = tuple(chain.from_iterable(rows))
                except (ValueError, TypeError) as error:
                    raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.unfit")) from error
                kept = {row[0] for row in await connection.exec_driver_sql(statement, values)}
                fresh += rows if len(kept) == len(rows) else [row for row in rows if row[0] in kept]
            for follower in self._followers:
                await follower(connection, fresh)

    async def get(self, exchange_id: str, principal_id: str | None = None) -> Exchange | None:
        """One exchange; of that principal alone where one is named."""
        query = select(exchanges).where(exchanges.c.id == exchange_id)
        if principal_id is not None:
            query = query.where(exchanges.c.principal_id == principal_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else exchange_of(row)

    async def page(
        self, wanted: ExchangeFilter | None = None, limit: int = 50, cursor: str | None = None
    ) -> ExchangePage:
        """The newest exchanges that match, before `cursor`. At most `MOST_ON_A_PAGE`; BAD_REQUEST for a foreign cursor."""
        limit = max(1, min(limit, MOST_ON_A_PAGE))
        query = _matching(select(exchanges), wanted)
        if cursor is not None:
            query = query.where(tuple_(exchanges.c.started_at, exchanges.c.id) < tuple_(*_position(cursor)))
        query = query.order_by(exchanges.c.started_at.desc(), exchanges.c.id.desc()).limit(limit + 1)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found = [exchange_of(row) for row in rows[:limit]]
        return ExchangePage(found, _cursor(found[-1]) if len(rows) > limit else None)

    async def count(self, wanted: ExchangeFilter | None = None) -> int:
        """How many match."""
        async with self._database.read() as connection:
            found = await connection.execute(_matching(select(func.count()).select_from(exchanges), wanted))
            return int(found.scalar_one())

    async def summary(self, wanted: ExchangeFilter | None = None) -> Summary:
        """Counts over all that match."""
        async with self._database.read() as connection:
            row = (await connection.execute(_matching(select(*_SUMS), wanted))).mappings().one()
        return _summary("", row)

    async def breakdown(self, by: Grouping, wanted: ExchangeFilter | None = None) -> list[Summary]:
        """Counts over all that match, apart for every value of `by`, the most frequent first."""
        column = exchanges.c[by]
        query = _matching(select(column, *_SUMS), wanted).group_by(column).order_by(func.count().desc(), column)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_summary(row[by], row) for row in rows]

    async def delete_before(self, moment: float) -> int:
        """Remove exchanges that began before `moment`, in small transactions. Returns how many."""
        removed = 0
        while True:
            oldest = await self._oldest(exchanges.c.started_at < moment)
            await self._delete([row_id for row_id, _ in oldest])
            removed += len(oldest)
            if len(oldest) < _DELETED_AT_ONCE:
                return removed

    async def delete_beyond(self, most_bytes: int) -> int:
        """Remove the oldest exchanges until all others take at most `most_bytes`. Returns how many."""
        async with self._database.read() as connection:
            total = await connection.execute(select(func.coalesce(func.sum(exchanges.c.stored_bytes), 0)))
            excess = int(total.scalar_one()) - most_bytes
        removed = 0
        while excess > 0:
            doomed = []
            for row_id, size in await self._oldest():
                if excess <= 0:
                    break
                doomed.append(row_id)
                excess -= size
            if not doomed:
                break
            await self._delete(doomed)
            removed += len(doomed)
        return removed

    async def _oldest(self, *conditions: ColumnElement[bool]) -> list[tuple[str, int]]:
        query = select(exchanges.c.id, exchanges.c.stored_bytes).where(*conditions)
        query = query.order_by(exchanges.c.started_at, exchanges.c.id).limit(_DELETED_AT_ONCE)
        async with self._database.read() as connection:
            return [(row[0], row[1]) for row in await connection.execute(query)]

    async def _delete(self, ids: Sequence[str]) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(exchanges).where(exchanges.c.id.in_(ids)))


def _chunks(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut into powers of two, so that only a handful of different statements is ever prepared."""
    start = 0
    while start < len(records):
        size = min(_ROWS_A_STATEMENT, 1 << (len(records) - start).bit_length() - 1)
        yield records[start : start + size]
        start += size


@cache
def _insertion(dialect: str, rows: int) -> str:
    width = len(COLUMNS)
    mark = "?" if dialect == "sqlite" else "${}"
    tuples = ("(" + ", ".join(mark.format(row * width + n + 1) for n in range(width)) + ")" for row in range(rows))
    return f"INSERT INTO exchanges ({', '.join(COLUMNS)}) VALUES {', '.join(tuples)} ON CONFLICT (id) DO NOTHING RETURNING id"


def _matching(query: Select[Any], wanted: ExchangeFilter | None) -> Select[Any]:
    if wanted is None:
        return query
    columns = exchanges.c
    exact = (
        (columns.principal_id, wanted.principal_id),
        (columns.model_resolved, wanted.model),
        (columns.provider, wanted.provider),
        (columns.outcome, wanted.outcome),
        (columns.contract, wanted.contract),
    )
    query = query.where(*(column == value for column, value in exact if value is not None))
    if wanted.since is not None:
        query = query.where(columns.started_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(columns.started_at < wanted.until)
    if wanted.containing:
        query = query.where(or_(*(column.icontains(wanted.containing, autoescape=True) for column in _SEARCHED)))
    return query


_SEARCHED = (
    exchanges.c.id,
    exchanges.c.principal_name,
    exchanges.c.model_requested,
    exchanges.c.model_resolved,
    exchanges.c.error_message,
)


def _sum(name: str, expression: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(expression), 0).label(name)


_OUTCOMES = ("completed", "failed", "cancelled", "interrupted")
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens")
_SUMS = (
    func.count().label("total"),
    *(_sum(outcome, case((exchanges.c.outcome == outcome, 1), else_=0)) for outcome in _OUTCOMES),
    *(_sum(name, exchanges.c[name]) for name in _TOKENS),
    _sum("cost", exchanges.c.cost),
)


def _summary(group: str, row: RowMapping) -> Summary:
    """PostgreSQL gives sums as decimals."""
    counts = {name: int(row[name]) for name in ("total", *_OUTCOMES, *_TOKENS)}
    return Summary(group, cost=float(row["cost"]), **counts)


def _cursor(last: Exchange) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([last.started_at, last.id])).decode().rstrip("=")


def _position(cursor: str) -> tuple[float, str]:
    """Where a cursor points. It carries no rights: the filter decides what is seen."""
    try:
        moment, last_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise _bad_cursor() from error
    if not isinstance(moment, float) or not isinstance(last_id, str) or "\0" in last_id:
        raise _bad_cursor()
    return moment, last_id


def _bad_cursor() -> GatewayError:
    return bad_request("store.bad_cursor", "cursor")

"""The exchange log: written in batches, read in pages, cut down by age and size."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, Select, case, delete, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.exchange import Exchange
from crawdad.core.log import ExchangeFilter
from crawdad.core.text import Text
from crawdad.store import bulk, exchange_kinds, exchange_totals
from crawdad.store.database import Database
from crawdad.store.exchange_filter import matching
from crawdad.store.exchange_totals import Totals
from crawdad.store.records import COLUMNS, exchange_of, is_charge, unpack, unpack_charges
from crawdad.store.tables import IS_ERROR, exchanges
from crawdad.store.trimming import delete_excess, delete_pages

_ROWS_A_STATEMENT = 64
_DELETED_AT_ONCE = 1000
MOST_ON_A_PAGE = 1000

Row = list[Any]
"""An exchange as its row: values in the order of `records.COLUMNS`."""
Follower = Callable[[AsyncConnection, Sequence[Row]], Awaitable[None]]
"""Who counts what new exchanges used, or charges them to somebody, within the transaction that keeps them."""

_REMOVED = ("status", "stored_bytes", "sequence", "started_at", "method", "path", "model_requested", "account_label")
_STATUS, _STORED_BYTES = COLUMNS.index("status"), COLUMNS.index("stored_bytes")


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """Exchanges, newest first. `cursor` asks for the next page; None on the last."""

    exchanges: list[Exchange]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over many exchanges; `cost` in US dollars."""

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

    def __init__(self, database: Database, followers: Sequence[Follower] = (), charge: Follower | None = None) -> None:
        self._database = database
        self._followers = followers
        self._charge = charge

    async def insert(self, records: Sequence[bytes]) -> None:
        """Keep packed exchanges (see `records.pack`), all or none; those whose id is known already are left as they are.
        The followers get the others within the same transaction, so that what they count is counted once. `charge` gets
        them too, and the charges among `records` (see `records.pack_charge`), which it must not take twice.
        """
        charges = [record for record in records if is_charge(record)]
        if charges:
            await self.charge(charges)
            records = [record for record in records if not is_charge(record)]
            if not records:
                return
        async with self._database.write() as connection:
            fresh: list[Row] = []
            number = await exchange_totals.take_numbers(connection, len(records))
            for chunk in bulk.chunks(records, _ROWS_A_STATEMENT):
                statement = _insertion(self._database.dialect, len(chunk))
                try:
                    rows = unpack(chunk)
                    values = tuple(chain.from_iterable((*row, number + place) for place, row in enumerate(rows)))
                except (ValueError, TypeError) as error:
                    raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.unfit")) from error
                number += len(rows)
                kept = {row[0] for row in await connection.exec_driver_sql(statement, values)}
                fresh += rows if len(kept) == len(rows) else _first_of_each(rows, kept)
            await exchange_totals.add(connection, Totals.of((row[_STATUS], row[_STORED_BYTES]) for row in fresh))
            await exchange_kinds.add(connection, exchange_kinds.kinds_of(fresh, COLUMNS))
            for follower in (*self._followers, *((self._charge,) if self._charge else ())):
                await follower(connection, fresh)

    async def charge(self, records: Sequence[bytes]) -> None:
        """Charge packed exchanges, or charges, without keeping them."""
        try:
            rows = [
                *unpack(each for each in records if not is_charge(each)),
                *unpack_charges(filter(is_charge, records)),
            ]
        except (ValueError, TypeError) as error:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.unfit")) from error
        if self._charge is not None:
            async with self._database.write() as connection:
                await self._charge(connection, rows)

    async def get(self, exchange_id: str, principal_id: str | None = None) -> Exchange | None:
        """One exchange; of that principal alone where one is named."""
        query = select(exchanges).where(exchanges.c.id == exchange_id)
        if principal_id is not None:
            query = query.where(exchanges.c.principal_id == principal_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else exchange_of(row)

    async def page(
        self, wanted: ExchangeFilter | None = None, limit: int = 50, cursor: str | None = None, offset: int = 0
    ) -> ExchangePage:
        """The newest exchanges that match, before `cursor`, without the first `offset` of them. At most `MOST_ON_A_PAGE`;
        BAD_REQUEST for a foreign cursor. A cursor is as fast on every page, an offset the slower the larger."""
        limit = max(1, min(limit, MOST_ON_A_PAGE))
        query = self._matching(select(exchanges), wanted)
        if wanted is not None and wanted.terms:
            async with self._database.read() as connection:
                found = await exchange_kinds.matches(connection, wanted)
            if not found.exchanges:
                return ExchangePage([], None)
            query = query.where(exchanges.c.started_at.between(found.first_at, found.last_at))
            query = query.where(IS_ERROR) if found.only_errors else query
        if cursor is not None:
            query = query.where(tuple_(exchanges.c.started_at, exchanges.c.id) < tuple_(*_position(cursor)))
        query = query.order_by(exchanges.c.started_at.desc(), exchanges.c.id.desc())
        query = query.limit(limit + 1).offset(offset or None)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        page = [exchange_of(row) for row in rows[:limit]]
        return ExchangePage(page, _cursor(page[-1]) if len(rows) > limit else None)

    async def following(
        self, number: int, wanted: ExchangeFilter | None = None, limit: int = MOST_ON_A_PAGE
    ) -> list[tuple[int, Exchange]]:
        """The exchanges that were added after the one of that number, in that order, with their numbers."""
        query = self._matching(select(exchanges), wanted).where(exchanges.c.sequence > number)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(exchanges.c.sequence).limit(limit))).mappings().all()
        return [(row["sequence"], exchange_of(row)) for row in rows]

    async def last_number(self) -> int:
        """The number of the newest exchange; 0 in an empty log."""
        async with self._database.read() as connection:
            return await exchange_totals.last_number(connection)

    async def totals(self) -> Totals:
        """What the log holds, known without counting."""
        async with self._database.read() as connection:
            return await exchange_totals.read(connection)

    async def count(self, wanted: ExchangeFilter | None = None) -> int:
        """How many match."""
        if wanted is None or wanted == ExchangeFilter():
            return (await self.totals()).exchanges
        async with self._database.read() as connection:
            if wanted == ExchangeFilter(terms=wanted.terms, errors=wanted.errors, status=wanted.status):
                return (await exchange_kinds.matches(connection, wanted)).exchanges
            found = await connection.execute(self._matching(select(func.count()).select_from(exchanges), wanted))
            return int(found.scalar_one())

    async def summary(self, wanted: ExchangeFilter | None = None) -> Summary:
        """Counts over all that match."""
        async with self._database.read() as connection:
            row = (await connection.execute(self._matching(select(*_SUMS), wanted))).mappings().one()
        return _summary(row)

    async def delete_before(self, moment: float) -> int:
        """Remove exchanges that began before `moment`, in small transactions. Returns how many."""
        return await delete_pages(lambda: self._oldest(exchanges.c.started_at < moment), self._delete, _DELETED_AT_ONCE)

    async def delete_beyond(self, most_bytes: int) -> int:
        """Remove the oldest exchanges until all others take at most `most_bytes`. Returns how many."""
        excess = (await self.totals()).stored_bytes - most_bytes
        return await delete_excess(self._oldest, self._delete, excess)

    def _matching(self, query: Select[Any], wanted: ExchangeFilter | None) -> Select[Any]:
        return matching(query, wanted, self._database.dialect)

    async def _oldest(self, *conditions: ColumnElement[bool]) -> list[tuple[str, int]]:
        query = select(exchanges.c.id, exchanges.c.stored_bytes).where(*conditions)
        query = query.order_by(exchanges.c.started_at, exchanges.c.id).limit(_DELETED_AT_ONCE)
        async with self._database.read() as connection:
            return [(row[0], row[1]) for row in await connection.execute(query)]

    async def _delete(self, ids: Sequence[str]) -> None:
        columns = exchanges.c
        removal = delete(exchanges).where(columns.id.in_(ids))
        async with self._database.write() as connection:
            rows = await connection.execute(removal.returning(*(columns[name] for name in _REMOVED)))
            counted = [tuple(row) for row in rows if row.sequence]
            await exchange_totals.add(connection, Totals.of((row[:2] for row in counted), -1))
            kinds = exchange_kinds.kinds_of(counted, _REMOVED)
            await exchange_kinds.remove(connection, (kind for _, kind in kinds))

    async def clear(self) -> None:
        """Remove all exchanges at once, however many there are."""
        async with self._database.write() as connection:
            await connection.execute(
                text("DELETE FROM exchanges" if self._database.is_sqlite else "TRUNCATE exchanges")
            )
            await exchange_totals.reset(connection)
            await exchange_kinds.reset(connection)


def _first_of_each(rows: list[Row], kept: set[str]) -> list[Row]:
    """The rows that were kept; of several with one id the first."""
    found = []
    for row in rows:
        if row[0] in kept:
            kept.discard(row[0])
            found.append(row)
    return found


@cache
def _insertion(dialect: str, rows: int) -> str:
    columns = ", ".join((*COLUMNS, "sequence"))
    values = bulk.tuples(dialect, rows, len(COLUMNS) + 1)
    return f"INSERT INTO exchanges ({columns}) VALUES {values} ON CONFLICT (id) DO NOTHING RETURNING id"


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


def _summary(row: RowMapping) -> Summary:
    """PostgreSQL gives sums as decimals."""
    counts = {name: int(row[name]) for name in ("total", *_OUTCOMES, *_TOKENS)}
    return Summary(cost=float(row["cost"]), **counts)


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

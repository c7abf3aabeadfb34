"""What was used, rolled up by quarter of an hour, hour and day as exchanges are kept: each is counted exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.local_time import QUARTER_SECONDS
from crawdad.store import bulk, exchange_kinds, exchange_totals
from crawdad.store.database import Database
from crawdad.store.exchange_totals import COUNTED, Totals
from crawdad.store.exchanges import Row
from crawdad.store.key_values import KeyValues
from crawdad.store.records import COLUMNS
from crawdad.store.tables import exchanges, usage_buckets, usage_totals

QUARTER, HOUR, DAY = QUARTER_SECONDS, 3600, 86_400
SPANS = (QUARTER, HOUR, DAY)
KEYS = ("span", "bucket", "account", "principal_id", "model_requested", "model_resolved")
NAMES = ("account_label", "principal_name", "owner")
"""What of a row is not counted but replaced by the newest."""
COUNTS = (
    *("requests", "failed", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("reasoning_tokens", "cost", "priced", "unpriced"),
)

_READ = (
    *("started_at", "account", "account_label", "provider", "principal_id", "principal_name", "owner"),
    *("model_requested", "model_resolved", "outcome", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost"),
)
"""What is read of an exchange, in this order."""
_used = itemgetter(*(COLUMNS.index(name) for name in _READ))
_BUCKETS_AT_ONCE = 20
_ROWS_A_STATEMENT = 32
_OLDER_AT_ONCE = 1000
_CLEARED = "usage.cleared_at"


class _Table(NamedTuple):
    name: str
    keys: tuple[str, ...]
    names: tuple[str, ...]


_TABLES = (_Table("usage_buckets", KEYS, NAMES), _Table("usage_totals", KEYS[:2], ()))
_Key = tuple[int, int, str, str, str, str]
_Entry = tuple[list[str], list[Any]]
"""The names and the counts of a row."""


async def count_usage(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """The follower of the journal that counts what new exchanges used, within the transaction that keeps them."""
    await _add(connection, map(_used, rows))


async def count_older(database: Database) -> int:
    """Count some of the exchanges that were kept before usage was. Returns how many; 0 when all are counted.

    Several processes may do so at once; a process that is killed has counted a part or not, but never half of it.
    """
    cleared = await KeyValues(database).get(_CLEARED) or 0.0
    columns = exchanges.c
    some = select(columns.id).where(columns.sequence == 0).limit(_OLDER_AT_ONCE)
    names = ("status", "stored_bytes", "method", "path", *_READ)
    found = (columns[name] for name in names)
    statement = update(exchanges).where(columns.id.in_(some)).values(sequence=COUNTED).returning(*found)
    async with database.write() as connection:
        await exchange_totals.take_numbers(connection, 0)  # on PostgreSQL: one at a time
        rows = [tuple(row) for row in await connection.execute(statement)]
        await exchange_totals.add(connection, Totals.of((row[0], row[1]) for row in rows))
        await exchange_kinds.add(connection, exchange_kinds.kinds_of(rows, names))
        await _add(connection, (row[4:] for row in rows if row[4] >= cleared))
    return len(rows)


async def clear_usage(database: Database, now: float) -> None:
    """Forget all that was used; the log stays. `now` is Unix time in seconds."""
    await KeyValues(database).put(_CLEARED, now)
    async with database.write() as connection:
        await connection.execute(delete(usage_buckets))
        await connection.execute(delete(usage_totals))


async def delete_usage(database: Database, span: int, before: float) -> int:
    """Forget what was counted by `span` before a moment (Unix seconds), in small transactions. Returns how many buckets."""
    removed = 0
    columns = usage_totals.c
    while True:
        query = select(columns.bucket).where(columns.span == span, columns.bucket < before).order_by(columns.bucket)
        async with database.read() as connection:
            oldest = [row.bucket for row in await connection.execute(query.limit(_BUCKETS_AT_ONCE))]
        if not oldest:
            return removed
        async with database.write() as connection:
            for table in (usage_buckets, usage_totals):
                await connection.execute(delete(table).where(table.c.span == span, table.c.bucket <= oldest[-1]))
        removed += len(oldest)


async def _add(connection: AsyncConnection, uses: Iterable[tuple[Any, ...]]) -> None:
    entries = _rolled_up(uses)
    totals: dict[tuple[int, int], list[Any]] = {}
    for (span, moment, *_), (_, counts) in entries.items():
        before = totals.get((span, moment))
        totals[span, moment] = counts if before is None else _sum(before, counts)
    # In the order of the keys, lest two processes wait for each other's rows.
    rows = [(*key, *names, *counts) for key, (names, counts) in sorted(entries.items(), key=itemgetter(0))]
    await _upsert(connection, _TABLES[0], rows)
    await _upsert(connection, _TABLES[1], [(*key, *counts) for key, counts in sorted(totals.items())])


async def _upsert(connection: AsyncConnection, table: _Table, rows: list[tuple[Any, ...]]) -> None:
    for chunk in bulk.chunks(rows, _ROWS_A_STATEMENT):
        statement = _addition(connection.dialect.name, table, len(chunk))
        await connection.exec_driver_sql(statement, tuple(chain.from_iterable(chunk)))


def _rolled_up(uses: Iterable[tuple[Any, ...]]) -> dict[_Key, _Entry]:
    """One entry a key, over all spans. What was refused at the door used nothing and belongs to nobody."""
    quarters: dict[_Key, _Entry] = {}
    for use in uses:
        started_at, account, label, provider, principal_id, name, owner, requested, resolved, *rest = use
        if not principal_id:
            continue
        moment = int(started_at) // QUARTER * QUARTER
        key = (QUARTER, moment, account, principal_id, requested, resolved)
        _merge(quarters, key, [label or provider, name, owner], _counts(*rest))
    found = dict(quarters)
    for span in SPANS[1:]:
        for (_, moment, *others), (names, counts) in quarters.items():
            wider: Any = (span, moment // span * span, *others)
            _merge(found, wider, names, counts)
    return found


def _merge(entries: dict[_Key, _Entry], key: _Key, names: list[str], counts: list[Any]) -> None:
    entry = entries.get(key)
    entries[key] = (names, counts if entry is None else _sum(entry[1], counts))


def _sum(before: list[Any], more: list[Any]) -> list[Any]:
    return [one + other for one, other in zip(before, more, strict=True)]


def _counts(outcome: str, read: int | None, written: int | None, *rest: Any) -> list[Any]:
    """In the order of `COUNTS`."""
    cache_read, cache_write, reasoning, cost = rest
    failed = outcome != "completed"
    unpriced = cost is None and (not failed or bool(read) or bool(written))
    tokens = [max(0, number or 0) for number in (read, written, cache_read, cache_write, reasoning)]
    return [1, int(failed), *tokens, cost or 0.0, int(cost is not None), int(unpriced)]


@cache
def _addition(dialect: str, table: _Table, rows: int) -> str:
    columns = (*table.keys, *table.names, *COUNTS)
    names = (f"{name} = excluded.{name}" for name in table.names)
    sums = (f"{name} = {table.name}.{name} + excluded.{name}" for name in COUNTS)
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"VALUES {bulk.tuples(dialect, rows, len(columns))} "
        f"ON CONFLICT ({', '.join(table.keys)}) DO UPDATE SET {', '.join((*names, *sums))}"
    )

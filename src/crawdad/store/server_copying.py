"""What a PostgreSQL database holds, as a SQLite file of the same tables, and back: so that copies of both kinds are looked at,
rehearsed and put back alike, and into a database of either kind.

Out of the server everything is read in one transaction that sees a single moment; into it everything is written in one
transaction, so that others see all of it or nothing. Both go by batches: a large table takes no more memory than a small one.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store import schema
from crawdad.store.database import Database, open_database
from crawdad.store.healing_tables import heal_events
from crawdad.store.key_values import Mark
from crawdad.store.migrations import HEAD
from crawdad.store.tables import changes, metadata
from crawdad.store.task_tables import work_tasks
from crawdad.store.upsert import insert_or_keep, insert_or_set

RESTORED = "database.restored"
"""The topic of `Changes` that tells every process: what you have read of the database may be another one's."""
_BATCH = 500
_GONE = "~"
_TABLE_SECONDS = 3600.0
_LOCK_SECONDS = 30

Rows = Sequence[Sequence[Any]]


async def copy_server(database: Database, target: Path) -> None:
    """Copy what a PostgreSQL database holds into a new SQLite file, as it stood at one moment; writers go on meanwhile.

    Raises UNAVAILABLE (no room, the server does not answer), CONFLICT where the server has another schema than this program.
    """
    async with open_database(f"sqlite:///{target}"):
        pass  # the tables, and the index for searching
    async with database.moment() as connection:
        # A truncation would be seen at once, whatever the moment: nobody may do one meanwhile.
        await connection.execute(text(f"LOCK TABLE {_names()} IN ACCESS SHARE MODE"))
        await _need_schema(connection)
        with _told():
            copy = await asyncio.to_thread(_open, target)
        try:
            for table in metadata.sorted_tables:
                result = await connection.stream(select(table), execution_options={"yield_per": _BATCH})
                async for rows in result.partitions(_BATCH):
                    with _told():
                        await asyncio.to_thread(_insert, copy, table, [tuple(row) for row in rows])
            with _told():
                await asyncio.to_thread(copy.commit)
        finally:
            await asyncio.to_thread(copy.close)
    with _told():
        await asyncio.to_thread(_finish, target)


async def load_server(database: Database, source: Path, mark: Mark | None = None) -> None:
    """Put what a SQLite file of the newest schema holds in the place of all that a PostgreSQL database holds, in one
    transaction, with what `mark` writes. Other processes wait meanwhile, and are told by `RESTORED` and every other topic of
    `Changes`.

    Raises UNAVAILABLE where the server does not answer or somebody keeps its tables for long, BAD_REQUEST for values that
    PostgreSQL cannot hold, CONFLICT for another schema. Nothing has changed then.
    """
    async with database.write() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.ADVISORY_LOCK})
        await _need_schema(connection)
        revisions = {row.topic: row.revision for row in await connection.execute(select(changes))}
        under_way = select(work_tasks).where(work_tasks.c.status == "running")
        tasks = [dict(row) for row in (await connection.execute(under_way)).mappings()]
        await connection.execute(text(f"TRUNCATE {_names()}"))
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for table in metadata.sorted_tables:
            columns = [column.name for column in table.columns]
            await _copied(driver, table, columns, source)
        if tasks:  # whoever waits for this restore finds it again
            await connection.execute(insert_or_keep("postgresql", work_tasks), tasks)
        if mark is not None:
            await mark(connection)
        await _go_on_counting(connection)
        await _tell(connection, revisions)


async def _copied(driver: Any, table: Table, columns: Sequence[str], source: Path) -> None:
    import asyncpg

    records = _records(source, table)
    try:
        await driver.copy_records_to_table(table.name, records=records, columns=columns, timeout=_TABLE_SECONDS)
    except asyncpg.DataError as error:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.unfit")) from error
    except asyncpg.IntegrityConstraintViolationError as error:
        raise GatewayError(ErrorKind.CONFLICT, Text("store.conflict")) from error
    except asyncpg.PostgresError as error:
        words = Text("store.unavailable", {"reason": str(error)})
        raise GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "database"}) from error


async def _records(source: Path, table: Table) -> AsyncIterator[Sequence[Any]]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    truths = [place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    runner = list(table.columns.keys()).index("runner") if _is_claimed(table) else -1
    with closing(await asyncio.to_thread(sqlite3.connect, source, check_same_thread=False)) as connection:
        cursor = connection.execute(f'SELECT {names} FROM "{table.name}"')
        while rows := await asyncio.to_thread(cursor.fetchmany, _BATCH):
            for row in rows:
                yield _fitted(row, truths, runner)


def _fitted(row: Sequence[Any], truths: Sequence[int], runner: int) -> Sequence[Any]:
    """SQLite keeps truth values as numbers. What a process had under way at the moment of the copy is nobody's now, though that
    process may still live: it counts as a dead one's."""
    values = list(row)
    for place in truths:
        values[place] = None if values[place] is None else bool(values[place])
    if runner >= 0 and values[runner] and not values[runner].endswith(_GONE):
        values[runner] += _GONE
    return values


def _is_claimed(table: Table) -> bool:
    """Whether its rows name the process that works on them; events of healing name an installation."""
    return "runner" in table.columns and table is not heal_events


async def _go_on_counting(connection: AsyncConnection) -> None:
    """Numbers that the server gives go on behind the largest; none is given twice."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        statement = text("SELECT pg_get_serial_sequence(:table, :column)")
        sequence = (await connection.execute(statement, {"table": table.name, "column": column.name})).scalar_one()
        if sequence is not None:
            newest = f'SELECT coalesce(max("{column.name}"), 1) FROM "{table.name}"'
            last = f"SELECT last_value FROM {sequence}"
            await connection.execute(text(f"SELECT setval('{sequence}', greatest(({newest}), ({last})))"))


async def _tell(connection: AsyncConnection, before: dict[str, int]) -> None:
    """Every topic has changed, as far as any process knows: a revision that came back could be one that it knows already."""
    now = {row.topic: row.revision for row in await connection.execute(select(changes))}
    for topic in {*before, *now, RESTORED}:
        revision = max(before.get(topic, 0), now.get(topic, 0)) + 1
        values = {"topic": topic, "revision": revision}
        await connection.execute(insert_or_set("postgresql", changes, values, {"revision": revision}))


async def _need_schema(connection: AsyncConnection) -> None:
    found = await schema.revision(connection)
    if found != HEAD:
        raise schema.newer(found, in_file=False)


def _names() -> str:
    return ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)


def _open(target: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(target, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=OFF")  # it is brought to the disk once, in the end
    connection.execute("BEGIN")
    for table in metadata.sorted_tables:  # what a migration may have put there
        connection.execute(f'DELETE FROM "{table.name}"')
    return connection


def _insert(copy: sqlite3.Connection, table: Table, rows: Rows) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    marks = ", ".join("?" * len(table.columns))
    copy.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)


def _finish(target: Path) -> None:
    with closing(sqlite3.connect(target)) as connection:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        raise GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": answer}), {"code": "damaged"})
    target.with_name(target.name + ".lock").unlink(missing_ok=True)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        words = Text("backups.no_copy", {"reason": str(error)})
        raise GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "no_copy"}) from error

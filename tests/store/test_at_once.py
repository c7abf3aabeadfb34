"""SQLite in few trips: what waits is written together, each piece whole or not at all; queries read what was committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text, insert, select, text

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.sqlite_writer import SqliteWriter, Waiting

_THINGS = Table(
    "things",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("good", Boolean, nullable=False),
)
_MAKE = "CREATE TABLE things (name TEXT PRIMARY KEY, number INTEGER NOT NULL, good BOOLEAN NOT NULL)"
_ADD = "INSERT INTO things VALUES (?, ?, ?)"
_GOOD = Question(
    select(_THINGS)
    .where(_THINGS.c.good.is_(True), _THINGS.c.number.in_((1, 2, 3)), _THINGS.c.number >= parameter("least"))
    .order_by(_THINGS.c.number)
)
_ALL = Question(select(_THINGS.c.name).order_by(_THINGS.c.name))


def _adding(*names: str) -> Callable[[sqlite3.Connection], int]:
    def work(connection: sqlite3.Connection) -> int:
        connection.executemany(_ADD, [(name, 1, True) for name in names])
        return len(names)

    return work


def _bug(connection: sqlite3.Connection) -> None:
    connection.execute(_ADD, ("bug", 1, True))
    raise KeyError("a bug")


@pytest.fixture
def writer(tmp_path: Path) -> SqliteWriter:
    writer = SqliteWriter(str(tmp_path / "db"), ())
    made = Waiting(lambda connection: connection.execute(_MAKE))
    writer.run([made])
    assert made.done and made.error is None
    return writer


def _names(tmp_path: Path) -> list[str]:
    """What others see."""
    connection = sqlite3.connect(tmp_path / "db")
    try:
        return [row[0] for row in connection.execute("SELECT name FROM things ORDER BY name")]
    finally:
        connection.close()


def test_one_piece_of_work_that_fails_takes_nothing_with_it(writer: SqliteWriter, tmp_path: Path) -> None:
    works = (_adding("a", "b"), _adding("c", "a"), _bug, _adding("d"))
    batch = [Waiting(work) for work in works]
    writer.run(batch)
    assert all(waiting.done for waiting in batch)
    assert [waiting.value for waiting in batch] == [2, None, None, 1]
    assert [type(waiting.error).__name__ for waiting in batch] == ["NoneType", "IntegrityError", "KeyError", "NoneType"]
    assert _names(tmp_path) == ["a", "b", "d"]
    writer.close()


def test_where_the_transaction_is_lost_nobody_is_told_otherwise(writer: SqliteWriter, tmp_path: Path) -> None:
    def lose(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite itself does when the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    batch = [Waiting(work) for work in (_adding("a"), lose, _adding("b"))]
    writer.run(batch)
    assert all(waiting.done and "full" in str(waiting.error) for waiting in batch)
    assert _names(tmp_path) == []
    after = Waiting(_adding("c"))
    writer.run([after])
    assert after.error is None and _names(tmp_path) == ["c"]
    writer.close()


async def _drop(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("DROP TABLE things"))


@pytest.fixture
async def things(database: Database) -> AsyncIterator[Database]:
    async with database.write() as connection:
        await connection.execute(text(_MAKE))
    yield database
    async with database.write() as connection:
        await connection.execute(text("DROP TABLE IF EXISTS things"))


@pytest.fixture
def on_sqlite(things: Database) -> Database:
    if not things.is_sqlite:
        pytest.skip("this is how SQLite is written")
    return things


async def test_what_waits_is_written_in_one_transaction(on_sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    run = SqliteWriter.run

    def counted(self: SqliteWriter, batch: list[Waiting]) -> None:
        sizes.append(len(batch))
        run(self, batch)

    monkeypatch.setattr(SqliteWriter, "run", counted)
    found = await asyncio.gather(
        *(on_sqlite.write_at_once(_adding(f"n{number}")) for number in range(30)),
        on_sqlite.write_at_once(_adding("n3")),
        return_exceptions=True,
    )
    assert found[:30] == [1] * 30
    assert isinstance(found[30], GatewayError) and found[30].kind is ErrorKind.CONFLICT
    assert sum(sizes) == 31 and len(sizes) <= 2
    assert len(await on_sqlite.ask(_ALL)) == 30


async def test_whoever_leaves_the_line_is_not_written(on_sqlite: Database) -> None:
    loop = asyncio.get_running_loop()
    async with on_sqlite.write() as connection:  # the writer's place is taken
        stays, leaves = (loop.create_task(on_sqlite.write_at_once(_adding(name))) for name in ("stays", "leaves"))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.wait({leaves})
        await connection.execute(text("SELECT 1"))
    assert await stays == 1
    assert leaves.cancelled()
    assert [row["name"] for row in await on_sqlite.ask(_ALL)] == ["stays"]


async def test_a_question_reads_as_sqlalchemy_does(things: Database) -> None:
    made = [("one", 1, True), ("two", 2, False), ("three", 3, True), ("nine", 9, True)]
    rows = [dict(zip(("name", "number", "good"), thing, strict=True)) for thing in made]
    async with things.write() as connection:
        await connection.execute(insert(_THINGS), rows)
    assert await things.ask(_GOOD, least=1) == [rows[0], rows[2]]
    assert await things.ask(_GOOD, least=2) == [rows[2]]
    assert (await things.ask(_GOOD, least=1))[0]["good"] is True


async def test_a_question_to_a_broken_database_is_a_gateways_fault(things: Database) -> None:
    """A bug of ours passes as it is; what the database cannot do is told as everywhere."""
    with pytest.raises(GatewayError) as caught:
        await things.ask(_GOOD, least=2**70)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    await _drop(things)
    with pytest.raises(Exception, match="things"):
        await things.ask(_ALL)


async def test_a_transaction_does_not_stand_in_line_behind_readers(on_sqlite: Database) -> None:
    async with Tasks(20) as tasks, AsyncExitStack() as stack:
        for _ in range(7):  # as many as may read at once
            await stack.enter_async_context(on_sqlite.read())
        waiting = [tasks.start(_read_once(on_sqlite), "reader") for _ in range(20)]
        await asyncio.sleep(0)
        async with on_sqlite.write() as connection:
            await connection.execute(text("CREATE TABLE written (n INTEGER)"))
        assert not any(task.done() for task in waiting), "whoever waits for the one writer would wait for all of them"
        await stack.aclose()
        await asyncio.gather(*waiting)


async def _read_once(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))

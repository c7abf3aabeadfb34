"""Writers and readers that are cancelled at any moment, some of them twice: nobody else is kept waiting, nothing is left open."""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from crawdad.store.database import Database, open_database

_ROUNDS = 150
_WRITERS = 6


async def _write(database: Database, number: int) -> None:
    async with database.write() as connection:
        for step in range(3):
            await connection.execute(text("INSERT INTO written VALUES (:n, :s)"), {"n": number, "s": step})


async def _read(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT count(*) FROM written"))


async def _write_at_once(database: Database, number: int) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.executemany("INSERT INTO written VALUES (?, ?)", [(number, step) for step in range(3)])

    await database.write_at_once(work)


async def _turns_of_the_loop(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _write_elsewhere(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=0)  # waits for nobody
    try:
        connection.execute("INSERT INTO elsewhere VALUES (1)")
        connection.commit()
    finally:
        connection.close()


async def test_cancelled_at_any_moment(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context["message"])))
    chance = random.Random(8)
    path = tmp_path / "db"
    done: set[int] = set()
    begun = 0
    gc.disable()  # what is left open is not to be closed by chance
    try:
        async with open_database(f"sqlite:///{path}") as database:
            async with database.write() as connection:
                await connection.execute(text("CREATE TABLE written (n INTEGER, s INTEGER)"))
                await connection.execute(text("CREATE TABLE elsewhere (n INTEGER)"))
            for _ in range(_ROUNDS):
                writers: dict[int, asyncio.Task[None]] = {}
                for _ in range(_WRITERS):
                    begun += 1
                    write = chance.choice((_write, _write, _write_at_once))
                    writers[begun] = asyncio.get_running_loop().create_task(write(database, begun))
                reader = asyncio.get_running_loop().create_task(_read(database))
                for task in chance.sample([*writers.values(), reader], 4):
                    await _turns_of_the_loop(chance.randrange(30))
                    task.cancel()
                    if chance.random() < 0.5:
                        await _turns_of_the_loop(chance.randrange(4))
                        task.cancel()
                await asyncio.gather(*writers.values(), reader, return_exceptions=True)
                done |= {number for number, task in writers.items() if not task.cancelled()}
                assert all(task.cancelled() or task.exception() is None for task in writers.values())
                await asyncio.to_thread(_write_elsewhere, path)
            async with database.read() as connection:
                rows = (await connection.execute(text("SELECT n, count(*) FROM written GROUP BY n"))).all()
    finally:
        gc.enable()
        gc.collect()
    assert all(count == 3 for _, count in rows)  # all of a transaction or nothing of it
    assert done <= {number for number, _ in rows} and 0 < len(done) < begun
    assert told == [] and "destroyed" not in caplog.text and "garbage" not in caplog.text


@pytest.mark.parametrize("begins", ["before", "after"])
async def test_whoever_reads_on_when_the_database_is_closed_leaves_nothing_open(tmp_path: Path, begins: str) -> None:
    """What ends with the process, and takes a moment longer than it."""
    async with open_database(f"sqlite:///{tmp_path / 'db'}") as database:
        if begins == "before":
            async with database.read() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                await database.close()
    if begins == "after":
        async with database.read() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    assert driver is not None
    with pytest.raises(ValueError, match="onnection"):
        await driver.execute("SELECT 1")

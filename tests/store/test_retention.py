"""Retention: by age, by size, and the file on disk gets smaller."""

from __future__ import annotations

from pathlib import Path

from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.records import pack
from crawdad.store.responses import ResponseStore, StoredResponse
from crawdad.store.retention import Kept, Removed, apply_retention
from tests.store.samples import MORNING, exchange

DAY = 86_400


async def test_old_exchanges_and_expired_responses_go(database: Database) -> None:
    log = ExchangeLog(database)
    await log.insert([pack(exchange(day, started_at=MORNING + day * DAY)) for day in range(10)])
    await ResponseStore(database).create(
        StoredResponse("r", "key_1", "completed", MORNING, MORNING, {}, {}, expires_at=MORNING + DAY)
    )
    now = MORNING + 9 * DAY
    assert await apply_retention(database, now, Kept(3, 100)) == Removed(6, 1)
    assert await apply_retention(database, now, Kept(3, 100)) == Removed(0, 0)
    assert await log.count() == 4


async def test_the_file_stays_near_the_size_that_was_asked_for(tmp_path: Path) -> None:
    bare, path = tmp_path / "bare.db", tmp_path / "crawdad.db"
    async with open_database(f"sqlite:///{bare}"):
        pass
    empty = bare.stat().st_size  # the tables themselves
    async with open_database(f"sqlite:///{path}") as database:
        log = ExchangeLog(database)
        for start in range(0, 6000, 500):
            await log.insert([pack(exchange(number)) for number in range(start, start + 500)])
        removed = await apply_retention(database, MORNING, Kept(30, 1))
        assert removed.exchanges > 3000
        assert await log.count() > 500
    assert 0.5 * 2**20 < path.stat().st_size < 1.0 * 2**20 + empty

"""The journal: nothing that was recorded is lost, or it is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Journal
from crawdad.core.text import Text
from crawdad.store.database import Database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.journal import open_journal
from crawdad.store.records import pack
from crawdad.store.spool import Spool
from tests.store.samples import exchange
from tests.support.waiting import PATIENCE, until

CAPACITY = 64 * 1024


def spools(folder: Path) -> list[Path]:
    return list(folder.glob("*.spool"))


def left_by_a_dead_process(folder: Path, *records: bytes, dropped: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    spool = Spool.create(folder, CAPACITY)
    for record in records:
        spool.append(record)
    spool.drop(dropped)
    spool.close(remove=False)


class Outage:
    """Makes the log refuse to be written to while it lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: float = float("inf"), hangs: bool = False) -> None:
        self.tries = 0
        self._fails = fails
        self._hangs = hangs
        self._insert = ExchangeLog.insert
        outage = self

        async def insert(log: ExchangeLog, records: Sequence[bytes]) -> None:
            outage.tries += 1
            if outage._hangs:
                await asyncio.Event().wait()
            if outage.tries <= outage._fails:
                raise GatewayError(ErrorKind.UNAVAILABLE, Text("store.unavailable", {"reason": "outage"}))
            await outage._insert(log, records)

        monkeypatch.setattr(ExchangeLog, "insert", insert)


async def test_what_is_recorded_reaches_the_database_by_itself(database: Database, tmp_path: Path) -> None:
    log = ExchangeLog(database)
    async with open_journal(database, tmp_path) as journal:
        port: Journal = journal
        port.record(exchange(1))
        assert journal.pending == 1
        await until(log.count, "the first")
        for number in range(2, 2000):
            journal.record(exchange(number))

        async def all_there() -> bool:
            return await log.count() == 1999

        await until(all_there, "all of them")
    assert (await log.get("ex000001")) == exchange(1)


async def test_leaving_writes_the_rest_and_removes_the_spool(database: Database, tmp_path: Path) -> None:
    async with open_journal(database, tmp_path) as journal:
        for number in range(1500):
            journal.record(exchange(number))
        assert len(spools(tmp_path)) == 1
    assert await ExchangeLog(database).count() == 1500
    assert spools(tmp_path) == []


async def test_an_error_inside_is_passed_on_and_still_nothing_is_lost(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="as it was"):
        async with open_journal(database, tmp_path) as journal:
            journal.record(exchange(1))
            raise RuntimeError("as it was")
    assert await ExchangeLog(database).count() == 1


async def test_the_spools_of_dead_processes_are_written_first(database: Database, tmp_path: Path) -> None:
    left_by_a_dead_process(tmp_path, pack(exchange(1)), pack(exchange(2)), dropped=3)
    left_by_a_dead_process(tmp_path, pack(exchange(2)), pack(exchange(3)))
    alive = Spool.create(tmp_path, CAPACITY)
    alive.append(pack(exchange(4)))
    async with open_journal(database, tmp_path) as journal:
        assert journal.dropped == 3
        await journal.flush()
        assert [one.id for one in (await ExchangeLog(database).page()).exchanges] == [
            "ex000003",
            "ex000002",
            "ex000001",
        ]
    assert spools(tmp_path) == [alive.path]
    alive.close(remove=True)


async def test_a_foreign_file_is_passed_over_and_kept(database: Database, tmp_path: Path) -> None:
    (tmp_path / "diary.spool").write_text("dear diary")
    async with open_journal(database, tmp_path) as journal:
        journal.record(exchange(1))
    assert await ExchangeLog(database).count() == 1
    assert (tmp_path / "diary.spool").read_text() == "dear diary"


async def test_what_finds_no_room_is_counted_for_ever(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Outage(patched)
        async with open_journal(database, tmp_path, CAPACITY, closing_seconds=0.1) as journal:
            for number in range(1000):
                journal.record(exchange(number))
            kept, dropped = journal.pending, journal.dropped
            assert kept + dropped == 1000
            assert 50 < kept < 500
    assert len(spools(tmp_path)) == 1, "what could not be written stays"
    for _ in range(2):
        async with open_journal(database, tmp_path) as journal:
            assert journal.dropped == dropped
            await journal.flush()
        assert await ExchangeLog(database).count() == kept
    assert spools(tmp_path) == []


async def test_drops_are_told_to_the_database_once(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        async with open_journal(database, tmp_path, CAPACITY) as journal:
            before = journal.dropped
            for number in range(1000):
                journal.record(exchange(number))
            dropped = journal.dropped - before
            assert dropped > 0
            await journal.flush()
            await journal.flush()
            assert journal.dropped == before + dropped
    async with open_journal(database, tmp_path) as journal:
        assert journal.dropped == 2 * dropped


async def test_an_outage_is_sat_out(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outage = Outage(monkeypatch, fails=2)
    log = ExchangeLog(database)
    async with open_journal(database, tmp_path) as journal:
        journal.record(exchange(1))
        await until(log.count, "the first")
    assert outage.tries >= 3
    assert journal.dropped == 0


async def test_a_database_that_hangs_does_not_hold_up_the_end(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Outage(patched, hangs=True)
        async with asyncio.timeout(PATIENCE), open_journal(database, tmp_path, closing_seconds=0.1) as journal:
            journal.record(exchange(1))
    assert len(spools(tmp_path)) == 1
    async with open_journal(database, tmp_path):
        pass
    assert await ExchangeLog(database).count() == 1


async def test_a_record_that_the_database_refuses_does_not_hold_up_the_others(
    database: Database, tmp_path: Path
) -> None:
    refused = pack(exchange(2)).replace(b'"ex000002"', b"null")
    left_by_a_dead_process(tmp_path, pack(exchange(1)), refused, pack(exchange(3)))
    async with open_journal(database, tmp_path) as journal:
        await journal.flush()
        assert journal.dropped == 1
    assert [one.id for one in (await ExchangeLog(database).page()).exchanges] == ["ex000003", "ex000001"]
    async with open_journal(database, tmp_path) as journal:
        assert journal.dropped == 1


async def test_a_folder_that_cannot_be_used_is_named(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GatewayError) as caught:
        async with open_journal(database, tmp_path / "file"):
            pass
    assert str(tmp_path / "file") in caught.value.message()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", [pytest.param("postgresql")], indirect=True)
async def test_a_restarted_server_loses_nothing(database: Database, tmp_path: Path) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    async with open_journal(database, tmp_path) as journal:
        for number in range(3):
            async with database.read() as connection:
                await connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
            journal.record(exchange(number))
            await journal.flush()
    assert await ExchangeLog(database).count() == 3


async def test_one_that_comes_after_the_end_is_counted(database: Database, tmp_path: Path) -> None:
    async with open_journal(database, tmp_path) as journal:
        pass
    journal.record(exchange(1))
    assert (journal.dropped, journal.pending) == (1, 0)

"""What is read out of damaged files: real databases, with pages that are really overwritten."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.store import database as database_module
from crawdad.store import schema
from crawdad.store.copying import copy_database, damage_of, rehearse_migration
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues
from crawdad.store.salvage.laying import Salvaged, salvage

_PAGE = 4096
_NOW = 5000.0
Change = Callable[[sqlite3.Connection], None]


async def two_ages(folder: Path, old: Change, new: Change) -> tuple[Path, Path]:
    """A database, and a snapshot of it from before the second change. All stands in the file, nothing in its log."""
    path, snapshot = folder / "crawdad.db", folder / "snapshot.db"
    async with open_database(f"sqlite:///{path}"):
        pass
    _change(path, old)
    await copy_database(path, snapshot)
    _change(path, new)
    return path, snapshot


def _change(path: Path, change: Change) -> None:
    with closing(sqlite3.connect(path)) as connection:
        change(connection)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def laid(damaged: Path, snapshot: Path | None, target: Path) -> dict[str, Salvaged]:
    if snapshot is not None:
        shutil.copyfile(snapshot, target)
    return {each.table: each for each in salvage(damaged, target, snapshot, lambda: False, _NOW)}


def rows(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def pages(path: Path, table: str) -> list[tuple[int, str]]:
    """Those of a table: number and whether they are leaves."""
    return rows(path, f"SELECT pageno, pagetype FROM dbstat WHERE name = '{table}' ORDER BY path")


def overwrite(path: Path, numbers: list[int], content: Callable[[int], bytes] = os.urandom) -> None:
    with path.open("r+b") as file:
        for number in numbers:
            file.seek((number - 1) * _PAGE)
            file.write(content(_PAGE))


def values(connection: sqlite3.Connection, first: int, count: int) -> None:
    many = [(f"note.{number}", f'"{number} {"x" * 200}"') for number in range(first, first + count)]
    connection.executemany("INSERT INTO key_values VALUES (?, ?)", many)


def key(connection: sqlite3.Connection, name: str, revoked_at: float | None = None) -> None:
    columns = "id, kind, name, hash, hint, permissions, models, created_at, revoked_at"
    row = (name, "key", name, f"hash of {name}", "", "[]", "[]", 1.0, revoked_at)
    connection.execute(f"INSERT OR REPLACE INTO api_keys ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    bump = "INSERT INTO changes VALUES ('keys', 1) ON CONFLICT DO UPDATE SET revision = revision + 1"
    connection.execute(bump)


def person(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO channel_people VALUES ('telegram', 'main', ?, ?, 0, 1.0, 'me')", (name, name))


async def test_what_stands_around_bad_pages_is_newer_and_what_stood_on_them_is_the_snapshots(tmp_path: Path) -> None:
    def newer(connection: sqlite3.Connection) -> None:
        values(connection, 2000, 500)
        connection.execute("UPDATE key_values SET value = '\"new\"' WHERE key = 'note.7'")
        connection.execute("DELETE FROM key_values WHERE key IN ('note.9', 'note.1500')")

    path, snapshot = await two_ages(tmp_path, lambda connection: values(connection, 0, 2000), newer)
    leaves = [number for number, kind in pages(path, "key_values") if kind == "leaf"]
    overwrite(path, leaves[40:80] + leaves[-1:])
    found = laid(path, snapshot, tmp_path / "target.db")
    kept = dict(rows(tmp_path / "target.db", "SELECT key, value FROM key_values"))
    assert {f"note.{number}" for number in range(2000)} - set(kept) == {"note.9", "note.1500"}, "deleted ones stay so"
    assert kept["note.7"] == '"new"'
    newest = sum(name in kept for name in (f"note.{number}" for number in range(2000, 2500)))
    told = found["key_values"]
    assert 470 < newest < 500 and told.snapshot > 500 and told.lost == 500 - newest
    assert await damage_of(tmp_path / "target.db") is None


async def test_without_its_head_and_its_list_of_tables_the_snapshots_is_taken(tmp_path: Path) -> None:
    path, snapshot = await two_ages(tmp_path, lambda c: values(c, 0, 100), lambda c: values(c, 100, 900))
    overwrite(path, [number for number, _ in pages(path, "sqlite_schema")], bytes)
    laid(path, snapshot, tmp_path / "target.db")
    assert len(rows(tmp_path / "target.db", "SELECT key FROM key_values WHERE key LIKE 'note.%'")) == 1000
    with pytest.raises(GatewayError):
        laid(path, None, tmp_path / "other.db")


async def test_what_a_log_holds_is_read_although_the_whole_file_is_nonsense(tmp_path: Path) -> None:
    path, snapshot = await two_ages(tmp_path, lambda c: values(c, 0, 300), lambda _: None)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        values(connection, 300, 20)
        lost = tmp_path / "lost.db"
        shutil.copyfile(path, lost)
        shutil.copyfile(f"{path}-wal", f"{lost}-wal")
    overwrite(lost, list(range(1, lost.stat().st_size // _PAGE + 1)))
    laid(lost, snapshot, tmp_path / "target.db")
    assert len(rows(tmp_path / "target.db", "SELECT key FROM key_values WHERE key LIKE 'note.%'")) == 320


async def test_nothing_that_was_withdrawn_comes_back(tmp_path: Path) -> None:
    """Attacks 51 and 55: the pages that say so are the ones that are damaged."""

    def older(connection: sqlite3.Connection) -> None:
        for name in ("good", "stolen"):
            key(connection, name)
            person(connection, name)
        connection.execute("INSERT INTO key_values VALUES ('panel.ended:old', '9')")
        connection.execute("INSERT INTO budget_counters VALUES ('key:good', 'usd', 'total', 5.0, 0.0)")
        values(connection, 0, 1000)

    def newer(connection: sqlite3.Connection) -> None:
        key(connection, "stolen", 4000.0)
        connection.execute("DELETE FROM channel_people WHERE sender_id = 'stolen'")
        connection.execute("UPDATE budget_counters SET used = 7.0")

    path, snapshot = await two_ages(tmp_path, older, newer)
    overwrite(path, [pages(path, table)[0][0] for table in ("api_keys", "channel_people", "budget_counters")])
    found = laid(path, snapshot, tmp_path / "target.db")
    assert rows(tmp_path / "target.db", "SELECT id FROM api_keys WHERE revoked_at IS NULL") == []
    assert rows(tmp_path / "target.db", "SELECT sender_id FROM channel_people") == []
    assert rows(tmp_path / "target.db", "SELECT used FROM budget_counters") == [(5.0,)], "no more is known, and no less"
    assert found["api_keys"].withheld == found["channel_people"].withheld == 2
    # A snapshot that is stricter than what can be read stays so.
    other = tmp_path / "other"
    other.mkdir()
    path, snapshot = await two_ages(
        other, newer_first, lambda c: c.execute("UPDATE api_keys SET revoked_at = NULL").close()
    )
    overwrite(path, [pages(path, "exchanges")[0][0]])
    laid(path, snapshot, other / "target.db")
    assert rows(other / "target.db", "SELECT revoked_at FROM api_keys") == [(4000.0,)]
    assert rows(other / "target.db", "SELECT key FROM key_values WHERE key LIKE 'panel%'") == [("panel.ended:old",)]


def newer_first(connection: sqlite3.Connection) -> None:
    key(connection, "stolen", 4000.0)
    connection.execute("INSERT INTO key_values VALUES ('panel.ended:old', '9')")


async def test_keys_that_nobody_has_touched_since_the_snapshot_hold(tmp_path: Path) -> None:
    path, snapshot = await two_ages(tmp_path, lambda c: key(c, "good"), lambda c: values(c, 0, 10))
    overwrite(path, [pages(path, "api_keys")[0][0]])
    assert laid(path, snapshot, tmp_path / "target.db")["api_keys"].snapshot == 1
    assert rows(tmp_path / "target.db", "SELECT revoked_at FROM api_keys") == [(None,)]


async def test_without_a_snapshot_it_must_be_known_who_may_come_in(tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        key(connection, "good")
        connection.execute("INSERT INTO session_logs VALUES ('log', 'key', 1.0, NULL, '', 2, 'b', 0, 0, '{}')")
        for number, name in ((1, "a"), (2, "b"), (3, "c")):
            connection.execute(
                f"INSERT INTO session_lines VALUES ('log', {number}, '{name}', NULL, 'message', 1.0, '', '')"
            )
        connection.execute(
            "INSERT INTO session_texts (key, session_id, sequence, words) VALUES ('key', 'log', 1, 'crayfish')"
        )

    path, _ = await two_ages(tmp_path, change, lambda _: None)
    overwrite(path, [pages(path, "exchange_totals")[0][0]])
    target = tmp_path / "target.db"
    async with open_database(f"sqlite:///{target}"):
        pass
    laid(path, None, target)
    assert rows(target, "SELECT last_sequence, last_id FROM session_logs") == [(3, "c")], (
        "the next line finds its place"
    )
    assert rows(target, "SELECT rowid FROM session_search WHERE session_search MATCH 'crayfish'") == [(1,)]
    assert rows(target, "SELECT id FROM api_keys") == [("good",)]
    overwrite(path, [pages(path, "api_keys")[0][0]])
    (tmp_path / "new").mkdir()
    async with open_database(f"sqlite:///{tmp_path / 'new' / 'target.db'}"):
        pass
    with pytest.raises(GatewayError, match="who may come in"):
        laid(path, None, tmp_path / "new" / "target.db")


async def test_a_cyclic_or_hostile_page_ends_in_time(tmp_path: Path) -> None:
    path, snapshot = await two_ages(tmp_path, lambda c: values(c, 0, 3000), lambda _: None)
    interior = [number for number, kind in pages(path, "key_values") if kind == "internal"]
    with path.open("r+b") as file:  # its children are itself
        file.seek((interior[0] - 1) * _PAGE + 8)
        file.write(interior[0].to_bytes(4, "big"))
    laid(path, snapshot, tmp_path / "target.db")
    assert len(rows(tmp_path / "target.db", "SELECT key FROM key_values WHERE key LIKE 'note.%'")) == 3000


async def test_blocks_that_the_disk_refuses_are_stepped_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 55: EIO."""
    path, snapshot = await two_ages(tmp_path, lambda c: values(c, 0, 1000), lambda c: values(c, 1000, 1000))
    leaves = {number for number, kind in pages(path, "key_values") if kind == "leaf"}
    bad, read = {(number - 1) * _PAGE for number in sorted(leaves)[5:8]}, os.pread

    def pread(descriptor: int, size: int, at: int) -> bytes:
        if any(at <= place < at + size for place in bad):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(descriptor, size, at)

    monkeypatch.setattr(os, "pread", pread)
    told = laid(path, snapshot, tmp_path / "target.db")["key_values"]
    kept = rows(tmp_path / "target.db", "SELECT key FROM key_values WHERE key LIKE 'note.%'")
    assert len(kept) == 2000 and told.snapshot > 0 and told.lost == 0


async def test_a_snapshot_of_an_older_version_is_what_a_newer_file_is_laid_over(tmp_path: Path) -> None:
    """Attack 55: yesterday's backup into today's version, and the other way round."""
    path, _ = await two_ages(tmp_path, lambda c: key(c, "new"), lambda _: None)
    overwrite(path, [pages(path, "exchanges")[0][0]])
    older, target = tmp_path / "older.db", tmp_path / "target.db"
    _made_by(older, "0016")
    _change(older, lambda c: key(c, "old"))
    shutil.copyfile(older, target)
    assert await rehearse_migration(target) == "0016"
    salvage(path, target, older, lambda: False, _NOW)
    assert rows(target, "SELECT id FROM api_keys") == [("new",)], (
        "all of that table was read: the other key is gone since"
    )
    overwrite(older, [pages(older, "exchanges")[0][0]])
    with pytest.raises(GatewayError, match="another schema"):
        salvage(older, target, path, lambda: False, _NOW)


def _made_by(path: Path, revision: str) -> None:
    """A database as a version of that time left it."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


async def test_a_database_that_others_hold_for_long_is_told_of_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack 55: locked for longer than anybody waits."""
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout=50",))
    path = tmp_path / "crawdad.db"
    async with open_database(f"sqlite:///{path}") as database:
        facts = KeyValues(database)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(GatewayError) as refused:
                await facts.put("a", 1)
            assert refused.value.kind is ErrorKind.UNAVAILABLE and refused.value.details["code"] == "database"
            assert await facts.get("a") is None, "who reads is not held"
            other.execute("ROLLBACK")
        await facts.put("a", 2)
        assert await facts.get("a") == 2

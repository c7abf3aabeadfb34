"""Opening a database: made where there is none, brought up to date once, refused where it cannot be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.store.address import parse
from crawdad.store.changes import Changes
from crawdad.store.database import Database, open_database
from crawdad.store.filelock import exclusive
from crawdad.store.migrations import HEAD
from crawdad.store.schema import in_sql, is_declared, is_newest, migrate
from crawdad.store.tables import metadata

OPEN = """
import asyncio, sys
from crawdad.store.changes import Changes
from crawdad.store.database import open_database

async def main():
    async with open_database(sys.argv[1]) as database:
        await Changes(database).bump("opened")

asyncio.run(main())
print("alembic" in sys.modules)
"""


async def open_elsewhere(url: str) -> str:
    """Open the database in another process: whether that needed Alembic, as it prints it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OPEN, url, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": python_path()}
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


def python_path() -> str:
    return os.pathsep.join(path for path in sys.path if path)


async def set_revision(database: Database, revision: str) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": revision})


async def test_the_migrations_lead_to_the_tables_as_they_are_declared(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_declared})
        assert context.get_current_revision() == HEAD
        return list(compare_metadata(context, metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    folder = Path(sys.modules["crawdad.store.migrations"].__file__ or "").parent
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


async def test_a_new_file_is_what_all_migrations_would_have_made_of_it(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path / 'new.db'}") as database, database.read() as connection:
        new = await in_sql(connection)
    stepwise = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'stepwise.db'}")
    async with stepwise.begin() as connection:
        await migrate(connection)
        assert await in_sql(connection) == new
        assert await is_newest(connection)
    await stepwise.dispose()
    assert new.count("CREATE TABLE") > 40
    assert f"'{HEAD}'" in new


async def test_processes_that_start_together_make_one_schema_and_later_ones_do_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'crawdad.db'}"
    await asyncio.gather(*(open_elsewhere(url) for _ in range(4)))
    assert await open_elsewhere(url) == "False"
    async with open_database(url) as database:
        assert await Changes(database).revisions() == {"opened": 5}


@pytest.mark.postgres
async def test_the_same_on_postgresql(postgres_url: str) -> None:
    async with open_database(postgres_url) as database, database.write() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await asyncio.gather(*(open_elsewhere(postgres_url) for _ in range(4)))
    assert await open_elsewhere(postgres_url) == "False"
    async with open_database(postgres_url) as database:
        assert await Changes(database).revisions() == {"opened": 5}


async def test_a_newer_schema_is_refused_and_left_alone(database: Database, database_url: str) -> None:
    await set_revision(database, "9999")
    try:
        with pytest.raises(GatewayError) as caught:
            async with open_database(database_url):
                pass
    finally:
        await set_revision(database, HEAD)
    assert caught.value.kind is ErrorKind.CONFLICT
    assert "9999" in caught.value.message() and "9999" in caught.value.message("zh")


async def test_sqlite_is_set_up_for_a_server(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "crawdad.db"
    async with open_database(f"sqlite:///{path}") as database:
        async with database.read() as connection:
            settings = {
                name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "auto_vacuum")
            }
        assert settings == {
            "journal_mode": "wal",
            "synchronous": 1,
            "foreign_keys": 1,
            "busy_timeout": 10_000,
            "auto_vacuum": 2,
        }
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_a_backup_without_write_ahead_log_gets_it_back(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path / 'crawdad.db'}") as database, database.read() as connection:
        await connection.execute(text("VACUUM INTO :copy"), {"copy": str(tmp_path / "copy.db")})
    async with open_database(f"sqlite:///{tmp_path / 'copy.db'}") as database, database.read() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"


async def test_what_raises_inside_a_transaction_undoes_it(database: Database) -> None:
    changes = Changes(database)
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO changes (topic, revision) VALUES ('half', 1)"))
            raise RuntimeError
    assert await changes.revisions() == {}


async def test_a_transaction_at_once_is_kept_or_undone_as_a_whole(tmp_path: Path) -> None:
    make = "INSERT INTO changes (topic, revision) VALUES (?, 1)"

    def one(connection: sqlite3.Connection) -> int:
        return connection.execute(make, ("one",)).rowcount

    def twice(connection: sqlite3.Connection) -> None:
        connection.execute(make, ("two",))
        connection.execute(make, ("one",))

    async with open_database(f"sqlite:///{tmp_path / 'crawdad.db'}") as database:
        assert await database.write_at_once(one) == 1
        with pytest.raises(GatewayError) as caught:
            await database.write_at_once(twice)
        assert caught.value.kind is ErrorKind.CONFLICT
        assert set(await Changes(database).revisions()) == {"one"}
        await asyncio.gather(
            *(Changes(database).bump("one") for _ in range(20)), database.write_at_once(lambda _: None)
        )
        assert (await Changes(database).revisions())["one"] == 21


async def test_many_writers_take_turns(database: Database) -> None:
    changes = Changes(database)
    revisions = await asyncio.gather(*(changes.bump("contended") for _ in range(50)))
    assert sorted(revisions) == list(range(1, 51))


async def test_a_writer_in_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "crawdad.db"
    async with open_database(f"sqlite:///{path}") as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.gather(Changes(database).bump("mine"))
            assert not (await asyncio.wait([writing], timeout=0.1))[0]
            other.execute("INSERT INTO changes (topic, revision) VALUES ('theirs', 1)")
            other.execute("COMMIT")
            await writing
        assert await Changes(database).revisions() == {"mine": 1, "theirs": 1}


async def test_a_whole_database_passes_its_check(database: Database) -> None:
    await database.check()


async def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "crawdad.db"
    async with open_database(f"sqlite:///{path}"):
        pass
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(GatewayError) as caught:
        async with open_database(f"sqlite:///{path}") as database:
            await database.check()
    assert caught.value.kind is ErrorKind.INTERNAL
    assert caught.value.details["code"] == "damaged"


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "crawdad.db"
    path.write_text("dear diary, " * 1000)
    with pytest.raises(GatewayError) as caught:
        async with open_database(f"sqlite:///{path}"):
            pass
    assert caught.value.details["code"] == "damaged"
    assert path.read_text().startswith("dear diary")


async def test_an_unreachable_server_is_unavailable_and_its_password_not_told() -> None:
    pytest.importorskip("asyncpg")
    with pytest.raises(GatewayError) as caught:
        async with open_database("postgresql://me:hunter2@127.0.0.1:1/none?connect_timeout=2"):
            pass
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "hunter2" not in str(caught.value)


async def test_a_missing_driver_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(GatewayError) as caught:
        async with open_database("postgresql://127.0.0.1/none"):
            pass
    assert "crawdad[postgres]" in caught.value.message()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://host/db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "postgresql://host/db?wonder=1",
        "postgresql://host/db?connect_timeout=soon",
    ],
)
def test_other_urls_are_refused_by_name(url: str) -> None:
    with pytest.raises(GatewayError) as caught:
        parse(url)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.details["param"] == "database.url"


def test_urls_as_people_paste_them() -> None:
    for written in ("postgres://me:p%40ss@db:5433/crawdad", "postgresql+psycopg2://me:p%40ss@db:5433/crawdad"):
        url, arguments = parse(f"{written}?sslmode=require&application_name=gw")
        assert url.render_as_string(hide_password=False) == "postgresql+asyncpg://me:p%40ss@db:5433/crawdad"
        assert arguments["ssl"] == "require"
        assert arguments["server_settings"] == {"application_name": "gw"}
    _, arguments = parse("postgresql:///crawdad?host=/var/run/postgresql&connect_timeout=3")
    assert (arguments["host"], arguments["timeout"]) == ("/var/run/postgresql", 3)
    url, _ = parse("sqlite:///relative/crawdad.db")
    assert url.database == str(Path.cwd() / "relative" / "crawdad.db")


async def test_a_lock_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    async with exclusive(tmp_path / "lock"):
        with pytest.raises(GatewayError) as caught:
            async with exclusive(tmp_path / "lock", seconds=0.05):
                pass
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    async with exclusive(tmp_path / "lock", seconds=0.05):
        pass

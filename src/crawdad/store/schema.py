"""Which schema a database has, and the way to the newest one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store.migrations import HEAD

ADVISORY_LOCK = 0x6372617764616400
"""The PostgreSQL lock that migrating processes take turns by (the name of the project in bytes)."""
NEWER = "newer_schema"
"""The code of the error that tells of a newer program's schema."""

_TABLE_EXISTS = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
    "postgresql": "SELECT count(to_regclass('alembic_version'))",
}


_NEWEST = Path(__file__).parent / "migrations" / "newest.sql"
"""What all migrations together leave behind in a file of SQLite, made from them by `scripts/generate_docs.py`."""
_BETWEEN = "\n\n"
_OBJECTS = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
_SEARCH = "session_search"


def is_declared(name: str | None, _kind: object = None, _parents: object = None) -> bool:
    """Whether a table, column or index stands in the metadata. The search index does not: each database has its own kind
    (SQLite several tables, PostgreSQL a column with an index)."""
    return name is None or not name.startswith(_SEARCH)


async def revision(connection: AsyncConnection) -> str | None:
    """The schema's revision, None for a database without one."""
    if not (await connection.execute(text(_TABLE_EXISTS[connection.dialect.name]))).scalar_one():
        return None
    found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return found


async def is_newest(connection: AsyncConnection) -> bool:
    """Whether there is nothing to migrate."""
    return await revision(connection) == HEAD


async def migrate(connection: AsyncConnection) -> None:
    """Bring the schema to the newest revision within the connection's transaction. Raises CONFLICT for a newer one."""
    found = await revision(connection)
    if found != HEAD:
        await connection.run_sync(_upgrade, found)


async def in_sql(connection: AsyncConnection) -> str:
    """The schema of a file of SQLite as the statements that make one like it."""
    found = (await connection.execute(text(_OBJECTS))).all()
    # The search index makes its tables itself.
    statements = [sql for name, sql in found if not name.startswith(f"{_SEARCH}_")]
    statements.append(f"INSERT INTO alembic_version (version_num) VALUES ('{await revision(connection)}')")
    return _BETWEEN.join(statement.replace("\t", "    ").replace(", \n", ",\n") for statement in statements) + "\n"


def lay_newest(connection: sqlite3.Connection) -> None:
    """Give a file without a schema the newest one, all at once: migrations would come to it step by step, which is most of a
    first start, and for nothing."""
    if connection.execute(_TABLE_EXISTS["sqlite"]).fetchone()[0]:
        return
    for statement in _NEWEST.read_text(encoding="utf-8").split(_BETWEEN):
        connection.execute(statement)


def newer(found: str | None, *, in_file: bool) -> GatewayError:
    """The schema is a newer program's. A file gives way to a restored one; what a server holds has to stay."""
    words = Text("store.newer_schema" if in_file else "store.newer_server", {"found": found, "known": HEAD})
    return GatewayError(ErrorKind.CONFLICT, words, {"code": NEWER, "found": found, "known": HEAD})


def _upgrade(connection: Connection, found: str | None) -> None:
    # Alembic takes as long to import as everything else here together, and most starts have no use for it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise newer(found, in_file=connection.dialect.name == "sqlite")
    command.upgrade(config, "head")

"""Which schema a database has, and the way to the newest one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store.migrations import HEAD

ADVISORY_LOCK = 0x6372617764616400
"""The PostgreSQL lock that migrating processes take turns by (the name of the project in bytes)."""

_TABLE_EXISTS = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
    "postgresql": "SELECT count(to_regclass('alembic_version'))",
}


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
        words = Text("store.newer_schema", {"found": found, "known": HEAD})
        raise GatewayError(ErrorKind.CONFLICT, words, {"code": "newer_schema"})
    command.upgrade(config, "head")

"""Copies of the database: made while it is in use, looked at before anybody trusts them, brought to the newest schema.

This is for SQLite; `server_copying` makes such files of what PostgreSQL holds.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy import text

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store import schema
from crawdad.store.address import parse
from crawdad.store.database import Database, open_database

_BUSY_SECONDS = 10.0
_Objects = dict[str, str]
_OBJECTS = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"


def sqlite_path(url: str) -> Path | None:
    """The file of a database URL; None where it is a server's."""
    address, _ = parse(url)
    return Path(str(address.database)) if address.get_backend_name() == "sqlite" else None


async def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that others may be writing to: the copy is as it stood at one moment, in one file.

    Raises UNAVAILABLE (no room, no such file), INTERNAL where the copy is damaged: it has been looked through.
    """
    await asyncio.to_thread(_copy, source, target)


async def damage_of(path: Path, *, whole: bool = True) -> Text | None:
    """What is wrong with a SQLite file; None where it is sound, is not there, or cannot be looked at. `whole` False: a quicker
    look, that leaves the indexes out."""
    return await asyncio.to_thread(_damage, path, "integrity_check" if whole else "quick_check")


async def schema_of(database: Database) -> str:
    """The revision of the schema; empty where there is none."""
    async with database.read() as connection:
        return await schema.revision(connection) or ""


async def rehearse_migration(copy: Path) -> str:
    """Bring a copy to the newest schema, as a start would, and see that it is whole: the revision that it had before.

    Raises INTERNAL for a damaged file or one with triggers or views that ours does not have, CONFLICT for a newer schema.
    """
    usual = await _usual()
    before = await asyncio.to_thread(_examined, copy, usual)
    async with open_database(f"sqlite:///{copy}") as database:
        await database.check()
    await asyncio.to_thread(_fold, copy)
    return before


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise _failed("there is no such file")
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        ours = sqlite3.connect(f"file:{_quoted(source)}?mode=rw", uri=True, timeout=_BUSY_SECONDS)
        try:
            copy = sqlite3.connect(target, isolation_level=None)
            try:
                ours.backup(copy)  # in one step: writers go on, and never make it begin anew
                copy.execute("PRAGMA journal_mode=DELETE")
                answer = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            finally:
                copy.close()
        finally:
            ours.close()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise _failed(str(error)) from None
        answer = str(error)
    if answer != "ok":
        raise GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": answer}), {"code": "damaged"})
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damage(path: Path, check: str) -> Text | None:
    if not path.is_file():
        return None
    try:
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=rw", uri=True, timeout=_BUSY_SECONDS)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            answer = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return None  # locked, read-only, gone: that says nothing about what is in it
    except sqlite3.DatabaseError as error:
        answer = str(error)
    return None if answer == "ok" else Text("store.damaged", {"reason": answer})


def _examined(copy: Path, usual: _Objects) -> str:
    """The revision of a file that may come from anybody: nothing in it has run yet."""
    try:
        connection = sqlite3.connect(f"file:{_quoted(copy)}?mode=ro", uri=True)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            strange = next((name for name, sql in connection.execute(_OBJECTS) if usual.get(name) != (sql or "")), "")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": error}), {"code": "damaged"}) from None
    if answer != "ok" or row is None:
        raise GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": answer}), {"code": "damaged"})
    if strange:
        raise GatewayError(ErrorKind.INTERNAL, Text("backups.strange_schema", {"name": strange}), {"code": "damaged"})
    return str(row[0])


def _fold(copy: Path) -> None:
    """One file again: what stands in its log goes into it."""
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    copy.with_name(copy.name + ".lock").unlink(missing_ok=True)


async def _usual() -> _Objects:
    """The triggers and views of a database that is ours."""
    with tempfile.TemporaryDirectory(prefix="crawdad-schema-") as folder:
        async with open_database(f"sqlite:///{Path(folder) / 'fresh.db'}") as database, database.read() as connection:
            return {row.name: row.sql or "" for row in await connection.execute(text(_OBJECTS))}


def _failed(reason: str) -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("backups.no_copy", {"reason": reason}), {"code": "no_copy"})


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")

"""Checks of the SQLite file itself, by a connection that only reads: opening the database as a server does would change it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from crawdad.app.doctor.finding import Finding, Patient, Repair, fail, warn
from crawdad.app.record import holder
from crawdad.app.words import words

_OF_INDEXES = re.compile(r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index")
_LARGE_LOG = 256 * 1024**2
_LONGEST_LOOK = 2 * 1024**3
"""Of a larger file the indexes are not compared with their tables: that takes minutes."""
_MOST_FAULTS = 20
_SECONDS = 10.0


async def schema(patient: Patient) -> list[Finding]:
    """The tables are those of this version."""
    path = await _file(patient)
    if path is None:
        return []
    from crawdad.store.migrations import HEAD

    try:
        found = await asyncio.to_thread(_revision, path)
    except sqlite3.Error:
        return []  # the check after this one tells
    if found is None or found == HEAD:
        return []
    patient.database_waits = True
    if found > HEAD:
        return [fail("database", "schema_newer", found=found, known=HEAD)]

    async def act() -> list[str]:
        from crawdad.app.commands import backends

        if _is_running(patient):
            return [words("doctor.did.running")]
        await backends.check_database(patient.launch)  # whoever opens it brings it up to date
        return [words("doctor.did.migrated", found=found, known=HEAD)]

    repair = Repair(words("doctor.do.migrate", known=HEAD), act, (path,))
    return [warn("database", "schema_old", found=found, known=HEAD)._replace(repair=repair)]


async def integrity(patient: Patient) -> list[Finding]:
    """The file is whole, and its indexes say what its tables do."""
    path = await _file(patient)
    if path is None:
        return []
    try:
        faults = await asyncio.to_thread(_faults, path)
    except sqlite3.Error as error:
        faults = [str(error)]
    if not faults:
        return []
    patient.database_waits = True
    if not all(_OF_INDEXES.match(fault) for fault in faults):
        return [fail("database", "database_damaged", fault=faults[0])]

    async def act() -> list[str]:
        if _is_running(patient):
            return [words("doctor.did.running")]
        await asyncio.to_thread(_run, path, "REINDEX")
        return [words("doctor.did.reindexed", path=path)]

    repair = Repair(words("doctor.do.reindex", path=path), act, (path,))
    return [fail("database", "index_broken", fault=faults[0])._replace(repair=repair)]


async def write_ahead_log(patient: Patient) -> list[Finding]:
    """The log of writes has been taken into the database."""
    path = await _file(patient)
    log = None if path is None else path.with_name(f"{path.name}-wal")
    if path is None or log is None or not log.exists() or log.stat().st_size < _LARGE_LOG:
        return []
    size = f"{log.stat().st_size / 1024**2:.0f} MiB"

    async def act() -> list[str]:
        await asyncio.to_thread(_run, path, "PRAGMA wal_checkpoint(TRUNCATE)")
        left = log.stat().st_size if log.exists() else 0
        return [words("doctor.did.checkpoint", size=f"{left / 1024**2:.0f} MiB")]

    repair = Repair(words("doctor.do.checkpoint"), act)
    return [warn("database", "wal_large", size=size)._replace(repair=repair)]


async def _file(patient: Patient) -> Path | None:
    """Where the SQLite file lies; None where there is none, or the database is another's."""
    if patient.settings is None:
        return None
    from crawdad.app.wiring import database_url
    from crawdad.core.errors import GatewayError
    from crawdad.store.address import parse

    try:
        url, _ = parse(database_url(patient.settings, patient.launch))
    except GatewayError:
        return None
    path = Path(url.database) if url.drivername.startswith("sqlite") and url.database else None
    return path if path is not None and path.is_file() else None


def _is_running(patient: Patient) -> bool:
    return holder(patient.launch.home) is not None


def _revision(path: Path) -> str | None:
    with closing(_reading(path)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _faults(path: Path) -> list[str]:
    pragma = "integrity_check" if path.stat().st_size <= _LONGEST_LOOK else "quick_check"
    with closing(_reading(path)) as connection:
        rows = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}({_MOST_FAULTS})")]
    return [line for row in rows for line in row.splitlines() if line != "ok" and not line.startswith("***")]


def _run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, timeout=_SECONDS, isolation_level=None)) as connection:
        connection.execute(statement).fetchall()


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_SECONDS)

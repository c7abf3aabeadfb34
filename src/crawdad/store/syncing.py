"""What SQLite has committed is on the disk about a second later, so that a power cut loses no more than that.

With `synchronous=NORMAL` the write-ahead log is handed to the system at a commit, and brought to the disk at a checkpoint only;
left alone, the system takes up to half a minute. To wait for the disk at each commit would cost every writer milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

from crawdad.core.pacing import until_next
from crawdad.core.ports import Clock
from crawdad.store.database import Database

_SECONDS = 1.0

_log = logging.getLogger(__name__)


class LogSync:
    """Brings a write-ahead log to the disk. Only the log may be opened here: to close the database's own file would drop
    SQLite's locks on it."""

    def __init__(self, database_file: Path) -> None:
        self._path = database_file.with_name(f"{database_file.name}-wal")
        self._seen: tuple[int, int, int] | None = None

    def sync(self) -> bool:
        """Whether there was something new to bring there. Raises OSError, as when the disk is broken."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            found = os.fstat(descriptor)
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
            if mark == self._seen:
                return False
            getattr(os, "fdatasync", os.fsync)(descriptor)
            self._seen = mark
            return True
        finally:
            os.close(descriptor)


async def keep_synced(database: Database, clock: Clock) -> None:
    """Bring what is committed to the disk, for ever. PostgreSQL sees to that itself."""
    path = database.file
    if path is None:
        return
    log, failing = LogSync(path), False
    while True:
        try:
            await asyncio.to_thread(log.sync)
            failing = False
        except OSError as error:
            if not failing:
                _log.warning("what is committed does not get to the disk: %s", error)
            failing = True
        await clock.sleep(until_next(clock.monotonic(), _SECONDS))

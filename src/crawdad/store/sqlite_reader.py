"""Reading SQLite at once: a query's whole way in one trip to a thread, for what every turn looks up."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from crawdad.store.finishing import Result
from crawdad.store.sqlite_writer import as_sqlalchemy, open_connection

_THREADS = 4


class SqliteReader:
    """Some threads, each with a connection of its own to the file at `path`, made when first needed."""

    def __init__(self, path: str, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._threads = ThreadPoolExecutor(_THREADS, "sqlite-reader")
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._watching: sqlite3.Connection | None = None
        self._looking: asyncio.Future[int] | None = None

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `work` finds. Whoever is cancelled leaves nothing behind: the thread ends what it has begun. Raises what
        SQLAlchemy would."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
            if connection is None:
                connection = self._own.connection = open_connection(self._path, self._pragmas)
                self._all.append(connection)
            return work(connection)
        except sqlite3.Error as error:
            raise as_sqlalchemy(error) from error

    async def version(self) -> int:
        """A number that changes with every commit of anybody. Who asks in the same turn of the event loop shares one look: a
        later one must see what was committed meanwhile."""
        if self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(self._threads, self._look)
            loop.call_soon(self._look_again)
        return await asyncio.shield(self._looking)

    def _look_again(self) -> None:
        self._looking = None

    def _look(self) -> int:
        """SQLite counts for a connection what others commit: this one commits nothing itself."""
        try:
            if self._watching is None:
                self._watching = open_connection(self._path, self._pragmas)
                self._all.append(self._watching)
            version: int = self._watching.execute("PRAGMA data_version").fetchone()[0]
            return version
        except sqlite3.Error as error:
            raise as_sqlalchemy(error) from error

    def close(self) -> None:
        """Close the connections, once whoever uses them is done. Blocks."""
        self._threads.shutdown(cancel_futures=True)
        while self._all:
            self._all.pop().close()

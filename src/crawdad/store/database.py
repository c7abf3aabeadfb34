"""The database: one engine, short transactions, on SQLite one writer at a time.

SQLite is set up for a server: write-ahead log, `synchronous=NORMAL` (a killed process loses nothing; a power cut may
lose the last second, see `syncing`), foreign keys on, free pages given back. PostgreSQL comes through asyncpg, imported
when asked for.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store import schema
from crawdad.store.address import parse
from crawdad.store.faults import translated
from crawdad.store.filelock import exclusive
from crawdad.store.finishing import FinishingConnection, Result, finish
from crawdad.store.question import Question, Row
from crawdad.store.sqlite_reader import SqliteReader
from crawdad.store.sqlite_writer import SqliteWriter, Waiting

_WRITES = "crawdad_writes"
_CONNECTIONS = 8
_PLACE_SECONDS = 30.0
_MOST_AT_ONCE = 64
_PRAGMAS = (
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-1024",  # each connection fills its own, and what they all read the system keeps anyway
)


class Database:
    """Connections for reading and writing. Faults come out as `GatewayError` (see `faults.translated`)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.dialect: str = engine.dialect.name
        self._engine = engine
        if self.is_sqlite:
            self._reader, self._writer = engine, engine.execution_options(**{_WRITES: True})
            self._places = asyncio.Semaphore(_CONNECTIONS - 1)
        else:
            self._reader, self._writer = engine.execution_options(isolation_level="AUTOCOMMIT"), engine
        self._closed = False
        self._one_writer = asyncio.Lock()
        self._line: deque[Waiting] = deque()
        self._answers: dict[Question, tuple[int, list[Row]]] = {}
        if self.is_sqlite:
            path = str(engine.url.database)
            self._writing = ThreadPoolExecutor(1, "sqlite-writer")  # of its own: it waits for nobody's slow files
            self._at_once, self._reading = SqliteWriter(path, _PRAGMAS), SqliteReader(path, _PRAGMAS)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.dialect == "sqlite"

    @property
    def file(self) -> Path | None:
        """Where SQLite's database lies; None for a server's."""
        return Path(str(self._engine.url.database)) if self.is_sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose every statement sees the newest committed state."""
        with translated():
            if not self.is_sqlite:
                async with self._reader.connect() as connection:
                    yield connection
                return
            async with _place(self._places), self._whole(self._reader) as whole:
                yield whole

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[AsyncConnection]:
        """A connection to PostgreSQL whose every statement sees the state of one moment, and that changes nothing."""
        engine = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with translated():
            async with engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed when the block ends, undone when it raises. Keep it short."""
        if not self.is_sqlite:
            with translated():
                async with self._writer.begin() as connection:
                    yield connection
            return
        async with self._one_writer:
            with translated():
                async with self._whole(self._writer) as connection:
                    await connection.begin_now()
                    yield connection
                    await connection.commit()

    @asynccontextmanager
    async def _whole(self, engine: AsyncEngine) -> AsyncIterator[FinishingConnection]:
        """A connection of SQLite's pool that is given back whole, whenever its user is cancelled. One is there: readers have
        places, for the pool's own line could not be left by whoever is cancelled, and one place less than there are
        connections, so that the one writer, whom others wait for, never stands in line behind them."""
        connection = FinishingConnection(engine)
        try:
            yield await connection.start()
        finally:
            if self._closed and connection.sync_connection is not None:
                connection.sync_connection.detach()  # the pool closes no more of what is given back to it
            await connection.close()

    async def ask(self, question: Question, **values: Any) -> list[Row]:
        """The rows that a query finds, of the newest committed state: on SQLite much cheaper than `read`."""
        with translated():
            if self.is_sqlite:
                return await self._reading.run(lambda connection: question.ask(connection, values))
            async with self._reader.connect() as connection:
                return [dict(row) for row in (await connection.execute(question.query, values)).mappings()]

    async def ask_again(self, question: Question) -> list[Row]:
        """The same for what is asked every second, and most often has the answer that it had: SQLite is asked whether anybody
        has written since, which who asks at the same moment (`core.pacing`) shares. Only for questions that are made once."""
        if not self.is_sqlite:
            return await self.ask(question)
        with translated():
            version = await self._reading.version()
        before = self._answers.get(question)
        if before is None or before[0] != version:
            before = self._answers[question] = version, await self.ask(question)
        return before[1]

    async def write_at_once(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """A transaction of SQLite as one call on one thread: much cheaper than `write`, for what requests wait for. What others
        have in hand meanwhile goes into the same transaction, each of them whole or not at all."""
        mine = Waiting(work)
        self._line.append(mine)
        try:
            async with self._one_writer:
                if not mine.done:
                    await self._write_line()
        finally:
            if not mine.done and mine in self._line:
                self._line.remove(mine)
        with translated():
            if mine.error is not None:
                raise mine.error
        value: Result = mine.value
        return value

    async def _write_line(self) -> None:
        """Write what stands in line. Whoever holds the place of the one writer is the first in it."""
        batch = [self._line.popleft() for _ in range(min(len(self._line), _MOST_AT_ONCE))]
        await finish(asyncio.get_running_loop().run_in_executor(self._writing, self._at_once.run, batch))

    async def close(self) -> None:
        """Close all connections; those that are in use, as soon as they are not."""
        self._closed = True
        if self.is_sqlite:
            await asyncio.to_thread(self._close_threads)
        await self._engine.dispose()

    def _close_threads(self) -> None:
        self._writing.shutdown()
        self._at_once.close()
        self._reading.close()

    async def check(self) -> None:
        """Raise INTERNAL when the database is damaged, UNAVAILABLE when it does not answer. Reads all of a SQLite file."""
        async with self.read() as connection:
            statement = "PRAGMA quick_check(1)" if self.is_sqlite else "SELECT 'ok'"
            answer = (await connection.execute(text(statement))).scalar_one()
        if answer != "ok":
            raise GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": answer}), {"code": "damaged"})

    async def give_back_space(self) -> None:
        """Return the pages of deleted rows to the file system; PostgreSQL does so by itself.

        The pragma frees one page a step, and only a script is stepped through to its end.
        """
        before, free = (1, 0) if self.is_sqlite else (0, 0)
        while free < before:
            async with self._one_writer, self.read() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                before = (await connection.execute(text("PRAGMA freelist_count"))).scalar_one()
                await finish(driver.executescript("PRAGMA incremental_vacuum(1000)"))
                free = (await connection.execute(text("PRAGMA freelist_count"))).scalar_one()


@asynccontextmanager
async def _place(places: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PLACE_SECONDS):
            await places.acquire()
    except TimeoutError as error:
        raise PoolTimeoutError("no connection became free") from error
    try:
        yield
    finally:
        places.release()


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """The database at `url` (`sqlite:///path`, `postgresql://…`), its schema the newest; closed on leaving.

    Raises BAD_REQUEST for a URL that cannot be used, CONFLICT for a schema newer than this program, INTERNAL for a
    damaged file and UNAVAILABLE when the server or file cannot be reached. Several processes may open it at once.
    """
    address, arguments = parse(url)
    database = Database(_engine(address, arguments))
    try:
        with translated():
            if database.is_sqlite:
                await _prepare_file(database, Path(str(address.database)))
            else:
                await _prepare_server(database)
        yield database
    finally:
        await database.close()


def _engine(address: URL, arguments: dict[str, Any]) -> AsyncEngine:
    if address.get_backend_name() == "sqlite":
        half = _CONNECTIONS // 2
        engine = create_async_engine(address, connect_args=arguments, pool_size=half, max_overflow=half)
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    try:
        return create_async_engine(
            address, connect_args=arguments, pool_size=4, max_overflow=8, pool_pre_ping=True, pool_recycle=1800
        )
    except ModuleNotFoundError as error:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.postgres_missing"), {"param": "database.url"}) from error


def _set_pragmas(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    """Writers take SQLite's lock at once: a reader that turned into a writer could not wait for another one."""
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


async def _prepare_file(database: Database, path: Path) -> None:
    """Make the file where there is none, and bring it up to date, one process at a time."""
    _make_file(path)
    if await _is_ready(database):
        return
    async with exclusive(path.with_name(path.name + ".lock")):
        async with database.read() as connection:
            await connection.execute(text("PRAGMA auto_vacuum=INCREMENTAL"))  # heeded only while there are no tables
            await connection.execute(text("PRAGMA journal_mode=WAL"))
        await database.write_at_once(schema.lay_newest)
        async with database.write() as connection:
            await schema.migrate(connection)


def _make_file(path: Path) -> None:
    """Nobody else may read it: SQLite gives its log files the same rights."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


async def _is_ready(database: Database) -> bool:
    async with database.read() as connection:
        mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
        return mode == "wal" and await schema.is_newest(connection)


async def _prepare_server(database: Database) -> None:
    async with database.read() as connection:
        if await schema.is_newest(connection):
            return
    async with database.write() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.ADVISORY_LOCK})
        await schema.migrate(connection)

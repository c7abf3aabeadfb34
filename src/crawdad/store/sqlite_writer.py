"""Whole transactions of SQLite at once, on one thread: for what stands in the way of every request.

Through the asynchronous driver each statement of a transaction goes to a thread and back several times, which costs far more
than the statements themselves. What waits at one time is written in one transaction, for the same reason.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError, StatementError

Work = Callable[[sqlite3.Connection], Any]
"""Statements within a transaction: what they found is returned, and what they raise undoes them."""


class Waiting:
    """Work that waits to be written; once `done`, its `value`, or as its `error` what SQLAlchemy would raise."""

    __slots__ = ("done", "error", "value", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.done = False
        self.value: Any = None
        self.error: Exception | None = None

    def end(self, value: Any = None, error: Exception | None = None) -> None:
        """Say what became of it."""
        self.value = value
        self.error = as_sqlalchemy(error) if isinstance(error, sqlite3.Error) else error
        self.done = True


class SqliteWriter:
    """A connection of its own to the file at `path`, made when first needed. `run` blocks: it is for threads."""

    def __init__(self, path: str, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._one_thread = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def run(self, batch: Sequence[Waiting]) -> None:
        """All work of `batch` in one transaction, each piece whole or not at all, in order."""
        with self._one_thread:
            try:
                connection = self._connection or self._open()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    ended = [_ended(connection, waiting, alone=len(batch) == 1) for waiting in batch]
                    if connection.in_transaction:
                        connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
            except Exception as error:  # nothing of it is kept
                ended = [(None, error)] * len(batch)
            for waiting, end in zip(batch, ended, strict=True):
                waiting.end(*end)

    def close(self) -> None:
        """Close the connection, once whoever uses it is done."""
        with self._one_thread:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        self._connection = open_connection(self._path, self._pragmas)
        return self._connection


def _ended(connection: sqlite3.Connection, waiting: Waiting, *, alone: bool) -> tuple[Any, Exception | None]:
    """What a piece of work returned, or what it raised and is undone for. Raises where all is lost."""
    if not alone:
        connection.execute("SAVEPOINT work")
    try:
        value = waiting.work(connection)
    except Exception as error:
        if not connection.in_transaction and isinstance(
            error, sqlite3.Error
        ):  # SQLite undid it all: a full disk, for one
            raise
        connection.execute("ROLLBACK" if alone else "ROLLBACK TO work")
        if not alone:
            connection.execute("RELEASE work")
        return None, error
    if not alone:
        connection.execute("RELEASE work")
    return value, None


def open_connection(path: str, pragmas: Sequence[str]) -> sqlite3.Connection:
    """A connection that begins no transactions of itself."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in pragmas:
        connection.execute(pragma)
    return connection


def as_sqlalchemy(error: sqlite3.Error) -> StatementError:
    """The error as SQLAlchemy would raise it."""
    wrapped = DBAPIError.instance(None, None, error, sqlite3.Error)
    wrapped.__cause__ = error
    return wrapped

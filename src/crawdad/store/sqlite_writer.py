"""A whole transaction of SQLite at once, on one thread: for what stands in the way of every request.

Through the asynchronous driver each statement of a transaction goes to a thread and back several times, which costs far more
than the statements themselves.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

Result = TypeVar("Result")


class SqliteWriter:
    """A connection of its own to the file at `path`, made when first needed. `run` blocks: it is for threads."""

    def __init__(self, path: str, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._one_thread = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """`work` within a transaction: committed when it returns, undone when it raises. Raises what SQLAlchemy would."""
        with self._one_thread:
            try:
                connection = self._connection = self._connection or self._open()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    result = work(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise DBAPIError.instance(None, None, error, sqlite3.Error) from error
            return result

    def close(self) -> None:
        """Close the connection, once whoever uses it is done."""
        with self._one_thread:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in self._pragmas:
            connection.execute(pragma)
        return connection

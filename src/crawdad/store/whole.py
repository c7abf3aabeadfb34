"""Transactions written as coroutines that wait for nothing but their connection, taken in one go on a thread.

The same coroutine serves PostgreSQL, where it waits, and SQLite, where its connection never makes it wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Executable, StaticPool, create_engine

from crawdad.store.finishing import Result


class WholeConnection:
    """What such a coroutine uses of `AsyncConnection`."""

    def __init__(self, connection: Connection) -> None:
        self.dialect: Dialect = connection.dialect
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute a statement."""
        return self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:
        """Execute text as the driver has it."""
        return self._connection.exec_driver_sql(statement, parameters)


def over(raw: sqlite3.Connection) -> WholeConnection:
    """A connection that uses `raw` within whatever transaction that is in. SQLAlchemy is never told to end one."""
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, pool_reset_on_return=None)
    return WholeConnection(engine.connect())


def taken(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` returns or raises."""
    try:
        work.send(None)
    except StopIteration as end:
        value: Result = end.value
        return value
    work.close()
    raise RuntimeError("a transaction waited for something else than its connection")

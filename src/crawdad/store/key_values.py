"""Small facts by name: JSON values, and counters that several processes raise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from sqlalchemy import ColumnElement, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.store.database import Database
from crawdad.store.tables import counters, key_values
from crawdad.store.upsert import insert_or_keep, insert_or_set

Mark = Callable[[AsyncConnection], Awaitable[None]]
"""Writes into the transaction that it is given."""


class KeyValues:
    """JSON values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Any:
        """The value, None where there is none."""
        async with self._database.read() as connection:
            query = select(key_values.c.value).where(key_values.c.key == key)
            found = (await connection.execute(query)).scalar_one_or_none()
        return None if found is None else orjson.loads(found)

    async def put(self, key: str, value: Any) -> None:
        """Set the value."""
        async with self._database.write() as connection:
            await self.mark(key, value)(connection)

    def mark(self, key: str, value: Any) -> Mark:
        """What sets the value in the transaction of somebody else."""

        async def write(connection: AsyncConnection) -> None:
            text = orjson.dumps(value).decode()
            values, changes = {"key": key, "value": text}, {"value": text}
            await connection.execute(insert_or_set(self._database.dialect, key_values, values, changes))

        return write

    async def settle(self, key: str, value: Any) -> Any:
        """Set the value unless there is one. Returns the one that stands: the same for all who ask."""
        statement = insert_or_keep(self._database.dialect, key_values)
        async with self._database.write() as connection:
            await connection.execute(statement, {"key": key, "value": orjson.dumps(value).decode()})
        return await self.get(key)

    async def delete(self, key: str) -> None:
        """Remove the value, where there is one."""
        async with self._database.write() as connection:
            await connection.execute(delete(key_values).where(key_values.c.key == key))

    async def with_prefix(self, prefix: str) -> dict[str, Any]:
        """All values whose name begins with `prefix`, taken literally."""
        query = select(key_values).where(_begins(key_values.c.key, prefix)).order_by(key_values.c.key)
        async with self._database.read() as connection:
            return {row.key: orjson.loads(row.value) for row in await connection.execute(query)}


class Counters:
    """Numbers by name that only grow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: str, amount: int) -> int:
        """Raise a counter by `amount`. Returns its new value."""
        return await self._change(key, amount, counters.c.value + amount)

    async def raise_to(self, key: str, value: int) -> int:
        """Raise a counter to `value` unless it is there already: saying it twice counts once. Returns its value."""
        return await self._change(key, value, case((counters.c.value < value, value), else_=counters.c.value))

    async def total(self, prefix: str) -> int:
        """The sum of all counters whose name begins with `prefix`, taken literally."""
        query = select(func.coalesce(func.sum(counters.c.value), 0)).where(_begins(counters.c.key, prefix))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _change(self, key: str, first: int, change: ColumnElement[Any]) -> int:
        statement = insert_or_set(self._database.dialect, counters, {"key": key, "value": first}, {"value": change})
        async with self._database.write() as connection:
            return int((await connection.execute(statement.returning(counters.c.value))).scalar_one())


def _begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Compared as it is: LIKE would ignore case on SQLite."""
    return func.substr(column, 1, len(prefix)) == prefix

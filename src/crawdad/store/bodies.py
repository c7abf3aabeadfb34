"""The bodies of exchanges: compressed, kept for a while, cut down by age and size."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache
from itertools import chain

from sqlalchemy import ColumnElement, delete, func, select, text

from crawdad.core.log import Bodies, Body
from crawdad.store import bulk
from crawdad.store.database import Database
from crawdad.store.tables import exchange_bodies
from crawdad.store.trimming import delete_excess, delete_pages

_ROWS_A_STATEMENT = 32
_DELETED_AT_ONCE = 200
_ROW_OVERHEAD = 96
_WORTH_COMPRESSING = 1024
_COMPRESSED, _TRUNCATED = 1, 2
_COLUMNS = ("id", "at", "request", "response", "stored_bytes")

PackedBodies = tuple[str, float, bytes | None, bytes | None, int]
"""A row, in the order of its columns."""


def pack_bodies(exchange_id: str, at: float, bodies: Bodies) -> PackedBodies:
    """The row that keeps them. `at` is Unix time in seconds. Compresses: not for the event loop."""
    request, response = _pack(bodies.request), _pack(bodies.response)
    return exchange_id, at, request, response, len(request or b"") + len(response or b"") + _ROW_OVERHEAD


class BodyStore:
    """The table of bodies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, rows: Sequence[PackedBodies]) -> None:
        """Keep them; what is kept of an exchange already stays as it is."""
        async with self._database.write() as connection:
            for chunk in bulk.chunks(rows, _ROWS_A_STATEMENT):
                statement = _insertion(self._database.dialect, len(chunk))
                await connection.exec_driver_sql(statement, tuple(chain.from_iterable(chunk)))

    async def get(self, exchange_id: str) -> Bodies:
        """The bodies of an exchange; those that were not kept are None."""
        columns = exchange_bodies.c
        query = select(columns.request, columns.response).where(columns.id == exchange_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return Bodies() if row is None else Bodies(_unpack(row.request), _unpack(row.response))

    async def delete_before(self, moment: float) -> int:
        """Remove those kept before `moment`, in small transactions. Returns how many."""
        return await delete_pages(lambda: self._oldest(exchange_bodies.c.at < moment), self._delete, _DELETED_AT_ONCE)

    async def delete_beyond(self, most_bytes: int) -> int:
        """Remove the oldest until the others take at most `most_bytes`. Returns how many."""
        async with self._database.read() as connection:
            total = await connection.execute(select(func.coalesce(func.sum(exchange_bodies.c.stored_bytes), 0)))
            excess = int(total.scalar_one()) - most_bytes
        return await delete_excess(self._oldest, self._delete, excess)

    async def clear(self) -> None:
        """Remove all."""
        table = "DELETE FROM exchange_bodies" if self._database.is_sqlite else "TRUNCATE exchange_bodies"
        async with self._database.write() as connection:
            await connection.execute(text(table))

    async def _oldest(self, *conditions: ColumnElement[bool]) -> list[tuple[str, int]]:
        columns = exchange_bodies.c
        query = select(columns.id, columns.stored_bytes).where(*conditions).order_by(columns.at, columns.id)
        async with self._database.read() as connection:
            return [(row[0], row[1]) for row in await connection.execute(query.limit(_DELETED_AT_ONCE))]

    async def _delete(self, ids: Sequence[str]) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(exchange_bodies).where(exchange_bodies.c.id.in_(ids)))


def _pack(body: Body | None) -> bytes | None:
    if body is None:
        return None
    data = body.text.encode("utf-8", "replace")
    flags = _TRUNCATED if body.truncated else 0
    if len(data) >= _WORTH_COMPRESSING:
        return bytes((flags | _COMPRESSED,)) + zlib.compress(data, 1)
    return bytes((flags,)) + data


def _unpack(packed: bytes | None) -> Body | None:
    if not packed:
        return None
    flags, data = packed[0], packed[1:]
    if flags & _COMPRESSED:
        data = zlib.decompress(data)
    return Body(data.decode("utf-8", "replace"), bool(flags & _TRUNCATED))


@cache
def _insertion(dialect: str, rows: int) -> str:
    values = bulk.tuples(dialect, rows, len(_COLUMNS))
    return f"INSERT INTO exchange_bodies ({', '.join(_COLUMNS)}) VALUES {values} ON CONFLICT (id) DO NOTHING"

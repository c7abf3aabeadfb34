"""`core.memory.VectorCache` in the database. The oldest make room for new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, select

from crawdad.store.database import Database
from crawdad.store.memory_tables import memory_vectors
from crawdad.store.upsert import insert_or_keep

_MOST_KEPT = 200_000
_columns = memory_vectors.c


class VectorStore:
    """The table of vectors."""

    def __init__(self, database: Database, most: int = _MOST_KEPT) -> None:
        self._database = database
        self._most = most

    async def known(self, model: str, digests: Sequence[str]) -> Mapping[str, bytes]:
        """See the port."""
        query = select(_columns.digest, _columns.vector).where(_columns.model == model, _columns.digest.in_(digests))
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def keep(self, model: str, vectors: Mapping[str, bytes], now: float) -> None:
        """See the port. Of too many, the oldest tenth is let go of."""
        if not vectors:
            return
        rows = [
            {"model": model, "digest": digest, "vector": vector, "kept_at": now} for digest, vector in vectors.items()
        ]
        async with self._database.write() as connection:
            await connection.execute(insert_or_keep(self._database.dialect, memory_vectors), rows)
            count = (await connection.execute(select(func.count()).select_from(memory_vectors))).scalar_one()
            if count > self._most:
                oldest = (
                    select(_columns.kept_at).order_by(_columns.kept_at).offset(count - self._most * 9 // 10).limit(1)
                )
                limit = (await connection.execute(oldest)).scalar_one_or_none()
                if limit is not None:
                    await connection.execute(delete(memory_vectors).where(_columns.kept_at < limit))

"""How well the gateway was, as it is kept."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import RowMapping, delete, insert, select

from crawdad.core.health import HealthSample, downsampled
from crawdad.store.database import Database
from crawdad.store.health_tables import health_samples

_columns = health_samples.c
_PROBE = HealthSample("probe", at=0.0, span=0, level="ok", response_ms=None, processor=0.0, memory=0.0)


class HealthStore:
    """The table of samples. Processes that share a database share it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answers(self) -> None:
        """Nothing, where the database answers and can be written. Raises what keeps it from that. One that lies on a full or
        read-only disk still reads well, so something is written, and is gone before anybody sees it."""
        async with self._database.write() as connection:
            await connection.execute(insert(health_samples), _row(_PROBE))
            await connection.execute(delete(health_samples).where(_columns.id == _PROBE.id))

    async def add(self, sample: HealthSample) -> None:
        """Keep one."""
        async with self._database.write() as connection:
            await connection.execute(insert(health_samples), _row(sample))

    async def since(self, at: float) -> list[HealthSample]:
        """Those from `at` on, the oldest first."""
        query = select(health_samples).where(_columns.at >= at).order_by(_columns.at, _columns.id)
        async with self._database.read() as connection:
            return [_sample(row) for row in (await connection.execute(query)).mappings()]

    async def fold(self, before: float, span: int) -> int:
        """Put those of a shorter span before `before` together to one for each `span` seconds, all or none. Returns how many
        there were."""
        shorter = delete(health_samples).where(_columns.at < before, _columns.span < span)
        async with self._database.write() as connection:
            rows = (await connection.execute(shorter.returning(*_columns))).mappings().all()
            if rows:
                folded = downsampled([_sample(row) for row in rows], span)
                await connection.execute(insert(health_samples), [_row(sample) for sample in folded])
        return len(rows)

    async def delete_before(self, at: float) -> int:
        """Forget older ones. Returns how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(health_samples).where(_columns.at < at))).rowcount


def _row(sample: HealthSample) -> dict[str, Any]:
    return {
        "id": sample.id,
        "at": sample.at,
        "span": sample.span,
        "level": sample.level,
        "response_ms": sample.response_ms,
        "processor": sample.processor,
        "memory": sample.memory,
        "parts": orjson.dumps(dict(sample.parts)).decode(),
    }


def _sample(row: RowMapping) -> HealthSample:
    return HealthSample(**{**row, "parts": orjson.loads(row["parts"])})

"""How much there is of something, for those who watch: never more work than an index gives, however much there is."""

from __future__ import annotations

from sqlalchemy import Select, func, literal, select

from crawdad.store.channel_tables import channel_deliveries, channel_events
from crawdad.store.database import Database
from crawdad.store.session_tables import sessions

MOST_COUNTED = 10_000
"""A queue that holds more says that it holds so much."""


class Figures:
    """Counts over the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sessions(self) -> int:
        """How many sessions there are. It grows with them: ask seldom."""
        return await self._count(select(func.count()).select_from(sessions))

    async def inbox(self) -> int:
        """How many messages of channels wait to be answered."""
        return await self._bounded(select(literal(1)).where(channel_events.c.state == "waiting"))

    async def outbox(self) -> int:
        """How many answers are on their way to channels."""
        return await self._bounded(select(literal(1)).where(channel_deliveries.c.state.in_(("growing", "open"))))

    async def _bounded(self, query: Select[int]) -> int:
        return await self._count(select(func.count()).select_from(query.limit(MOST_COUNTED).subquery()))

    async def _count(self, query: Select[int]) -> int:
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

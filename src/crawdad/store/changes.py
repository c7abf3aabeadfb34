"""Revisions by topic: the cheap way for a process to notice that another one changed something."""

from __future__ import annotations

from sqlalchemy import select

from crawdad.store.database import Database
from crawdad.store.question import Question
from crawdad.store.tables import changes
from crawdad.store.upsert import insert_or_set

_ALL = Question(select(changes))


class Changes:
    """The table of revisions. A topic that never changed has revision 0."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bump(self, topic: str) -> int:
        """Note that `topic` changed. Returns its new revision."""
        statement = insert_or_set(
            self._database.dialect,
            changes,
            {"topic": topic, "revision": 1},
            {"revision": changes.c.revision + 1},
        )
        async with self._database.write() as connection:
            return int((await connection.execute(statement.returning(changes.c.revision))).scalar_one())

    async def revisions(self) -> dict[str, int]:
        """The revision of every topic that ever changed."""
        return {row["topic"]: row["revision"] for row in await self._database.ask_again(_ALL)}

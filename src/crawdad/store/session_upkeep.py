"""Which sessions the lists can do without. However many there are, the database counts them, and few are named at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select

from crawdad.store.database import Database
from crawdad.store.session_tables import sessions

NAMED_AT_ONCE = 200
_KEPT_KINDS = ("main", "global")
"""The main sessions stay."""
_columns = sessions.c


@dataclass(frozen=True, slots=True)
class AgentTally:
    """How many sessions of an agent have been silent for too long, and how many have not."""

    agent_id: str
    stale: int
    lively: int


class SessionUpkeep:
    """Reads the table of sessions. `since`, Unix seconds, is when the last word of a session must have been said."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tallies(self, since: float) -> list[AgentTally]:
        """All agents."""
        silent = func.sum(case((_is_stale(since), 1), else_=0))
        query = select(_columns.agent_id, silent, func.count()).where(_may_go()).group_by(_columns.agent_id)
        async with self._database.read() as connection:
            return [AgentTally(row[0], row[1], row[2] - row[1]) for row in await connection.execute(query)]

    async def stale(self, since: float) -> Sequence[str]:
        """The keys of some that have been silent for too long, the oldest first."""
        query = select(_columns.key).where(_may_go(), _is_stale(since)).order_by(_columns.updated_at, _columns.key)
        async with self._database.read() as connection:
            return (await connection.execute(query.limit(NAMED_AT_ONCE))).scalars().all()

    async def beyond(self, agent_id: str, most: int, since: float) -> Sequence[str]:
        """The keys of some of an agent's that are beyond its newest `most`, without those that are silent for too long."""
        query = (
            select(_columns.key)
            .where(_columns.agent_id == agent_id, _may_go(), ~_is_stale(since))
            .order_by(_columns.updated_at.desc(), _columns.key.desc())
        )
        async with self._database.read() as connection:
            return (await connection.execute(query.offset(most).limit(NAMED_AT_ONCE))).scalars().all()


def _may_go() -> ColumnElement[bool]:
    return _columns.kind.not_in(_KEPT_KINDS)


def _is_stale(since: float) -> ColumnElement[bool]:
    return (_columns.updated_at < since) & (_columns.active_at < since)

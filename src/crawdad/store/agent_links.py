"""What answers of agents belong to: the session behind a response's id, or behind a call that a turn waits for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select

from crawdad.store.database import Database
from crawdad.store.door_tables import agent_links
from crawdad.store.upsert import insert_or_set

_columns = agent_links.c


class AgentLinks:
    """Names, each with `(agent id, session key)`; nobody sees those of somebody else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self, principal_id: str, names: Collection[str], agent_id: str, session_key: str, expires_at: float
    ) -> None:
        """Remember what `names` belong to."""
        changes = {"agent_id": agent_id, "session_key": session_key, "expires_at": expires_at}
        async with self._database.write() as connection:
            for name in names:
                values = {"principal_id": principal_id, "name": name, **changes}
                await connection.execute(insert_or_set(self._database.dialect, agent_links, values, changes))

    async def find(self, principal_id: str, names: Collection[str], now: float) -> dict[str, tuple[str, str]]:
        """What is remembered of `names`."""
        if not names:
            return {}
        query = select(_columns.name, _columns.agent_id, _columns.session_key).where(
            _columns.principal_id == principal_id, _columns.name.in_(names), _columns.expires_at > now
        )
        async with self._database.read() as connection:
            return {row.name: (row.agent_id, row.session_key) for row in await connection.execute(query)}

    async def delete_expired(self, now: float) -> int:
        """Forget what is over. Returns how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(agent_links).where(_columns.expires_at <= now))).rowcount

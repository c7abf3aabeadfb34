"""Calls of tools over HTTP that carry a key of their own: kept before the tool runs, and with what it answered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from crawdad.store.database import Database
from crawdad.store.door_tables import tool_invocations
from crawdad.store.upsert import insert_or_keep

_columns = tool_invocations.c


@dataclass(frozen=True, slots=True)
class ToolInvocation:
    """One call. `claim` is whoever runs it, in the process `runner`; `outcome` is None until the tool has answered."""

    claim: str
    runner: str
    outcome: str | None


class ToolInvocations:
    """The table; nobody sees the calls of somebody else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, principal_id: str, key: str, claim: str, runner: str, now: float, expires_at: float
    ) -> ToolInvocation:
        """Keep a call under its key, unless one stands there whose time is not over. Returns the one that stands."""
        name = (_columns.principal_id == principal_id) & (_columns.key == key)
        values = {
            "principal_id": principal_id,
            "key": key,
            "claim": claim,
            "runner": runner,
            "outcome": None,
            "expires_at": expires_at,
        }
        async with self._database.write() as connection:
            await connection.execute(delete(tool_invocations).where(name, _columns.expires_at <= now))
            await connection.execute(insert_or_keep(self._database.dialect, tool_invocations), values)
            row = (await connection.execute(select(tool_invocations).where(name))).one()
        return ToolInvocation(row.claim, row.runner, row.outcome)

    async def find(self, principal_id: str, key: str) -> ToolInvocation | None:
        """The call under a key."""
        query = select(tool_invocations).where(_columns.principal_id == principal_id, _columns.key == key)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else ToolInvocation(row.claim, row.runner, row.outcome)

    async def finish(self, claim: str, outcome: str) -> None:
        """Write down what the tool answered."""
        async with self._database.write() as connection:
            await connection.execute(update(tool_invocations).where(_columns.claim == claim).values(outcome=outcome))

    async def forget(self, claim: str) -> None:
        """As if it had not been."""
        async with self._database.write() as connection:
            await connection.execute(delete(tool_invocations).where(_columns.claim == claim))

    async def delete_expired(self, now: float) -> int:
        """Forget what is over. Returns how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(tool_invocations).where(_columns.expires_at <= now))).rowcount

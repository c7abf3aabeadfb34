"""Approvals and what was approved for good. Every change of state names the state that it may start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import RowMapping, delete, func, insert, select, update

from crawdad.core.approvals import Approval, ApprovalStatus, Grant
from crawdad.store.database import Database
from crawdad.store.tool_tables import approval_grants, approvals
from crawdad.store.upsert import insert_or_keep

_columns = approvals.c
_grants = approval_grants.c


class ApprovalStore:
    """The tables of approvals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, approval: Approval) -> None:
        """Keep a new question."""
        async with self._database.write() as connection:
            await connection.execute(insert(approvals), _row(approval))

    async def get(self, approval_id: str) -> Approval | None:
        """A question as it stands."""
        query = select(approvals).where(_columns.id == approval_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else _approval(row)

    async def newest(self, statuses: Sequence[ApprovalStatus], limit: int = 200) -> list[Approval]:
        """The newest ones in one of these states (none named: in any)."""
        query = select(approvals).order_by(_columns.created_at.desc(), _columns.id.desc()).limit(limit)
        if statuses:
            query = query.where(_columns.status.in_(statuses))
        async with self._database.read() as connection:
            return [_approval(row) for row in (await connection.execute(query)).mappings()]

    async def pending_in(self, session_key: str, now: float) -> int:
        """How many wait in a session."""
        query = select(func.count()).where(
            _columns.session_key == session_key, _columns.status == "pending", _columns.expires_at > now
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def allowed(self, session_key: str, mark: str, now: float) -> str | None:
        """An answer to exactly this question of this session that has not been used yet."""
        query = (
            select(_columns.id)
            .where(
                _columns.session_key == session_key,
                _columns.fingerprint == mark,
                _columns.status == "allowed",
                _columns.expires_at > now,
            )
            .limit(1)
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def decide(
        self, approval_id: str, status: ApprovalStatus, at: float, by: str, expires_at: float | None = None
    ) -> bool:
        """Answer a question that waits and is not over. False when there is none."""
        values: dict[str, Any] = {"status": status, "decided_at": at, "decided_by": by}
        if expires_at is not None:
            values["expires_at"] = expires_at
        query = update(approvals).where(
            _columns.id == approval_id, _columns.status == "pending", _columns.expires_at > at
        )
        async with self._database.write() as connection:
            return (await connection.execute(query.values(values))).rowcount > 0

    async def use(self, approval_id: str, session_key: str, mark: str, now: float) -> bool:
        """Use an answer up. False when it is none to this question, was used, or is over."""
        query = update(approvals).where(
            _columns.id == approval_id,
            _columns.session_key == session_key,
            _columns.fingerprint == mark,
            _columns.status == "allowed",
            _columns.expires_at > now,
        )
        async with self._database.write() as connection:
            return (await connection.execute(query.values(status="used"))).rowcount > 0

    async def expire(self, now: float) -> None:
        """Say of those that are over that they are."""
        query = update(approvals).where(_columns.status.in_(("pending", "allowed")), _columns.expires_at <= now)
        async with self._database.write() as connection:
            await connection.execute(query.values(status="expired"))

    async def delete_before(self, at: float) -> int:
        """Remove those that are settled and older. Returns how many."""
        query = delete(approvals).where(_columns.created_at < at, _columns.status.not_in(("pending", "allowed")))
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount

    async def add_grant(self, grant: Grant) -> None:
        """Keep an answer for good; the same one again changes nothing."""
        row = {**asdict(grant), "details": orjson.dumps(grant.details).decode()}
        query = select(_grants.id).where(_grants.agent_id == grant.agent_id, _grants.lasting == grant.lasting)
        async with self._database.write() as connection:
            if (await connection.execute(query)).first() is None:
                await connection.execute(insert_or_keep(self._database.dialect, approval_grants), row)

    async def grant(self, agent_id: str, lasting: str, now: float) -> Grant | None:
        """The answer for good to this, marked as used."""
        chosen = (_grants.agent_id == agent_id, _grants.lasting == lasting)
        async with self._database.read() as connection:
            row = (await connection.execute(select(approval_grants).where(*chosen))).mappings().one_or_none()
        if row is None:
            return None
        async with self._database.write() as connection:
            kept = await connection.execute(update(approval_grants).where(*chosen).values(last_used_at=now))
        return _grant(row) if kept.rowcount else None

    async def grants(self) -> list[Grant]:
        """All answers for good, the newest first."""
        query = select(approval_grants).order_by(_grants.created_at.desc(), _grants.id).limit(1000)
        async with self._database.read() as connection:
            return [_grant(row) for row in (await connection.execute(query)).mappings()]

    async def delete_grant(self, grant_id: str) -> bool:
        """Take one back. False when there is none."""
        async with self._database.write() as connection:
            found = await connection.execute(delete(approval_grants).where(_grants.id == grant_id))
            return found.rowcount > 0


def _row(approval: Approval) -> dict[str, Any]:
    return {**asdict(approval), "details": orjson.dumps(approval.details).decode()}


def _approval(row: RowMapping) -> Approval:
    return Approval(**{**row, "details": orjson.loads(row["details"])})


def _grant(row: RowMapping) -> Grant:
    return Grant(**{**row, "details": orjson.loads(row["details"])})

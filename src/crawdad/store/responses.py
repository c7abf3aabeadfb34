"""Stored responses (`/v1/responses` with `store`): every look-up names the principal, within the query itself.

Somebody else's response and one that never was give the same answer, so ids cannot be probed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, and_, delete, insert, or_, select, update

from crawdad.core.parts import JsonObject
from crawdad.store.database import Database
from crawdad.store.question import Question
from crawdad.store.tables import response_events, stored_responses
from crawdad.store.upsert import insert_or_keep

UNFINISHED = ("queued", "in_progress")
_EXPIRED_AT_ONCE = 200

_columns = stored_responses.c
_RUNNERS = Question(select(_columns.runner).where(_columns.status.in_(UNFINISHED)).distinct())


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One response with the request that it answers. Times are Unix seconds.

    `runner` names the process that works on it. `status` is the protocol's word, or `interrupted` when the runner died.
    `origin` is what a background request said beside its body.
    """

    id: str
    principal_id: str
    status: str
    created_at: float
    updated_at: float
    request: JsonObject
    response: JsonObject
    background: bool = False
    runner: str = ""
    expires_at: float | None = None
    origin: JsonObject | None = None


class ResponseStore:
    """The tables of stored responses and of their events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, response: StoredResponse) -> None:
        """Keep a new response. CONFLICT when its id is known already."""
        async with self._database.write() as connection:
            await connection.execute(insert(stored_responses), _row(response))

    async def get(self, response_id: str, principal_id: str, now: float) -> StoredResponse | None:
        """A response of that principal which has not expired."""
        query = select(stored_responses).where(_owned(response_id, principal_id), _alive(now))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else _response(row)

    async def update(
        self,
        response_id: str,
        principal_id: str,
        status: str,
        at: float,
        response: JsonObject | None = None,
        only_from: Collection[str] = UNFINISHED,
    ) -> bool:
        """Change status and, where given, the answer. False when there is none in one of the states `only_from`."""
        query = update(stored_responses).where(_owned(response_id, principal_id), _columns.status.in_(only_from))
        values: dict[str, Any] = {"status": status, "updated_at": at}
        if response is not None:
            values["response"] = _text(response)
        async with self._database.write() as connection:
            return (await connection.execute(query.values(values))).rowcount > 0

    async def touch(self, response_id: str, principal_id: str, at: float) -> None:
        """Somebody has come for the response."""
        query = update(stored_responses).where(_owned(response_id, principal_id)).values(updated_at=at)
        async with self._database.write() as connection:
            await connection.execute(query)

    async def delete(self, response_id: str, principal_id: str) -> bool:
        """Remove a response and its events. False when that principal has none of that id."""
        async with self._database.write() as connection:
            found = await connection.execute(delete(stored_responses).where(_owned(response_id, principal_id)))
            return found.rowcount > 0

    async def append_events(self, response_id: str, events: Sequence[tuple[int, JsonObject]]) -> None:
        """Keep numbered stream events; numbers that are there already stay as they are. CONFLICT when it was deleted."""
        if not events:
            return
        rows = [{"response_id": response_id, "sequence": number, "event": _text(event)} for number, event in events]
        async with self._database.write() as connection:
            await connection.execute(insert_or_keep(self._database.dialect, response_events), rows)

    async def events(
        self, response_id: str, principal_id: str, after: int = -1, limit: int = 500
    ) -> list[tuple[int, JsonObject]]:
        """The events of that principal's response whose number is greater than `after`, in order."""
        query = (
            select(response_events.c.sequence, response_events.c.event)
            .join(stored_responses, _columns.id == response_events.c.response_id)
            .where(_owned(response_id, principal_id), response_events.c.sequence > after)
            .order_by(response_events.c.sequence)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [(row[0], orjson.loads(row[1])) for row in await connection.execute(query)]

    async def runners(self) -> set[str]:
        """Which processes have unfinished responses, dead or alive."""
        return {row["runner"] for row in await self._database.ask_again(_RUNNERS)}

    async def unfinished(self, runner: str) -> list[StoredResponse]:
        """What a process has not finished, the oldest first."""
        query = select(stored_responses).where(_columns.status.in_(UNFINISHED), _columns.runner == runner)
        async with self._database.read() as connection:
            return [
                _response(row) for row in (await connection.execute(query.order_by(_columns.created_at))).mappings()
            ]

    async def adopt(self, response_id: str, runner: str, by: str, at: float) -> bool:
        """Have `by` go on with what the dead process `runner` left unfinished. False: somebody else does, or it is no more."""
        query = update(stored_responses).where(
            _columns.id == response_id, _columns.status.in_(UNFINISHED), _columns.runner == runner
        )
        async with self._database.write() as connection:
            return (await connection.execute(query.values(runner=by, updated_at=at))).rowcount > 0

    async def interrupt(self, runner: str, at: float) -> int:
        """Mark what a dead process left unfinished as `interrupted`. Returns how many there were."""
        query = update(stored_responses).where(_columns.status.in_(UNFINISHED), _columns.runner == runner)
        async with self._database.write() as connection:
            return (await connection.execute(query.values(status="interrupted", updated_at=at))).rowcount

    async def delete_expired(self, now: float) -> int:
        """Remove responses that expired, in small transactions. Returns how many."""
        query = select(_columns.id).where(_columns.expires_at <= now).limit(_EXPIRED_AT_ONCE)
        removed = 0
        while True:
            async with self._database.write() as connection:
                ids = list((await connection.execute(query)).scalars())
                await connection.execute(delete(stored_responses).where(_columns.id.in_(ids)))
            removed += len(ids)
            if len(ids) < _EXPIRED_AT_ONCE:
                return removed


def _owned(response_id: str, principal_id: str) -> ColumnElement[bool]:
    return and_(_columns.id == response_id, _columns.principal_id == principal_id)


def _alive(now: float) -> ColumnElement[bool]:
    return or_(_columns.expires_at.is_(None), _columns.expires_at > now)


def _text(value: JsonObject) -> str:
    return orjson.dumps(value).decode()


def _row(response: StoredResponse) -> dict[str, Any]:
    return {
        "id": response.id,
        "principal_id": response.principal_id,
        "status": response.status,
        "background": response.background,
        "runner": response.runner,
        "created_at": response.created_at,
        "updated_at": response.updated_at,
        "expires_at": response.expires_at,
        "request": _text(response.request),
        "response": _text(response.response),
        "origin": None if response.origin is None else _text(response.origin),
    }


def _response(row: RowMapping) -> StoredResponse:
    values = {**row, "request": orjson.loads(row["request"]), "response": orjson.loads(row["response"])}
    values["origin"] = None if row["origin"] is None else orjson.loads(row["origin"])
    return StoredResponse(**values)

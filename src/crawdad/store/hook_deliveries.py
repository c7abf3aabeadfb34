"""Deliveries of hooks: kept before the run begins, and until what came of it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import delete, select, update

from crawdad.core.parts import JsonObject
from crawdad.store.database import Database
from crawdad.store.door_tables import hook_deliveries
from crawdad.store.question import Question
from crawdad.store.upsert import insert_or_keep

_columns = hook_deliveries.c
_MOST_OPEN = 500
_OPEN = Question(
    select(hook_deliveries).where(_columns.status == "open").order_by(_columns.created_at).limit(_MOST_OPEN)
)


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One call that an agent answers. `status` is open or done; `run_id` is empty until the run was ordered."""

    key: str
    runner: str
    status: str
    run_id: str
    order: JsonObject


class HookDeliveries:
    """The table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, key: str, runner: str, order: JsonObject, now: float) -> tuple[HookDelivery, bool]:
        """Keep a call under its key: the one that stands there, and whether it is this very one (else it was known)."""
        values = {
            "key": key,
            "runner": runner,
            "status": "open",
            "run_id": "",
            "order": orjson.dumps(order).decode(),
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.write() as connection:
            statement = insert_or_keep(self._database.dialect, hook_deliveries)
            made = (await connection.execute(statement, values)).rowcount > 0
            row = (await connection.execute(select(hook_deliveries).where(_columns.key == key))).mappings().one()
        return _delivery(row), made

    async def change(self, key: str, now: float, **values: str) -> None:
        """Write down how far a delivery has come (`run_id`, `status`)."""
        async with self._database.write() as connection:
            await connection.execute(
                update(hook_deliveries).where(_columns.key == key).values(**values, updated_at=now)
            )

    async def forget(self, key: str) -> None:
        """As if it had not been."""
        async with self._database.write() as connection:
            await connection.execute(delete(hook_deliveries).where(_columns.key == key, _columns.run_id == ""))

    async def take_over(self, key: str, old: str, new: str, now: float) -> bool:
        """Make an open delivery of the dead process `old` one of `new`. False when another was quicker."""
        statement = (
            update(hook_deliveries)
            .where(_columns.key == key, _columns.runner == old, _columns.status == "open")
            .values(runner=new, updated_at=now)
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def open(self) -> Sequence[HookDelivery]:
        """What has not been seen through."""
        return [_delivery(row) for row in await self._database.ask(_OPEN)]

    async def delete_done(self, before: float) -> int:
        """Forget what was done before then. Returns how many there were."""
        query = delete(hook_deliveries).where(_columns.status == "done", _columns.updated_at < before)
        async with self._database.write() as connection:
            return (await connection.execute(query)).rowcount


def _delivery(row: object) -> HookDelivery:
    values = dict(row)  # type: ignore[call-overload]
    return HookDelivery(
        values["key"], values["runner"], values["status"], values["run_id"], orjson.loads(values["order"])
    )

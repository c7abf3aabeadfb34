"""Budgets of days, months and for good: what was used of each window, and what is set aside by requests under way.

Counters are read, changed and written back under their locks, in one order everywhere: of two transactions that want the same
counters one waits. (SQLite has one writer anyway.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.budgets import amounts_used
from crawdad.store.budget_decisions import (
    PLACES,
    Counter,
    CounterName,
    Line,
    Order,
    Shortage,
    counters_of,
    decide,
    lines_text,
    read_lines,
)
from crawdad.store.budgets_sqlite import reserve_at_once
from crawdad.store.database import Database
from crawdad.store.exchanges import Row
from crawdad.store.records import COLUMNS
from crawdad.store.tables import budget_counters, budget_reservations
from crawdad.store.upsert import insert_or_keep

__all__ = ["BudgetStore", "Counter", "CounterName", "Line", "Order", "Shortage", "settle_budgets"]

_MOST_NAMES = 500


class BudgetStore:
    """The tables of counters and reservations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, orders: Sequence[Order], runner: str, expires_at: float) -> list[Shortage | None]:
        """Set aside what `orders` want, in their order, in one transaction. None for an order that was granted."""
        if self._database.is_sqlite:
            return await self._database.write_at_once(
                lambda connection: reserve_at_once(connection, orders, runner, expires_at)
            )
        names = counters_of(orders)
        while True:
            async with self._database.write() as connection:
                counters = await _locked(connection, names)
                if len(counters) == len(names):
                    decision = decide(orders, counters)
                    if decision.granted:
                        await _write(connection, decision.changed)
                        rows = [_reservation(order, runner, expires_at) for order in decision.granted]
                        await connection.execute(insert(budget_reservations), rows)
                    return decision.verdicts
            # Rows are made in a transaction of their own: made in this one they would be locked out of turn.
            async with self._database.write() as connection:
                await _make(connection, [name for name in names if name not in counters])

    async def withdraw(self, ids: Sequence[str]) -> None:
        """Undo reservations whose request never began."""
        async with self._database.write() as connection:
            found = await _reservations(connection, budget_reservations.c.id.in_(ids))
            await _give_back(connection, found)
            await connection.execute(delete(budget_reservations).where(budget_reservations.c.id.in_(list(found))))

    async def renew(self, ids: Sequence[str], expires_at: float) -> None:
        """The requests of these reservations are still under way."""
        for start in range(0, len(ids), _MOST_NAMES):
            part = ids[start : start + _MOST_NAMES]
            query = update(budget_reservations).where(budget_reservations.c.id.in_(part))
            async with self._database.write() as connection:
                await connection.execute(query.values(expires_at=expires_at))

    async def runners(self) -> list[str]:
        """The processes that have something set aside."""
        query = select(budget_reservations.c.runner).where(~budget_reservations.c.returned).distinct()
        async with self._database.read() as connection:
            return [row[0] for row in await connection.execute(query)]

    async def give_back(self, runners: Sequence[str], now: float) -> int:
        """Give back what dead `runners` had set aside, and what is past its time. Returns how many reservations that were.

        Should such an exchange turn up after all, it is charged nonetheless: the reservation is kept, marked.
        """
        columns = budget_reservations.c
        given = 0
        while True:
            doomed = and_(~columns.returned, or_(columns.expires_at <= now, columns.runner.in_(list(runners))))
            async with self._database.write() as connection:
                found = await _reservations(connection, doomed)
                if not found:
                    break
                await _give_back(connection, found)
                query = update(budget_reservations).where(columns.id.in_(list(found)))
                await connection.execute(query.values(returned=true()))
            given += len(found)
        return given

    async def tidy(self, returned_before: float, day_before: str, month_before: str) -> None:
        """Forget reservations that were given back and ran out before then, and the counters of days and months before those
        named."""
        columns, window = budget_reservations.c, budget_counters.c.window
        days, months = window.like("____-__-__"), window.like("____-__")
        old = or_(and_(days, window < day_before), and_(months, window < month_before))
        async with self._database.write() as connection:
            await connection.execute(
                delete(budget_reservations).where(columns.returned, columns.expires_at <= returned_before)
            )
            await connection.execute(delete(budget_counters).where(old, budget_counters.c.reserved <= 0))

    async def counters(self, names: Iterable[CounterName]) -> dict[CounterName, Counter]:
        """The counters of those names; without those that nobody ever used."""
        wanted = sorted(set(names))
        found: dict[CounterName, Counter] = {}
        async with self._database.read() as connection:
            for start in range(0, len(wanted), _MOST_NAMES):
                found |= await _read(connection, wanted[start : start + _MOST_NAMES], lock=False)
        return found


_ID, _COST = COLUMNS.index("id"), COLUMNS.index("cost")
_INPUT, _OUTPUT = COLUMNS.index("input_tokens"), COLUMNS.index("output_tokens")
_OUTCOME = COLUMNS.index("outcome")


async def settle_budgets(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """A follower of the exchange log: reservations become what was really used, with the row that tells it."""
    used = {row[_ID]: amounts_used(row[_OUTCOME], row[_INPUT], row[_OUTPUT], row[_COST]) for row in rows}
    for start in range(0, len(rows), _MOST_NAMES):
        ids = [row[_ID] for row in rows[start : start + _MOST_NAMES]]
        found = await _reservations(connection, budget_reservations.c.id.in_(ids), and_returned=True)
        if not found:
            continue
        names = sorted({counter for lines, _ in found.values() for counter, _ in lines})
        counters = await _locked(connection, names)
        missing = [name for name in names if name not in counters]
        if missing:  # a window that was tidied away long ago
            await _make(connection, missing)
            counters = await _locked(connection, names)
        for exchange_id, (lines, returned) in found.items():
            for counter, reserved in lines:
                state = counters[counter]
                state.used = round(state.used + used[exchange_id].of(counter[1]), PLACES)
                if not returned:
                    state.reserved = max(0.0, round(state.reserved - reserved, PLACES))
        await _write(connection, counters)
        await connection.execute(delete(budget_reservations).where(budget_reservations.c.id.in_(list(found))))


Lines = list[tuple[CounterName, float]]


def _reservation(order: Order, runner: str, expires_at: float) -> dict[str, Any]:
    return {"id": order.id, "runner": runner, "expires_at": expires_at, "lines": lines_text(order)}


async def _reservations(
    connection: AsyncConnection, condition: Any, and_returned: bool = False
) -> dict[str, tuple[Lines, bool]]:
    """Locked reservations, by id: what they hold, and whether that was given back already."""
    columns = budget_reservations.c
    query = select(columns.id, columns.lines, columns.returned).where(condition).order_by(columns.id).limit(_MOST_NAMES)
    if not and_returned:
        query = query.where(~columns.returned)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update()
    found: dict[str, tuple[Lines, bool]] = {}
    for row in await connection.execute(query):
        found[row.id] = read_lines(row.lines), row.returned
    return found


async def _give_back(connection: AsyncConnection, found: dict[str, tuple[Lines, bool]]) -> None:
    names = sorted({counter for lines, _ in found.values() for counter, _ in lines})
    counters = await _locked(connection, names)
    for lines, _ in found.values():
        for counter, reserved in lines:
            if counter in counters:
                state = counters[counter]
                state.reserved = max(0.0, round(state.reserved - reserved, PLACES))
    await _write(connection, counters)


async def _locked(connection: AsyncConnection, names: Sequence[CounterName]) -> dict[CounterName, Counter]:
    found: dict[CounterName, Counter] = {}
    for start in range(0, len(names), _MOST_NAMES):
        found |= await _read(connection, names[start : start + _MOST_NAMES], lock=connection.dialect.name != "sqlite")
    return found


async def _read(connection: AsyncConnection, names: Sequence[CounterName], lock: bool) -> dict[CounterName, Counter]:
    if not names:
        return {}
    columns = budget_counters.c
    query = select(budget_counters).where(tuple_(columns.subject, columns.unit, columns.window).in_(names))
    if lock:
        query = query.order_by(columns.subject, columns.unit, columns.window).with_for_update()
    rows = await connection.execute(query)
    return {(row.subject, row.unit, row.window): Counter(row.used, row.reserved) for row in rows}


async def _make(connection: AsyncConnection, names: Sequence[CounterName]) -> None:
    rows = [{"subject": s, "unit": u, "window": w, "used": 0.0, "reserved": 0.0} for s, u, w in names]
    await connection.execute(insert_or_keep(connection.dialect.name, budget_counters), rows)


_UPDATE = (
    update(budget_counters)
    .where(
        budget_counters.c.subject == bindparam("of_subject"),
        budget_counters.c.unit == bindparam("of_unit"),
        budget_counters.c.window == bindparam("of_window"),
    )
    .values(used=bindparam("now_used"), reserved=bindparam("now_reserved"))
)


async def _write(connection: AsyncConnection, counters: dict[CounterName, Counter]) -> None:
    if not counters:
        return
    rows = [
        {
            "of_subject": subject,
            "of_unit": unit,
            "of_window": window,
            "now_used": state.used,
            "now_reserved": state.reserved,
        }
        for (subject, unit, window), state in sorted(counters.items())
    ]
    await connection.execute(_UPDATE, rows)

"""Reserving budgets on SQLite: one transaction on one thread, for every request with a budget waits for it.

There is one writer, so that missing counters can be made in passing and nothing need be locked in any order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from crawdad.store.budget_decisions import Counter, CounterName, Order, Shortage, counters_of, decide, lines_text

_SELECT = 'SELECT used, reserved FROM budget_counters WHERE subject = ? AND unit = ? AND "window" = ?'
_MAKE = 'INSERT INTO budget_counters (subject, unit, "window", used, reserved) VALUES (?, ?, ?, 0.0, 0.0)'
_UPDATE = 'UPDATE budget_counters SET reserved = ? WHERE subject = ? AND unit = ? AND "window" = ?'
_RESERVE = "INSERT INTO budget_reservations (id, runner, expires_at, lines, returned) VALUES (?, ?, ?, ?, 0)"


def reserve_at_once(
    connection: sqlite3.Connection, orders: Sequence[Order], runner: str, expires_at: float
) -> list[Shortage | None]:
    """See `BudgetStore.reserve`. Within a transaction."""
    counters = {name: _counter(connection, name) for name in counters_of(orders)}
    decision = decide(orders, counters)
    connection.executemany(_UPDATE, [(state.reserved, *name) for name, state in decision.changed.items()])
    rows = [(order.id, runner, expires_at, lines_text(order)) for order in decision.granted]
    connection.executemany(_RESERVE, rows)
    return decision.verdicts


def _counter(connection: sqlite3.Connection, name: CounterName) -> Counter:
    row = connection.execute(_SELECT, name).fetchone()
    if row is None:
        connection.execute(_MAKE, name)
        return Counter()
    return Counter(*row)

"""What is used and left of budgets."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.budgets import Budget, Standing, window_end, window_of
from crawdad.core.ports import RateCounter
from crawdad.store.budgets import BudgetStore, Counter

MICRO = 1_000_000
"""Rate counters count whole numbers: millionths of a dollar."""


async def standings(
    store: BudgetStore, budgets: Iterable[Budget], now: float, rates: RateCounter | None = None
) -> list[Standing]:
    """The standing of each budget in its window at `now`. Minutes are counted by `rates`: without, they are told without."""
    wanted = list(budgets)
    names = {b: (b.subject, b.unit, window_of(b.period, now)) for b in wanted if b.period != "minute"}
    counters = await store.counters(names.values())
    found = []
    for budget in wanted:
        if budget.period == "minute":
            found.append(await _of_minute(budget, now, rates))
            continue
        counter = counters.get(names[budget], Counter())
        found.append(Standing(budget, counter.used, counter.reserved, window_end(budget.period, now)))
    return found


def minute_key(budget: Budget) -> str:
    """What rate counters call the minute of a budget."""
    return f"{budget.unit}:{budget.subject}"


async def _of_minute(budget: Budget, now: float, rates: RateCounter | None) -> Standing:
    if rates is None:
        return Standing(budget, None, None, None)
    counted = await rates.look(minute_key(budget))
    if counted is None:
        return Standing(budget, 0.0, 0.0, None)
    part = MICRO if budget.unit == "usd" else 1
    return Standing(budget, counted.used / part, counted.reserved / part, float(round(now + counted.seconds)))

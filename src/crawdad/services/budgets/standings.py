"""What is used and left of budgets."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.budgets import Budget, Standing, window_end, window_of
from crawdad.store.budgets import BudgetStore, Counter


async def standings(store: BudgetStore, budgets: Iterable[Budget], now: float) -> list[Standing]:
    """The standing of each budget in its window at `now`. Those of a minute, counted elsewhere, are told without."""
    wanted = list(budgets)
    names = {b: (b.subject, b.unit, window_of(b.period, now)) for b in wanted if b.period != "minute"}
    counters = await store.counters(names.values())
    found = []
    for budget in wanted:
        if budget.period == "minute":
            found.append(Standing(budget, None, None, None))
            continue
        counter = counters.get(names[budget], Counter())
        found.append(Standing(budget, counter.used, counter.reserved, window_end(budget.period, now)))
    return found

"""What choosing an account costs: one of ten, for a conversation that has one, without sockets."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import running_on
from crawdad.app.bench.table import Row
from crawdad.core.accounts import Account
from crawdad.services.accounts.locks import State
from crawdad.services.accounts.picking import NO_STANDINGS, Standing, Wish, pick

_ACCOUNTS = 10
_GOAL = 50.0


def leasing(bench: Bench) -> Iterator[Row]:
    """One pick out of ten accounts, a third of which have to rest."""
    accounts = [
        Account(f"acc_{number}", "bench", "none", f"bench:{number}", None, 0.0, number) for number in range(_ACCOUNTS)
    ]
    standings = {
        account.id: Standing(State.LOCKED if number % 3 == 0 else State.FREE, 30.0, 50, 0.9)
        for number, account in enumerate(accounts)
    }
    wish = Wish("bench", "Balance", accounts[4].id)

    def once(known: object, count: int) -> float:
        found = standings if known else NO_STANDINGS
        began = time.perf_counter()
        for _ in range(count):
            pick(accounts, found, wish)
        return (time.perf_counter() - began) / count * 1e6

    with running_on(bench.cores.tested):
        once(True, 2000)
        costs = [once(True, 3000) for _ in range(7)]
        plain = statistics.median(once(False, 3000) for _ in range(7))
    cost = statistics.median(costs)
    yield Row(
        "picking one of ten accounts",
        f"{cost:.1f} µs",
        f"≤ {_GOAL:.0f} µs",
        cost <= _GOAL,
        f"a third of them resting, between {min(costs):.1f} and {max(costs):.1f} µs; {plain:.1f} µs while all are well",
        {"microseconds": cost, "microseconds_plain": plain},
    )

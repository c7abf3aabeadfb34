"""What each account used of the limits that the operator declared for it. In memory; seeded from the statistics.

A minute's count is of this process alone. Days and months are those of UTC, as for budgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crawdad.core.accounts import Account
from crawdad.core.budgets import BudgetPeriod
from crawdad.core.ports import Clock
from crawdad.services.accounts.quota import declared_percentage
from crawdad.store.accounts import Used

_NEVER = 86400.0
"""What is told where a limit is never whole again: ask tomorrow."""


@dataclass(slots=True)
class _Count:
    window: float
    requests: float = 0.0
    tokens: float = 0.0
    usd: float = 0.0


class DeclaredUse:
    """Counts by account and period."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, BudgetPeriod], _Count] = {}

    def add(self, account: Account, requests: int, tokens: int, usd: float) -> None:
        """Count a use of an account that has limits."""
        for period in {limit.period for limit in account.limits}:
            count = self._count(account.id, period)
            count.requests += requests
            count.tokens += tokens
            count.usd += usd

    def seed(self, period: BudgetPeriod, used: Mapping[str, Used]) -> None:
        """Take up what the statistics know of the running period; what is not yet in them was counted here."""
        for account_id, known in used.items():
            count = self._count(account_id, period)
            count.requests = max(count.requests, known.requests)
            count.tokens = max(count.tokens, known.tokens)
            count.usd = max(count.usd, known.usd)

    def left(self, account: Account) -> tuple[int, float]:
        """`(percentage left of the scarcest limit, seconds until its period ends)`."""
        scarcest, seconds = 100, 0.0
        for limit in account.limits:
            count = self._count(account.id, limit.period)
            percentage = declared_percentage(getattr(count, limit.unit), limit.limit)
            if percentage < scarcest or (percentage == scarcest == 0):
                ends = period_end(limit.period, self._clock.now())
                left = _NEVER if ends is None else ends - self._clock.now()
                scarcest, seconds = percentage, max(seconds, left) if percentage == scarcest else left
        return scarcest, seconds

    def forget(self, account_ids: Mapping[str, Account]) -> None:
        """Forget accounts that are gone."""
        for key in [key for key in self._counts if key[0] not in account_ids]:
            del self._counts[key]

    def _count(self, account_id: str, period: BudgetPeriod) -> _Count:
        begins = period_begin(period, self._clock.now())
        count = self._counts.get((account_id, period))
        if count is None or count.window < begins:
            count = self._counts[account_id, period] = _Count(begins)
        return count


def period_begin(period: BudgetPeriod, now: float) -> float:
    """When the running period began (Unix seconds)."""
    if period == "total":
        return 0.0
    if period == "minute":
        return now - now % 60
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day if period == "day" else day.replace(day=1)).timestamp()


def period_end(period: BudgetPeriod, now: float) -> float | None:
    """When it ends; None: never."""
    if period == "total":
        return None
    if period == "minute":
        return now - now % 60 + 60
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return (day + timedelta(days=1)).timestamp()
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()

"""Budgets: how much of something may be used in a span of time. Pure: whoever asks says what time it is."""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

BudgetUnit = Literal["usd", "tokens", "requests"]
BudgetPeriod = Literal["minute", "day", "month", "total"]

UNITS: tuple[BudgetUnit, ...] = ("usd", "tokens", "requests")
PERIODS: tuple[BudgetPeriod, ...] = ("minute", "day", "month", "total")
TOTAL = "total"
"""The window that never ends."""
_LATEST = 253_370_764_800.0
"""The year 9999: beyond it there is no calendar, and clocks that say so are wrong."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `limit` of `unit` in each `period`. Money is in US dollars.

    `subject` is whose it is (`key:<id>`, `account:<id>`): a key made by another key spends its maker's
    budgets too. Days and months are those of UTC.
    """

    unit: BudgetUnit
    period: BudgetPeriod
    limit: float
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each unit."""

    usd: float = 0.0
    tokens: float = 0.0
    requests: float = 0.0

    def of(self, unit: BudgetUnit) -> float:
        """How much of `unit`."""
        found: float = getattr(self, unit)
        return found


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a budget so far. `used` and `reserved` are None where nobody knows them: a minute that another
    process counts."""

    budget: Budget
    used: float | None
    reserved: float | None
    resets_at: float | None
    """When the window ends, in Unix seconds; None: never, or (a minute) it has not begun."""

    @property
    def left(self) -> float | None:
        """What may still be used; never below zero."""
        return None if self.used is None else max(0.0, self.budget.limit - self.used - (self.reserved or 0.0))


def amounts_used(outcome: str, input_tokens: int | None, output_tokens: int | None, cost: float | None) -> Amounts:
    """What an exchange spent. One that failed before anything came of it spent nothing, not even a request."""
    tokens = max(0, input_tokens or 0) + max(0, output_tokens or 0)
    dollars = cost if cost is not None and math.isfinite(cost) and cost > 0 else 0.0
    counts = outcome == "completed" or tokens > 0 or dollars > 0
    return Amounts(dollars, float(tokens), 1.0 if counts else 0.0)


def window_of(period: BudgetPeriod, now: float) -> str:
    """The name of the window at `now` (Unix seconds): `2026-11-29`, `2026-11`, `2026-11-29T08:15`, `total`."""
    if period == "total":
        return TOTAL
    moment = _moment(now)
    if period == "day":
        return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
    return f"{moment.year:04}-{moment.month:02}" if period == "month" else moment.strftime("%Y-%m-%dT%H:%M")


def window_end(period: BudgetPeriod, now: float) -> float | None:
    """When the window at `now` ends, in Unix seconds; None for the one that never does."""
    if period == "total":
        return None
    moment = _moment(now)
    if period == "minute":
        end = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    else:
        end = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        if period == "day":
            end += timedelta(days=1)
        else:
            end = end.replace(day=1) + timedelta(days=calendar.monthrange(end.year, end.month)[1])
    return end.timestamp()


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(min(max(now, 0.0), _LATEST), UTC)

"""Budgets: how much of something may be used in a span of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BudgetUnit = Literal["usd", "tokens", "requests"]
BudgetPeriod = Literal["minute", "day", "month", "total"]

UNITS: tuple[BudgetUnit, ...] = ("usd", "tokens", "requests")
PERIODS: tuple[BudgetPeriod, ...] = ("minute", "day", "month", "total")


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

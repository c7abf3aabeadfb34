"""Budgets as people write them: `5usd/day`, `$5/day`, `2M tokens/month`, `60 requests/minute`, `100usd`. Pure."""

from __future__ import annotations

import re

from crawdad.core.budgets import Budget, BudgetPeriod, BudgetUnit
from crawdad.core.errors import bad_request

_FORM = re.compile(
    r"(?P<sign>\$?)\s*(?P<number>\d{1,15}(?:\.\d{1,9})?)\s*(?P<scale>[kmb]?)\s*(?P<unit>[a-z]*)"
    r"\s*(?:(?:/|per)\s*(?P<period>[a-z]+))?",
    re.ASCII | re.IGNORECASE,
)
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_UNITS: dict[str, BudgetUnit] = {
    **dict.fromkeys(("usd", "dollar", "dollars"), "usd"),
    **dict.fromkeys(("token", "tokens", "tok"), "tokens"),
    **dict.fromkeys(("request", "requests", "req"), "requests"),
}
_PERIODS: dict[str, BudgetPeriod] = {
    **dict.fromkeys(("minute", "min"), "minute"),
    **dict.fromkeys(("day", "d"), "day"),
    **dict.fromkeys(("month", "mo"), "month"),
    "total": "total",
}


def parse_budget(text: str) -> Budget:
    """The budget that `text` says; one without a period is for good. Raises BAD_REQUEST."""
    found = _FORM.fullmatch(text.strip()[:60])
    if found is not None and len(text.strip()) <= 60:
        word = found["unit"].lower()
        scale = found["scale"].lower()
        if not word and found["sign"]:
            word = "usd"
        unit = _UNITS.get(word)
        period = _PERIODS.get((found["period"] or "total").lower())
        signed_otherwise = found["sign"] and unit != "usd"
        if unit is not None and period is not None and not signed_otherwise:
            return Budget(unit, period, float(found["number"]) * _SCALES[scale])
    raise bad_request("budgets.bad_notation", "budgets", text=text[:60])


def written(budget: Budget) -> str:
    """The notation of a budget."""
    number = f"{budget.limit:.6f}".rstrip("0").rstrip(".")
    unit = "usd" if budget.unit == "usd" else f" {budget.unit}"
    return f"{number}{unit}" + ("" if budget.period == "total" else f"/{budget.period}")

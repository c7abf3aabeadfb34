"""What is said to who has used up a budget.

Of a minute: 429, wait for the next one. Of a day, a month or for good it is a matter of money: 429 `insufficient_quota` in
OpenAI's protocols, 402 `billing_error` in Anthropic's, 429 `RESOURCE_EXHAUSTED` in Gemini's; clients that would try again at
once are told not to. Where there would be room were others not under way, trying again soon is right.
"""

from __future__ import annotations

from crawdad.core.budgets import Budget, BudgetUnit
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SOON_SECONDS = 3


def minute_spent(unit: BudgetUnit, limit: float, seconds: float) -> GatewayError:
    """The budget of this minute is used up; `seconds` until the next one."""
    wait = int(seconds) + 1
    values = {"limit": amount(limit), "unit": unit, "seconds": wait}
    return GatewayError(
        ErrorKind.RATE_LIMITED,
        Text("identity.rate_limited", values),
        {"code": "rate_limit_exceeded", "unit": unit, "period": "minute", "limit": limit},
        retry_after=wait,
    )


def spent(budget: Budget, now: float, resets_at: float | None) -> GatewayError:
    """The budget of this day or month, or the one for good, is used up."""
    values = _values(budget)
    if resets_at is None:
        text = Text("budgets.exhausted_for_good", values)
    else:
        text = Text("budgets.exhausted", {**values, "reset": moment(resets_at)})
    wait = None if resets_at is None else float(max(1, int(resets_at - now) + 1))
    return GatewayError(ErrorKind.PAYMENT, text, _details("budget_exhausted", budget, resets_at), retry_after=wait)


def reserved(budget: Budget, resets_at: float | None) -> GatewayError:
    """What is left of the budget is set aside for requests under way."""
    text = Text("budgets.reserved", _values(budget))
    details = _details("budget_reserved", budget, resets_at)
    return GatewayError(ErrorKind.RATE_LIMITED, text, details, retry_after=_SOON_SECONDS)


def unpriced(model: str) -> GatewayError:
    """A key with a money budget asked for a model whose price nobody knows."""
    text = Text("budgets.unpriced", {"model": model[:200]})
    return GatewayError(ErrorKind.FORBIDDEN, text, {"code": "unpriced_model", "param": "model"})


def amount(value: float) -> str:
    """An amount without needless digits."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))


def moment(seconds: float) -> str:
    """A moment in RFC 3339, UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _values(budget: Budget) -> dict[str, object]:
    period = Text(f"budgets.period.{budget.period}")
    return {"limit": amount(budget.limit), "unit": Text(f"budgets.unit.{budget.unit}"), "period": period}


def _details(code: str, budget: Budget, resets_at: float | None) -> dict[str, object]:
    return {
        "code": code,
        "unit": budget.unit,
        "period": budget.period,
        "limit": budget.limit,
        "resets_at": resets_at,
        "subject": budget.subject,
    }

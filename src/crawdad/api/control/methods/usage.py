"""`usage.*`: what was used, and what that cost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.statistics import Used
from crawdad.core.text import Language, Text
from crawdad.services.accounts.pool import Pool
from crawdad.services.statistics import Asked as Wanted
from crawdad.services.statistics import Statistics
from crawdad.wire.control.schema import STRING, integer, opened
from crawdad.wire.control.scopes import READ
from crawdad.wire.rate_limits import unix_time

_DAYS = 30
_MOST_DAYS = 3660


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""

    async def cost(asked: Asked) -> Any:
        return await cost_told(control.statistics, control.clock.now(), asked.params)

    async def status(asked: Asked) -> Any:
        return {"updatedAt": int(control.clock.now() * 1000), "providers": _providers(control.accounts, asked.language)}

    params = opened({"days": integer(1, _MOST_DAYS), "startDate": STRING, "endDate": STRING})
    windows = "{updatedAt, providers[{provider, displayName, windows[{label, usedPercent, resetAt?}], plan?, error?}]}"
    return [
        Method("usage.status", READ, status, opened({}), windows),
        Method("usage.cost", READ, cost, params, "{updatedAt, days, daily[{date, …}], totals}"),
    ]


async def cost_told(statistics: Statistics, at: float, params: JsonObject) -> JsonObject:
    """What each of the days cost that `params` name (`days`, or `startDate` and `endDate`), and all of them. `at` is now."""
    now = datetime.fromtimestamp(at, UTC)
    today = now.date()
    first, last = _span(params, today)
    reach = min(_MOST_DAYS, max(0, (today - first).days) + 1)
    days = await statistics.daily(reach, Wanted())
    chosen = [(day.name, day.used) for day in days if first.isoformat() <= day.name <= last.isoformat()]
    total = sum((used for _, used in chosen), Used())
    return {
        "updatedAt": int(now.timestamp() * 1000),
        "days": (last - first).days + 1,
        "daily": [{"date": name, **sums_told(used)} for name, used in chosen],
        "totals": sums_told(total),
    }


def _providers(accounts: Pool, language: Language) -> list[JsonObject]:
    """What is left of each account whose vendor says so, a window a model."""
    found = []
    for account in accounts.snapshot.accounts.values():
        quota = accounts.quotas.now(account.id)
        if quota is None:
            continue
        windows = []
        for model in quota.models:
            window: JsonObject = {"label": model.name, "usedPercent": 100 - model.percentage}
            reset = unix_time(model.reset_time)
            windows.append({**window, "resetAt": int(reset * 1000)} if reset else window)
        told: JsonObject = {"provider": account.provider, "displayName": account.label, "windows": windows}
        if quota.plan or account.plan:
            told["plan"] = quota.plan or account.plan
        if quota.forbidden:
            told["error"] = Text("control.quota_forbidden").render(language)
        found.append(told)
    return found


def _span(params: JsonObject, today: date) -> tuple[date, date]:
    """The first and the last day that is asked for."""
    last = min(today, _day(params.get("endDate")) or today)
    first = _day(params.get("startDate"))
    if first is None:
        first = date.fromordinal(max(1, last.toordinal() - int(params.get("days", _DAYS)) + 1))
    return min(first, last), last


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("control.bad_date", {"date": text[:40]})) from None


def sums_told(used: Used) -> JsonObject:
    """Costs are known as a whole: what each kind of token cost is not told apart, and stands as nothing."""
    cached = used.cache_read_tokens + used.cache_write_tokens
    return {
        "input": max(0, used.input_tokens - cached),
        "output": used.output_tokens,
        "cacheRead": used.cache_read_tokens,
        "cacheWrite": used.cache_write_tokens,
        "totalTokens": used.total_tokens,
        "totalCost": used.cost or 0.0,
        "inputCost": 0.0,
        "outputCost": 0.0,
        "cacheReadCost": 0.0,
        "cacheWriteCost": 0.0,
        "missingCostEntries": used.unpriced,
    }

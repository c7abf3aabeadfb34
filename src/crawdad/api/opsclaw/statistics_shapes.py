"""The shapes of the statistics: the contract's keys, and ours behind them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from crawdad.core.statistics import Group, Used
from crawdad.services.statistics import Period, Summary, Trend

_UNKNOWN = "unknown"


class Tokens(BaseModel):
    """Sums. Input includes cached tokens. `total_cost` is in US dollars, null where no price is known at all;
    `unpriced_requests` are those that it leaves out. `failed_requests` are counted nowhere else."""

    total_input_tokens: int
    total_output_tokens: int
    total_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    total_cost: float | None
    unpriced_requests: int
    failed_requests: int


class SummedTokens(Tokens):
    """Sums with the number of requests that were answered."""

    total_requests: int


class TokenSummary(SummedTokens):
    """Over the window asked for; beside it today, this week (from Monday), under two names, and
    all that is known."""

    unique_accounts: int
    today: SummedTokens
    week: SummedTokens
    this_week: SummedTokens
    total: SummedTokens


class PeriodTokens(Tokens):
    """One hour, day or week. `start` is its beginning in Unix seconds."""

    period: str
    start: int
    request_count: int


class AccountTokens(Tokens):
    """What was used through one account."""

    account_email: str
    account_id: str
    request_count: int


class ModelTokens(Tokens):
    """What was used on one model."""

    model: str
    request_count: int


class KeyTokens(Tokens):
    """What was used with one key."""

    key_id: str
    name: str
    request_count: int


class OwnerTokens(Tokens):
    """What was used with all keys of one owner."""

    owner: str
    request_count: int


class ModelTrend(BaseModel):
    """Tokens of one period by model."""

    period: str
    start: int
    model_data: dict[str, int]


class AccountTrend(BaseModel):
    """Tokens of one period by account."""

    period: str
    start: int
    account_data: dict[str, int]


class KeyTrend(BaseModel):
    """Tokens of one period by key."""

    period: str
    start: int
    key_data: dict[str, int]


class OwnerTrend(BaseModel):
    """Tokens of one period by owner; those without one share the empty name."""

    period: str
    start: int
    owner_data: dict[str, int]


def summary_of(summary: Summary) -> TokenSummary:
    """A summary in the contract's keys."""
    week = _summed(summary.this_week)
    return TokenSummary(
        **_tokens(summary.window),
        total_requests=summary.window.completed,
        unique_accounts=summary.accounts,
        today=_summed(summary.today),
        week=week,
        this_week=week,
        total=_summed(summary.ever),
    )


def periods_of(periods: list[Period]) -> list[PeriodTokens]:
    """Hours, days or weeks."""
    return [PeriodTokens(period=each.name, start=each.start, **_counted(each.used)) for each in periods]


def accounts_of(found: list[tuple[Group, Used]]) -> list[AccountTokens]:
    """Sums by account."""
    return [AccountTokens(account_email=group.label, account_id=group.id, **_counted(used)) for group, used in found]


def models_of(found: list[tuple[Group, Used]]) -> list[ModelTokens]:
    """Sums by model."""
    return [ModelTokens(model=group.id or _UNKNOWN, **_counted(used)) for group, used in found]


def keys_of(found: list[tuple[Group, Used]]) -> list[KeyTokens]:
    """Sums by key."""
    return [KeyTokens(key_id=group.id, name=group.label, **_counted(used)) for group, used in found]


def owners_of(found: list[tuple[Group, Used]]) -> list[OwnerTokens]:
    """Sums by owner; keys without one share the empty name."""
    return [OwnerTokens(owner=group.id, **_counted(used)) for group, used in found]


def model_trend_of(trend: list[Trend]) -> list[ModelTrend]:
    """Tokens by period and model."""
    return [
        ModelTrend(
            period=each.name,
            start=each.start,
            model_data={name or _UNKNOWN: tokens for name, tokens in each.tokens.items()},
        )
        for each in trend
    ]


def account_trend_of(trend: list[Trend]) -> list[AccountTrend]:
    """Tokens by period and account."""
    return [AccountTrend(period=each.name, start=each.start, account_data=each.tokens) for each in trend]


def key_trend_of(trend: list[Trend]) -> list[KeyTrend]:
    """Tokens by period and key."""
    return [KeyTrend(period=each.name, start=each.start, key_data=each.tokens) for each in trend]


def owner_trend_of(trend: list[Trend]) -> list[OwnerTrend]:
    """Tokens by period and owner."""
    return [OwnerTrend(period=each.name, start=each.start, owner_data=each.tokens) for each in trend]


def _tokens(used: Used) -> dict[str, Any]:
    return {
        "total_input_tokens": used.input_tokens,
        "total_output_tokens": used.output_tokens,
        "total_tokens": used.total_tokens,
        "cache_read_tokens": used.cache_read_tokens,
        "cache_write_tokens": used.cache_write_tokens,
        "reasoning_tokens": used.reasoning_tokens,
        "total_cost": used.cost,
        "unpriced_requests": used.unpriced,
        "failed_requests": used.failed,
    }


def _counted(used: Used) -> dict[str, Any]:
    return {**_tokens(used), "request_count": used.completed}


def _summed(used: Used) -> SummedTokens:
    return SummedTokens(**_tokens(used), total_requests=used.completed)

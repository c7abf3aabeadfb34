"""`/api/stats/*`: statistics of tokens. Holders of `statistics.read` see everybody's; holders of `usage.own` their own key's.

Periods are those of UTC unless the query (`timezone`, `tz`) or the settings name another zone.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.statistics_shapes import (
    AccountTokens,
    AccountTrend,
    KeyTokens,
    KeyTrend,
    ModelTokens,
    ModelTrend,
    OwnerTokens,
    OwnerTrend,
    PeriodTokens,
    TokenSummary,
    account_trend_of,
    accounts_of,
    key_trend_of,
    keys_of,
    model_trend_of,
    models_of,
    owner_trend_of,
    owners_of,
    periods_of,
    summary_of,
)
from crawdad.core.identity import Permission, Principal
from crawdad.core.statistics import Dimension
from crawdad.services.statistics import MOST_DAYS, MOST_HOURS, MOST_WEEKS, Asked, Statistics

ModelNames = Literal["requested", "resolved"]
Hours = Annotated[int, Query(ge=1, le=MOST_HOURS)]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS)]
Weeks = Annotated[int, Query(ge=1, le=MOST_WEEKS)]
Name = Annotated[str | None, Query(max_length=256)]
Zone = Annotated[str | None, Query(max_length=64)]
Asking = Callable[..., Awaitable[Asked]]

_MODELS: dict[ModelNames, Dimension] = {"requested": "model_requested", "resolved": "model_resolved"}


def statistics_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    statistics = context.statistics
    asking = _asking(context)
    _sums(router, statistics, asking)
    _periods(router, statistics, asking)
    _trends(router, statistics, asking)
    _old_names(router, statistics, asking)
    keeper = Depends(context.need(Permission.STATISTICS_MANAGE))

    @router.post("/api/stats/token/clear")
    async def clear(principal: Principal = keeper) -> Response:
        await statistics.clear()
        return Response()


def _asking(context: OpsClaw) -> Asking:
    """A dependency: whose usage is asked for, and in which zone."""
    reader = Depends(context.need(Permission.STATISTICS_READ, Permission.USAGE_OWN))

    async def asked(
        timezone: Zone = None,
        tz: Zone = None,
        key: Name = None,
        account: Name = None,
        model: Name = None,
        principal: Principal = reader,
    ) -> Asked:
        own = Permission.STATISTICS_READ not in principal.permissions
        return Asked(timezone or tz or None, principal.id if own else key or None, account or None, model or None)

    return asked


def _sums(router: APIRouter, statistics: Statistics, asking: Asking) -> None:
    Who = Annotated[Asked, Depends(asking)]

    @router.get("/api/stats/token/summary")
    async def summary(who: Who, hours: Hours = 168) -> TokenSummary:
        return summary_of(await statistics.summary(hours, who))

    @router.get("/api/stats/token/by-account")
    async def by_account(who: Who, hours: Hours = 168) -> list[AccountTokens]:
        return accounts_of(await statistics.by("account", hours, who))

    @router.get("/api/stats/token/by-model")
    async def by_model(who: Who, hours: Hours = 168, names: ModelNames = "requested") -> list[ModelTokens]:
        return models_of(await statistics.by(_MODELS[names], hours, who))

    @router.get("/api/stats/token/by-key")
    async def by_key(who: Who, hours: Hours = 168) -> list[KeyTokens]:
        return keys_of(await statistics.by("principal", hours, who))

    @router.get("/api/stats/token/by-owner")
    async def by_owner(who: Who, hours: Hours = 168) -> list[OwnerTokens]:
        return owners_of(await statistics.by("owner", hours, who))


def _periods(router: APIRouter, statistics: Statistics, asking: Asking) -> None:
    Who = Annotated[Asked, Depends(asking)]

    @router.get("/api/stats/token/hourly")
    async def hourly(who: Who, hours: Hours = 24) -> list[PeriodTokens]:
        return periods_of(await statistics.hourly(hours, who))

    @router.get("/api/stats/token/daily")
    async def daily(who: Who, days: Days = 7) -> list[PeriodTokens]:
        return periods_of(await statistics.daily(days, who))

    @router.get("/api/stats/token/weekly")
    async def weekly(who: Who, weeks: Weeks = 4) -> list[PeriodTokens]:
        return periods_of(await statistics.weekly(weeks, who))


def _trends(router: APIRouter, statistics: Statistics, asking: Asking) -> None:
    Who = Annotated[Asked, Depends(asking)]

    @router.get("/api/stats/token/model-trend/hourly")
    async def models_hourly(who: Who, hours: Hours = 24, names: ModelNames = "requested") -> list[ModelTrend]:
        return model_trend_of(await statistics.trend("hour", hours, _MODELS[names], who))

    @router.get("/api/stats/token/model-trend/daily")
    async def models_daily(who: Who, days: Days = 7, names: ModelNames = "requested") -> list[ModelTrend]:
        return model_trend_of(await statistics.trend("day", days, _MODELS[names], who))

    @router.get("/api/stats/token/account-trend/hourly")
    async def accounts_hourly(who: Who, hours: Hours = 24) -> list[AccountTrend]:
        return account_trend_of(await statistics.trend("hour", hours, "account", who))

    @router.get("/api/stats/token/account-trend/daily")
    async def accounts_daily(who: Who, days: Days = 7) -> list[AccountTrend]:
        return account_trend_of(await statistics.trend("day", days, "account", who))

    @router.get("/api/stats/token/key-trend/hourly")
    async def keys_hourly(who: Who, hours: Hours = 24) -> list[KeyTrend]:
        return key_trend_of(await statistics.trend("hour", hours, "principal", who))

    @router.get("/api/stats/token/key-trend/daily")
    async def keys_daily(who: Who, days: Days = 7) -> list[KeyTrend]:
        return key_trend_of(await statistics.trend("day", days, "principal", who))

    @router.get("/api/stats/token/owner-trend/hourly")
    async def owners_hourly(who: Who, hours: Hours = 24) -> list[OwnerTrend]:
        return owner_trend_of(await statistics.trend("hour", hours, "owner", who))

    @router.get("/api/stats/token/owner-trend/daily")
    async def owners_daily(who: Who, days: Days = 7) -> list[OwnerTrend]:
        return owner_trend_of(await statistics.trend("day", days, "owner", who))


def _old_names(router: APIRouter, statistics: Statistics, asking: Asking) -> None:
    """What older clients call them; their one parameter counts hours, days or weeks."""
    Who = Annotated[Asked, Depends(asking)]

    @router.get("/api/stats/summary")
    async def old_summary(who: Who, range: Hours = 24) -> TokenSummary:
        return summary_of(await statistics.summary(range, who))

    @router.get("/api/stats/hourly")
    async def old_hourly(who: Who, range: Hours = 24) -> list[PeriodTokens]:
        return periods_of(await statistics.hourly(range, who))

    @router.get("/api/stats/daily")
    async def old_daily(who: Who, range: Days = 24) -> list[PeriodTokens]:
        return periods_of(await statistics.daily(range, who))

    @router.get("/api/stats/weekly")
    async def old_weekly(who: Who, range: Weeks = 24) -> list[PeriodTokens]:
        return periods_of(await statistics.weekly(range, who))

    @router.get("/api/stats/accounts")
    async def old_accounts(who: Who, range: Hours = 24) -> list[AccountTokens]:
        return accounts_of(await statistics.by("account", range, who))

    @router.get("/api/stats/models")
    async def old_models(who: Who, range: Hours = 24) -> list[ModelTokens]:
        return models_of(await statistics.by("model_requested", range, who))

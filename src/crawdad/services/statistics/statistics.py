"""Statistics of usage: sums, and series by local hours, days and weeks, for everybody or for one key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo
from typing import NamedTuple

from crawdad.core.errors import GatewayError
from crawdad.core.local_time import Offset, offsets
from crawdad.core.ports import Clock
from crawdad.core.statistics import Dimension, Grain, Group, Used
from crawdad.services.statistics.calendar import (
    day_of,
    day_start,
    hour_name,
    hour_start,
    local_day,
    week_name,
    week_start,
    zone_of,
)
from crawdad.store.retention import QUARTERS_KEPT_DAYS
from crawdad.store.usage import DAY, HOUR, QUARTER
from crawdad.store.usage_queries import UsageFilter, UsageLog

MOST_HOURS = 24 * 366 * 10
MOST_DAYS = 366 * 10
MOST_WEEKS = 52 * 10


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose usage: narrowed to a principal, an account (id or label) or a model; in which zone (None: the configured one)."""

    timezone: str | None = None
    principal_id: str | None = None
    account: str | None = None
    model: str | None = None


class Period(NamedTuple):
    """What was used in one local hour, day or week. `start` is in Unix seconds."""

    name: str
    start: int
    used: Used


class Trend(NamedTuple):
    """Tokens of one local hour or day by what they were used on or through."""

    name: str
    start: int
    tokens: dict[str, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """Sums over a number of hours, today, this week, and ever; and how many accounts were used in those hours."""

    window: Used
    accounts: int
    today: Used
    this_week: Used
    ever: Used


class Statistics:
    """Questions about usage. `timezone` is the zone for those who name none; `settle` has what ended just now counted."""

    def __init__(
        self, usage: UsageLog, clock: Clock, timezone: Callable[[], str], settle: Callable[[], Awaitable[None]]
    ) -> None:
        self._usage = usage
        self._clock = clock
        self._timezone = timezone
        self._settle = settle

    async def clear(self) -> None:
        """Forget all usage; the log stays."""
        await self._settle()
        await self._usage.clear(self._clock.now())

    async def summary(self, hours: int, asked: Asked) -> Summary:
        """The sums; the window reaches back so many hours, and takes in the whole of its first."""
        zone, now = await self._begin(asked)
        today = local_day(now, zone)
        window = self._wanted(hour_start(now - hours * HOUR, zone), asked)
        accounts = [group for group, used in await self._usage.by("account", window) if _told(used) and group.id]
        return Summary(
            await self._usage.total(window),
            len(accounts),
            await self._usage.total(self._wanted(day_start(today, zone), asked)),
            await self._usage.total(self._wanted(day_start(week_start(today), zone), asked)),
            await self._usage.total(self._wanted(0, asked)),
        )

    async def by(self, dimension: Dimension, hours: int, asked: Asked) -> list[tuple[Group, Used]]:
        """Sums apart by a dimension over so many hours, those with the most tokens first."""
        zone, now = await self._begin(asked)
        since = hour_start(now - hours * HOUR, zone)
        found = await self._usage.by(dimension, self._wanted(since, asked))
        return [(group, used) for group, used in found if _told(used)]

    async def hourly(self, hours: int, asked: Asked) -> list[Period]:
        """By local hour, back to the one of so many hours ago."""
        zone, now = await self._begin(asked)
        since = hour_start(now - hours * HOUR, zone)
        found = await self._usage.over_time("hour", _local(zone, since, now), self._wanted(since, asked))
        return [Period(hour_name(start, zone), start, used) for start, used in found if _told(used)]

    async def daily(self, days: int, asked: Asked) -> list[Period]:
        """By local day, back to the one of so many days ago."""
        zone, now = await self._begin(asked)
        found = await self._days(local_day(now - days * DAY, zone), zone, now, asked)
        return [Period(day.isoformat(), day_start(day, zone), used) for day, used in found if _told(used)]

    async def weekly(self, weeks: int, asked: Asked) -> list[Period]:
        """By local week, back to the one of so many weeks ago."""
        zone, now = await self._begin(asked)
        found: dict[str, Period] = {}
        for day, used in await self._days(week_start(local_day(now - weeks * 7 * DAY, zone)), zone, now, asked):
            name = week_name(day)
            week = found.get(name) or Period(name, day_start(max(week_start(day), date(day.year, 1, 1)), zone), Used())
            found[name] = week._replace(used=week.used + used)
        return [week for week in found.values() if _told(week.used)]

    async def trend(self, grain: Grain, count: int, dimension: Dimension, asked: Asked) -> list[Trend]:
        """Tokens by local hour or day, apart by a dimension, back to the period of so many hours or days ago."""
        zone, now = await self._begin(asked)
        since = (
            hour_start(now - count * HOUR, zone)
            if grain == "hour"
            else day_start(local_day(now - count * DAY, zone), zone)
        )
        wanted = self._wanted(since, asked)
        found: dict[int, Trend] = {}
        for number, group, tokens in await self._usage.trend(grain, dimension, _local(zone, since, now), wanted):
            period = found.get(number)
            if period is None:
                start = number if grain == "hour" else day_start(day_of(number), zone)
                name = hour_name(start, zone) if grain == "hour" else day_of(number).isoformat()
                period = found[number] = Trend(name, start, {})
            period.tokens[group.label] = period.tokens.get(group.label, 0) + tokens
        return list(found.values())

    async def _days(self, first: date, zone: tzinfo, now: float, asked: Asked) -> list[tuple[date, Used]]:
        since = day_start(first, zone)
        found = await self._usage.over_time("day", _local(zone, since, now), self._wanted(since, asked))
        return [(day_of(number), used) for number, used in found]

    async def _begin(self, asked: Asked) -> tuple[tzinfo, float]:
        """The zone, and now."""
        zone = zone_of(asked.timezone) if asked.timezone else self._configured()
        await self._settle()
        return zone, self._clock.now()

    def _configured(self) -> tzinfo:
        """A zone that this machine does not know must not hide the statistics from those who ask for none."""
        try:
            return zone_of(self._timezone())
        except GatewayError:
            return UTC

    def _wanted(self, since: int, asked: Asked) -> UsageFilter:
        recent = since >= self._clock.now() - (QUARTERS_KEPT_DAYS - 1) * DAY
        narrow = UsageFilter(since, None, asked.principal_id, asked.account, asked.model)
        return replace(narrow, finest=QUARTER if recent else HOUR)


def _local(zone: tzinfo, since: int, now: float) -> tuple[Offset, ...]:
    return offsets(zone, since, int(now) + DAY)


def _told(used: Used) -> bool:
    """Whether there is anything to tell: requests that all failed used nothing."""
    return used.completed > 0 or used.total_tokens > 0

"""Cron expressions: five fields, or six with seconds in front. Pure.

Of local times that the clocks skip, one comes at the moment of the change; of those that come twice, the first counts. With
`*` for the hour a job goes by time that passes instead, so that an hour which comes twice has its runs twice.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_HORIZON_DAYS = 41 * 366
"""29 February on one weekday comes back after 40 years at the latest."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class CronExpression:
    """A parsed expression. Days are chosen by `days` (of the month), `weekdays` (0: Sunday) and what counts from an end:
    `from_last` (0: the last day), `nearest` (the working day nearest to that one), `nth` ((weekday, n), -1: the last)."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    from_last: frozenset[int]
    nearest: frozenset[int]
    nth: frozenset[tuple[int, int]]
    any_hour: bool
    any_day: bool
    any_weekday: bool
    full_hour: bool
    """Whether it comes at minute 0 of hours that a `*` chose: such jobs are spread."""

    def next_after(self, moment: int, zone: tzinfo) -> int | None:
        """The first time after `moment` (Unix seconds), None when there is none for 40 years."""
        return self._passing(moment, zone) if self.any_hour else self._fixed(moment, zone)

    def falls_on(self, day: date) -> bool:
        """Whether it comes on that day."""
        if day.month not in self.months:
            return False
        by_day = self._by_day(day)
        by_weekday = self._by_weekday(day)
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def _by_day(self, day: date) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        if day.day in self.days or last - day.day in self.from_last:
            return True
        return any(_nearest_working_day(day, wanted or last, last) == day.day for wanted in self.nearest)

    def _by_weekday(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        if weekday in self.weekdays:
            return True
        last = calendar.monthrange(day.year, day.month)[1]
        return (weekday, (day.day - 1) // 7 + 1) in self.nth or (day.day + 7 > last and (weekday, -1) in self.nth)

    def _days(self, first: date) -> Iterator[date]:
        for ahead in range(_HORIZON_DAYS):
            try:
                day = first + timedelta(days=ahead)
            except OverflowError:
                return
            if self.falls_on(day):
                yield day

    def _fixed(self, moment: int, zone: tzinfo) -> int | None:
        """By the clock on the wall."""
        local = _local(moment, zone)
        for day in self._days(local.date()):
            today = day == local.date()
            for hour in self.hours:
                for minute in self.minutes:
                    if today and (hour, minute) < (local.hour, local.minute):
                        continue
                    for second in self.seconds:
                        found = _moment(datetime(day.year, day.month, day.day, hour, minute, second), zone)  # noqa: DTZ001
                        if found > moment:
                            return found
        return None

    def _passing(self, moment: int, zone: tzinfo) -> int | None:
        """By the time that passes: every hour of a day that counts, however often it comes."""
        now = moment + 1
        for day in self._days(_local(now, zone).date()):
            now = max(now, _moment(datetime(day.year, day.month, day.day), zone))  # noqa: DTZ001
            while True:
                local = _local(now, zone)
                if local.date() != day:
                    break
                if local.minute not in self.minutes:
                    now += 60 - local.second
                elif local.second not in self.seconds:
                    now += 1
                else:
                    return now
        return None


def parse(text: str) -> CronExpression:
    """Read an expression. Raises ValueError with the field at fault."""
    if len(text) > _LONGEST:
        raise ValueError(text[:40])
    fields = _MACROS.get(text.strip().lower(), text).lower().split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise ValueError(text)
    second, minute, hour, day, month, weekday = fields
    days, from_last, nearest = _month_days(day)
    weekdays, nth = _week_days(weekday)
    return CronExpression(
        seconds=tuple(sorted(_values(second, 0, 59))),
        minutes=tuple(sorted(_values(minute, 0, 59))),
        hours=tuple(sorted(_values(hour, 0, 23))),
        days=days,
        months=frozenset(_values(month, 1, 12, _MONTHS, 1)),
        weekdays=weekdays,
        from_last=from_last,
        nearest=nearest,
        nth=nth,
        any_hour=hour in ("*", "?", "*/1"),
        any_day=day.startswith(("*", "?")),
        any_weekday=weekday.startswith(("*", "?")),
        full_hour=second == "0" and minute == "0" and "*" in hour,
    )


def _values(text: str, low: int, high: int, names: list[str] | None = None, offset: int = 0) -> set[int]:
    """The numbers that a list of numbers, ranges and steps names."""
    found: set[int] = set()
    for entry in text.split(","):
        span, slash, step_text = entry.partition("/")
        step = _number(step_text, 1, high or 1) if slash else 1
        if span in ("*", "?"):
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _named(start, low, high, names, offset)
            last = _named(end, low, high, names, offset) if dash else (high if slash else first)
        if last < first:  # over the turn of the day, the week or the year
            found.update(
                (first + k - low) % (high - low + 1) + low for k in range(0, high - first + last - low + 2, step)
            )
        else:
            found.update(range(first, last + 1, step))
    return found


def _month_days(text: str) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    days: set[int] = set()
    from_last: set[int] = set()
    nearest: set[int] = set()
    for entry in text.split(","):
        if entry == "l":
            from_last.add(0)
        elif entry.startswith("l-"):
            from_last.add(_number(entry[2:], 1, 30))
        elif entry == "lw":
            nearest.add(0)
        elif entry.endswith("w"):
            nearest.add(_number(entry[:-1], 1, 31))
        else:
            days |= _values(entry, 1, 31)
    return frozenset(days), frozenset(from_last), frozenset(nearest)


def _week_days(text: str) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    days: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for entry in text.split(","):
        name, hash_sign, place = entry.partition("#")
        if hash_sign:
            nth.add((_named(name, 0, 7, _WEEKDAYS, 0) % 7, -1 if place == "l" else _number(place, 1, 5)))
        elif len(entry) > 1 and entry.endswith("l"):
            nth.add((_named(entry[:-1], 0, 7, _WEEKDAYS, 0) % 7, -1))
        elif entry == "l":
            days.add(6)
        elif entry.partition("/")[0] in ("*", "?"):
            days |= _values(entry, 0, 6)
        else:
            days |= {day % 7 for day in _values(entry, 0, 7, _WEEKDAYS, 0)}
    return frozenset(days), frozenset(nth)


def _named(text: str, low: int, high: int, names: list[str] | None, offset: int) -> int:
    if names is not None and text[:3] in names and text.isalpha():
        return names.index(text[:3]) + offset
    return _number(text, low, high)


def _number(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and low <= int(text) <= high):
        raise ValueError(text)
    return int(text)


def _nearest_working_day(day: date, wanted: int, last: int) -> int | None:
    """The working day nearest to the `wanted` one within the month."""
    if wanted > last:
        return None
    weekday = day.replace(day=wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 7:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _local(moment: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)


def _offset(moment: int, zone: tzinfo) -> int:
    found = _local(moment, zone).utcoffset()
    return 0 if found is None else int(found.total_seconds())


def _moment(naive: datetime, zone: tzinfo) -> int:
    """When a local time is: the first time that it comes; the change of the clocks where it does not."""
    found = int(naive.replace(tzinfo=zone, fold=0).timestamp())
    if _local(found, zone).replace(tzinfo=None) == naive:
        return found
    before, after = int(naive.replace(tzinfo=zone, fold=1).timestamp()), found
    new = _offset(after, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == new:
            after = middle
        else:
            before = middle
    return after

"""Cron expressions: fields, names, ends of months, and the changes of the clocks."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawdad.core.cron import Every, Expression
from crawdad.services.schedule.expression import parse
from crawdad.services.schedule.planning import next_time, shortest_interval
from crawdad.services.schedule.zones import zones

ZONE_OF = zones(ZoneInfo("UTC"), lambda: None)


def times(text: str, begin: str, count: int = 3, zone: str = "UTC") -> list[str]:
    where, expression = ZoneInfo(zone), parse(text)
    moment = int(datetime.fromisoformat(begin).replace(tzinfo=where).timestamp())
    found = []
    for _ in range(count):
        following = expression.next_after(moment, where)
        if following is None:
            break
        assert following > moment
        moment = following
        found.append(datetime.fromtimestamp(moment, UTC).astimezone(where).strftime("%Y-%m-%d %H:%M:%S%z")[:19])
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("*/20 * * * *", ["2026-01-01 00:20:00", "2026-01-01 00:40:00"]),
        ("*/20 * * * * *", ["2026-01-01 00:00:20", "2026-01-01 00:00:40"]),
        ("30 8 * * 1-5", ["2026-01-01 08:30:00", "2026-01-02 08:30:00", "2026-01-05 08:30:00"]),
        ("0 0 * * mon,sunday", ["2026-01-04 00:00:00", "2026-01-05 00:00:00"]),
        ("0 0 * * 7", ["2026-01-04 00:00:00"]),
        ("0 0 * * fri-mon", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("0 22-2 * * *", ["2026-01-01 01:00:00", "2026-01-01 02:00:00", "2026-01-01 22:00:00"]),
        ("0 0 1 jan,jul *", ["2026-07-01 00:00:00", "2027-01-01 00:00:00"]),
        ("0 0 13 * 5", ["2026-01-02 00:00:00", "2026-01-09 00:00:00", "2026-01-13 00:00:00"]),
        ("0 0 L * *", ["2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"]),
        ("0 0 L-2 * *", ["2026-01-29 00:00:00", "2026-02-26 00:00:00"]),
        ("0 0 15W * *", ["2026-01-15 00:00:00", "2026-02-16 00:00:00", "2026-03-16 00:00:00"]),
        ("0 0 LW * *", ["2026-01-30 00:00:00", "2026-02-27 00:00:00"]),
        ("0 0 * * fri#2", ["2026-01-09 00:00:00", "2026-02-13 00:00:00"]),
        ("0 0 * * 5L", ["2026-01-30 00:00:00", "2026-02-27 00:00:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
        ("0 0 31 2 *", []),
        ("@daily", ["2026-01-02 00:00:00"]),
    ],
)
def test_times(text: str, wanted: list[str]) -> None:
    assert times(text, "2026-01-01", max(len(wanted), 1)) == wanted


@pytest.mark.parametrize(
    ("text", "zone", "begin", "wanted"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29 03:00:00", "2026-03-30 02:30:00"]),
        ("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29 03:00:00", "2026-03-30 02:00:00"]),
        ("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29 03:00:00", "2026-03-30 02:00:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25 02:30:00", "2026-10-26 02:30:00"]),
        ("0 * * * *", "Europe/Berlin", "2026-10-25T01:30", ["2026-10-25 02:00:00", "2026-10-25 02:00:00"]),
        ("30 0 * * *", "Africa/Cairo", "2026-04-23T12:00", ["2026-04-24 01:00:00", "2026-04-25 00:30:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["2026-10-04 02:30:00", "2026-10-05 02:15:00"]),
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-01", ["2011-12-31 00:00:00", "2012-12-30 12:00:00"]),
    ],
)
def test_changes_of_the_clocks(text: str, zone: str, begin: str, wanted: list[str]) -> None:
    assert times(text, begin, len(wanted), zone) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "a * * * *",
        "1-2-3 * * * *",
        "1,, * * * *",
        "* * * foo *",
        "* * * * fri#6",
        "* * 32W * *",
        "- * * * *",
        "² * * * *",
        "1" * 300,
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="0123456789*/,-LW#? monfrijan@", max_size=30))
def test_whatever_comes_is_an_expression_or_not(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse(text).next_after(1_767_225_600, ZoneInfo("Europe/Berlin"))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["*/7 * * * *", "0 */5 * * *", "30 1-3 * * *", "5 4 * * 0", "0 2 1 * *", "15 2 * * *", "*/30 2 * * *"]
    ),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Santiago"]),
    st.integers(1_700_000_000, 1_900_000_000),
)
def test_each_time_is_the_first_after_any_moment_before_it(text: str, zone: str, begin: int) -> None:
    where, expression = ZoneInfo(zone), parse(text)
    found = expression.next_after(begin, where)
    assert found is not None and found > begin
    for between in {begin, (begin + found) // 2, found - 1}:
        assert expression.next_after(between, where) == found
    following = expression.next_after(found, where)
    assert following is not None and following > found


def test_jobs_at_the_full_hour_are_spread_and_stay_where_they_are() -> None:
    begin = int(datetime(2026, 1, 1, 0, 30, tzinfo=UTC).timestamp() * 1000)
    hour = begin + int(timedelta(minutes=30).total_seconds() * 1000)
    offsets = {next_time(f"job{n}", Expression("0 * * * *"), begin, ZONE_OF) or 0 for n in range(50)}
    assert len(offsets) > 20 and all(hour <= each < hour + 300_000 for each in offsets)
    one = next_time("job1", Expression("0 * * * *"), begin, ZONE_OF)
    assert one is not None and next_time("job1", Expression("0 * * * *"), one, ZONE_OF) == one + 3_600_000
    assert next_time("job1", Expression("0 * * * *", None, 0), begin, ZONE_OF) == hour
    assert next_time("job1", Expression("0 9 * * *"), begin, ZONE_OF) == hour + 8 * 3_600_000, "one hour is not spread"


def test_the_shortest_interval_is_found() -> None:
    assert shortest_interval(Expression("0,1 9 * * *"), 0, ZONE_OF) == 60_000
    assert shortest_interval(Every(5, 0), 0, ZONE_OF) == 5

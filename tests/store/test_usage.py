"""Usage is counted once, whatever happens, and sums are right in any window and zone."""

from __future__ import annotations

import itertools
import random
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from crawdad.core.exchange import Exchange
from crawdad.core.local_time import offsets
from crawdad.core.statistics import Used
from crawdad.core.usage import Usage
from crawdad.services.statistics.calendar import hour_name
from crawdad.store.database import Database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.records import pack
from crawdad.store.retention import Kept, apply_retention
from crawdad.store.tables import usage_buckets
from crawdad.store.usage import DAY, HOUR, QUARTER, SPANS, clear_usage, count_older, count_usage, delete_usage
from crawdad.store.usage_queries import UsageFilter, UsageLog, cover
from tests.store.samples import MORNING, exchange


def at(words: str) -> float:
    return datetime.fromisoformat(words).timestamp()


def day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def used(number: int, moment: str | float = MORNING, read: int = 10, written: int = 1, **fields: Any) -> Exchange:
    moment = at(moment) if isinstance(moment, str) else moment
    return exchange(number, started_at=moment, usage=Usage(read, written), **fields)


async def kept(database: Database, *exchanges: Exchange) -> UsageLog:
    await ExchangeLog(database, [count_usage]).insert([pack(one) for one in exchanges])
    return UsageLog(database)


async def test_all_that_an_exchange_used_is_counted(database: Database) -> None:
    usage = Usage(100, 20, cache_read_tokens=60, cache_write_tokens=5, reasoning_tokens=7)
    log = await kept(
        database,
        exchange(1, usage=usage, cost=0.5),
        exchange(2, usage=usage, cost=None),
        exchange(3, usage=Usage(), cost=None, outcome="failed", status=502),
        exchange(4, usage=Usage(9, None), cost=None, outcome="cancelled", status=499),
    )
    assert await log.total(UsageFilter()) == Used(4, 2, 209, 40, 120, 10, 14, 0.5, priced=1, unpriced=2)


async def test_what_is_told_of_nobody_is_not_counted(database: Database) -> None:
    log = await kept(database, used(1, principal_id=""))
    assert await log.total(UsageFilter()) == Used()


async def test_where_no_price_is_known_there_is_no_cost(database: Database) -> None:
    log = await kept(database, used(1, cost=None), used(2, cost=None))
    assert (await log.total(UsageFilter())).cost is None


async def test_an_exchange_that_comes_again_is_not_counted_again(database: Database) -> None:
    log = await kept(database, used(1), used(2), used(2), used(3))
    await kept(database, used(1), used(3), used(3, read=1000), used(4), used(4))
    assert (await log.total(UsageFilter())).requests == 4
    assert (await log.total(UsageFilter())).input_tokens == 40
    assert (await ExchangeLog(database).totals()).exchanges == 4


async def test_a_batch_that_fails_counts_nothing(database: Database) -> None:
    async def refuse(*_: Any) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await ExchangeLog(database, [count_usage, refuse]).insert([pack(used(1))])
    assert (await UsageLog(database).total(UsageFilter())).requests == 0
    assert (await ExchangeLog(database).totals()).exchanges == 0
    log = await kept(database, used(1))
    assert (await log.total(UsageFilter())).requests == 1


async def test_it_is_told_apart_by_what_it_was_used_on(database: Database) -> None:
    log = await kept(
        database,
        used(
            1, account="a1", account_label="main@example.org", principal_id="k1", principal_name="laptop", owner="ann"
        ),
        used(
            2,
            account="a1",
            account_label="main@example.org",
            principal_id="k2",
            principal_name="ci",
            owner="ann",
            read=20,
        ),
        used(
            3,
            account="",
            account_label="",
            principal_id="k1",
            provider="ollama",
            model_requested="llama",
            model_resolved="ollama/l3",
            read=500,
        ),
    )
    wanted = UsageFilter()
    by_account = [(group, used.input_tokens) for group, used in await log.by("account", wanted)]
    assert by_account == [(("ollama", "ollama"), 500), (("a1", "main@example.org"), 30)]
    assert [(g.label, u.requests) for g, u in await log.by("principal", wanted)] == [("laptop", 2), ("ci", 1)]
    assert {g.id: u.requests for g, u in await log.by("owner", wanted)} == {"ann": 2, "": 1}
    assert [g.id for g, _ in await log.by("model_requested", wanted)] == ["llama", "gpt-5"]
    assert [g.id for g, _ in await log.by("model_resolved", wanted)] == ["ollama/l3", "openai/gpt-5"]
    assert (await log.total(UsageFilter(principal_id="k2"))).input_tokens == 20
    assert (await log.total(UsageFilter(account="main@example.org"))).input_tokens == 30
    assert (await log.total(UsageFilter(model="ollama/l3"))).input_tokens == 500
    assert (await log.total(UsageFilter(model="gpt-5", principal_id="k1"))).requests == 1


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Asia/Shanghai", "2026-10-25", 24),
        ("Asia/Kolkata", "2026-10-25", 24),
        ("Asia/Kathmandu", "2026-10-25", 24),
        ("Australia/Lord_Howe", "2026-04-05", 25),  # set back by half an hour: 24.5 h, the half hour stands by itself
        ("UTC", "2026-10-25", 24),
    ],
)
async def test_local_days_have_their_own_hours(database: Database, zone: str, day: str, hours: int) -> None:
    """One exchange a quarter of an hour over three local days."""
    local = ZoneInfo(zone)
    middle = datetime.fromisoformat(day).replace(tzinfo=local)
    begin = int(middle.timestamp())
    end = int(datetime.fromordinal(middle.toordinal() + 1).replace(tzinfo=local).timestamp())
    moments = range(begin - DAY, end + DAY, QUARTER)
    log = await kept(database, *(used(number, float(moment + 7)) for number, moment in enumerate(moments)))
    changes = offsets(local, begin - DAY, end + DAY)
    number = day_number(date.fromisoformat(day))
    days = dict(await log.over_time("day", changes, UsageFilter(begin - DAY)))
    assert days[number].requests == (end - begin) // QUARTER
    found = [start for start, _ in await log.over_time("hour", changes, UsageFilter(begin, end))]
    assert len(found) == len(set(found)) == hours
    assert found == sorted(found) and found[0] == begin
    assert [hour_name(start, local)[11:13] for start in found] == sorted(
        hour_name(start, local)[11:13] for start in found
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu"])
async def test_every_window_in_every_zone_sums_up_to_what_was_used(database: Database, zone: str) -> None:
    chance = random.Random(zone)
    first = at("2026-10-20T00:00:00+00:00")
    moments = [first + chance.random() * 20 * DAY for _ in range(400)]
    log = await kept(database, *(used(number, moment, read=number) for number, moment in enumerate(moments)))
    local = ZoneInfo(zone)
    changes = offsets(local, int(first), int(first + 21 * DAY))
    expected: dict[int, int] = {}
    for number, moment in enumerate(moments):
        day = day_number(datetime.fromtimestamp(moment, local).date())
        expected[day] = expected.get(day, 0) + number
    days = await log.over_time("day", changes, UsageFilter(int(first)))
    assert {day: found.input_tokens for day, found in days} == expected
    hours = await log.over_time("hour", changes, UsageFilter(int(first)))
    assert sum(found.input_tokens for _, found in hours) == sum(range(400))
    trend = await log.trend("day", "model_requested", changes, UsageFilter(int(first)))
    assert sum(tokens for _, _, tokens in trend) == sum(range(400)) + 400
    for _ in range(20):
        since, until = sorted(int(first + chance.random() * 20 * DAY) // QUARTER * QUARTER for _ in range(2))
        wanted = sum(number for number, moment in enumerate(moments) if since <= moment < until)
        if until > since:
            assert (await log.total(UsageFilter(since, until))).input_tokens == wanted


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_window_is_covered_without_gap_or_overlap(first: int, length: int) -> None:
    since, until = first * QUARTER, (first + length) * QUARTER
    pieces = cover(since, until, (DAY, HOUR, QUARTER))
    assert pieces[0].since == since and pieces[-1].until == until and len(pieces) <= 5
    for piece, following in itertools.pairwise(pieces):
        assert piece.until == following.since
    assert all(each.since % each.span == 0 == each.until % each.span and each.since < each.until for each in pieces)


async def test_older_exchanges_are_counted_once(database: Database) -> None:
    """As an installation finds them that was there before usage was counted."""
    await ExchangeLog(database).insert(
        [pack(used(number, status=500 if number < 10 else 200)) for number in range(2500)]
    )
    async with database.write() as connection:
        await connection.execute(text("UPDATE exchanges SET sequence = 0"))
        await connection.execute(text("UPDATE exchange_totals SET exchanges = 0, errors = 0, stored_bytes = 0"))
    await kept(database, used(9000))
    rounds = []
    while found := await count_older(database):
        rounds.append(found)
        await kept(database, used(9000 + len(rounds)))
    assert sum(rounds) == 2500 and len(rounds) > 1
    total = await UsageLog(database).total(UsageFilter())
    assert total.requests == 2501 + len(rounds) == await ExchangeLog(database).count()
    totals = await ExchangeLog(database).totals()
    async with database.read() as connection:
        size = (await connection.execute(text("SELECT sum(stored_bytes) FROM exchanges"))).scalar_one()
    assert (totals.exchanges, totals.errors, totals.stored_bytes) == (total.requests, 10, int(size))


async def test_usage_that_was_cleared_is_not_counted_later(database: Database) -> None:
    await ExchangeLog(database).insert([pack(used(number)) for number in range(5)])
    async with database.write() as connection:
        await connection.execute(text("UPDATE exchanges SET sequence = 0"))
    await clear_usage(database, MORNING + 100)
    assert await count_older(database) == 5
    assert (await UsageLog(database).total(UsageFilter())).requests == 0


async def test_clearing_usage_leaves_the_log(database: Database) -> None:
    log = await kept(database, used(1), used(2))
    await clear_usage(database, MORNING)
    assert await log.total(UsageFilter()) == Used()
    assert await ExchangeLog(database).count() == 2
    await kept(database, used(3))
    assert (await log.total(UsageFilter())).requests == 1


async def test_clearing_the_log_leaves_usage(database: Database) -> None:
    log = await kept(database, used(1), used(2))
    store = ExchangeLog(database)
    newest = await store.last_number()
    await store.clear()
    assert await store.count() == 0 and (await store.totals()).stored_bytes == 0
    assert (await log.total(UsageFilter())).requests == 2
    await kept(database, used(3))
    assert await store.last_number() > newest, "numbers go on, so that followers miss nothing"


async def test_retention_forgets_usage_by_its_span(database: Database) -> None:
    now = MORNING + 800 * DAY
    moments = [now - days * DAY for days in (1, 50, 200, 700, 790)]
    await kept(database, *(used(number, moment) for number, moment in enumerate(moments)))
    removed = await apply_retention(database, now, Kept(30, 100))
    assert removed.buckets == 3 + 1 + 1
    async with database.read() as connection:
        query = select(usage_buckets.c.span, func.sum(usage_buckets.c.requests)).group_by(usage_buckets.c.span)
        found = {row[0]: int(row[1]) for row in await connection.execute(query)}
    assert found == {QUARTER: 2, HOUR: 4, DAY: 4}
    assert await delete_usage(database, DAY, now) == 4


async def test_totals_follow_what_retention_removes(database: Database) -> None:
    log = ExchangeLog(database)
    await log.insert([pack(exchange(number, status=(200, 429, 302, 199)[number % 4])) for number in range(100)])
    await log.delete_before(MORNING + 51)
    totals = await log.totals()
    assert (totals.exchanges, totals.errors) == (49, 25)
    assert totals.exchanges == len((await log.page(limit=1000)).exchanges)
    await log.delete_beyond(0)
    assert (await log.totals()).stored_bytes == 0


def test_spans_go_into_each_other() -> None:
    assert [longer % shorter for shorter, longer in itertools.pairwise(SPANS)] == [0, 0]

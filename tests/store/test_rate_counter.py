"""Rate counters: never more than the limit in a window, however many count."""

from __future__ import annotations

import asyncio

import pytest

from tests.store.clusters import Pair


async def test_many_at_once_get_the_limit_exactly(clusters: Pair) -> None:
    both = (clusters.here.rates, clusters.there.rates)
    answers = await asyncio.gather(*(both[number % 2].add("key_1", 1, 30) for number in range(100)))
    assert sum(counted for counted, _ in answers) == 30


async def test_the_window_ends_a_minute_after_its_first_count(clusters: Pair) -> None:
    rates = clusters.here.rates
    counted, left = await rates.add("key_1", 1, 2)
    assert counted and left == pytest.approx(60, abs=1)
    await clusters.pass_time(40)
    counted, left = await rates.add("key_1", 1, 2)
    assert counted and left == pytest.approx(20, abs=1)
    counted, left = await rates.add("key_1", 1, 2)
    assert not counted and left == pytest.approx(20, abs=1)
    await clusters.pass_time(21)
    counted, left = await rates.add("key_1", 1, 2)
    assert counted and left == pytest.approx(60, abs=1)


async def test_what_does_not_fit_is_not_counted(clusters: Pair) -> None:
    rates = clusters.here.rates
    assert (await rates.add("tokens", 8_000, 10_000))[0]
    assert not (await rates.add("tokens", 3_000, 10_000))[0]
    assert (await rates.add("tokens", 2_000, 10_000))[0]
    assert (await rates.add("tokens", 0, 10_000))[0]
    assert not (await rates.add("large", 10_001, 10_000))[0]
    assert (await rates.add("large", 10_000, 10_000))[0], "the refusal left no trace"


async def test_a_large_count_stays_exact(clusters: Pair) -> None:
    rates = clusters.here.rates
    assert (await rates.add("large", 10**15, 10**15 + 1))[0]
    assert (await rates.add("large", 1, 10**15 + 1))[0]
    assert not (await rates.add("large", 1, 10**15 + 1))[0]


async def test_keys_and_windows_are_counted_apart(clusters: Pair) -> None:
    rates = clusters.here.rates
    assert (await rates.add("a", 1, 1))[0]
    assert (await rates.add("b", 1, 1))[0]
    counted, left = await rates.add("a", 1, 1, window=10)
    assert counted and left == pytest.approx(10, abs=1)
    assert not (await rates.add("a", 1, 1))[0]


async def test_ended_windows_are_forgotten(clusters: Pair) -> None:
    rates = clusters.here.rates
    for number in range(100):
        await rates.add(f"key {number}", 1, 1)
    await clusters.pass_time(61)
    assert (await rates.add("key 5", 1, 1))[0]


async def test_what_a_window_holds_can_be_looked_at(clusters: Pair) -> None:
    here, there = clusters.here.rates, clusters.there.rates
    assert await here.look("requests:a") is None
    await here.add("requests:a", 3, 10)
    grant = await here.reserve("tokens:a", 10, 400, 1000)
    counted, held = await there.look("requests:a"), await there.look("tokens:a")
    assert counted is not None and (counted.used, counted.reserved) == (3, 0)
    assert held is not None and (held.used, held.reserved) == (0, 400)
    assert counted.seconds == pytest.approx(60, abs=1)
    await here.settle("tokens:a", 400, 120, grant)
    held = await there.look("tokens:a")
    assert held is not None and (held.used, held.reserved) == (120, 0)
    await clusters.pass_time(61)
    assert await there.look("tokens:a") is None and await here.look("requests:a") is None

"""Counts within a window of time that all processes of a database share and no restart forgets."""

from __future__ import annotations

import asyncio

from crawdad.store.database import Database
from crawdad.store.rate_windows import RateWindows
from tests.support.fakes import FakeClock


async def test_so_many_within_a_window_whoever_counts(database: Database) -> None:
    clock = FakeClock()
    one, other = RateWindows(database, clock), RateWindows(database, clock)
    assert await one.add("k", 2, 3, 3600) == (True, 3600)
    clock.advance(600)
    assert await other.add("k", 2, 3, 3600) == (False, 3000)
    assert await other.add("k", 1, 3, 3600) == (True, 3000)
    assert await other.add("l", 1, 1, 60) == (True, 60)
    clock.advance(3000)
    assert await one.add("k", 3, 3, 3600) == (True, 3600)


async def test_a_clock_that_was_set_back_locks_nobody_out_for_longer(database: Database) -> None:
    clock = FakeClock()
    clock.advance(1_000_000)
    assert (await RateWindows(database, clock).add("k", 1, 1, 60))[0]
    clock.advance(-900_000)
    assert await RateWindows(database, clock).add("k", 1, 1, 60) == (False, 60)
    clock.advance(60)
    assert await RateWindows(database, clock).add("k", 1, 1, 60) == (True, 60)


async def test_many_at_once_are_counted_exactly(database: Database) -> None:
    windows = RateWindows(database, FakeClock())
    added = await asyncio.gather(*(windows.add("k", 1, 5, 60) for _ in range(12)))
    assert sum(good for good, _ in added) == 5

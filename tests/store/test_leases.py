"""Leases: one holder at a time, renewed by him, free when they end."""

from __future__ import annotations

import asyncio

from tests.store.clusters import Pair


async def test_one_of_many_gets_the_lease(clusters: Pair) -> None:
    both = (clusters.here.leases, clusters.there.leases)
    claims = await asyncio.gather(*(both[number % 2].claim("cron:1", f"holder {number}", 30) for number in range(20)))
    assert sum(claims) == 1


async def test_the_holder_renews_and_the_others_wait_for_the_end(clusters: Pair) -> None:
    here, there = clusters.here.leases, clusters.there.leases
    assert await here.claim("channel", "a", 10)
    await clusters.pass_time(8)
    assert await here.claim("channel", "a", 10), "its holder may renew it"
    await clusters.pass_time(8)
    assert not await there.claim("channel", "b", 10), "the renewal counts"
    await clusters.pass_time(3)
    assert await there.claim("channel", "b", 10)
    assert not await here.claim("channel", "a", 10), "who was late has lost it"


async def test_only_the_holder_gives_it_back(clusters: Pair) -> None:
    here, there = clusters.here.leases, clusters.there.leases
    assert await here.claim("lane", "a", 10)
    await there.release("lane", "b")
    assert not await there.claim("lane", "b", 10)
    await here.release("lane", "a")
    assert await there.claim("lane", "b", 10)
    await here.release("never claimed", "a")


async def test_names_do_not_touch_each_other(clusters: Pair) -> None:
    leases = clusters.here.leases
    assert await leases.claim("x", "a", 10)
    assert await leases.claim("x:y", "b", 10)
    assert await leases.claim("*", "c", 10)


async def test_ended_leases_are_forgotten(clusters: Pair) -> None:
    leases = clusters.here.leases
    for number in range(100):
        await leases.claim(f"short {number}", "a", 1)
    await clusters.pass_time(2)
    assert await leases.claim("short 5", "b", 1)

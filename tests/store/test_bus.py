"""The bus: events reach all who listen, in order; who is slow is told what he missed."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import LAGGED, Event
from crawdad.store.cluster import open_cluster
from crawdad.store.inprocess import QUEUE_BOUND, InProcessBus
from tests.store.clusters import Link, Pair
from tests.support.services import REDIS_URL, ManualClock
from tests.support.waiting import PATIENCE, until


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(events) for _ in range(count)]


async def numbers(events: AsyncIterator[Event], count: int) -> list[int]:
    return [event.data["n"] for event in await take(events, count)]


async def test_events_reach_every_listener_here_and_there_in_order(clusters: Pair) -> None:
    listeners = [bus.subscribe(["keys.*"]) for bus in (clusters.here.bus, clusters.here.bus, clusters.there.bus)]
    sent = [Event("keys.changed", {"n": n, "text": "你好"}, 12.5, "process-1") for n in range(50)]
    for event in sent:
        await clusters.here.bus.publish(event)
    for listener in listeners:
        assert await take(listener, 50) == sent


async def test_only_wanted_topics_are_heard(clusters: Pair) -> None:
    some = clusters.there.bus.subscribe(["keys.changed", "model.*"])
    everything = clusters.there.bus.subscribe(["*"])
    topics = ["keys.changed.twice", "keys", "keys.changed", "models", "model.added", "model."]
    for topic in topics:
        await clusters.here.bus.publish(Event(topic))
    assert [event.topic for event in await take(everything, 6)] == topics
    assert [event.topic for event in await take(some, 3)] == ["keys.changed", "model.added", "model."]


async def test_what_happened_before_is_not_heard(clusters: Pair) -> None:
    early = clusters.here.bus.subscribe(["*"])
    await clusters.here.bus.publish(Event("early", {"n": 1}))
    await take(early, 1)
    late = clusters.here.bus.subscribe(["*"])
    await clusters.here.bus.publish(Event("late", {"n": 2}))
    assert await numbers(late, 1) == [2]


async def test_a_slow_listener_loses_the_oldest_and_is_told(clusters: Pair) -> None:
    slow, quick = clusters.here.bus.subscribe(["*"]), clusters.here.bus.subscribe(["*"])
    for n in range(QUEUE_BOUND + 5):
        await clusters.here.bus.publish(Event("tick", {"n": n}))
        assert await numbers(quick, 1) == [n]
    first, *rest = await take(slow, QUEUE_BOUND + 1)
    assert (first.topic, first.data) == (LAGGED, {"lost": 5})
    assert [event.data["n"] for event in rest] == list(range(5, QUEUE_BOUND + 5))


async def test_leaving_ends_the_listening() -> None:
    async with open_cluster(None, ManualClock()) as cluster:
        events = cluster.bus.subscribe(["*"])
        await cluster.bus.publish(Event("last"))
    assert [event.topic async for event in events] == ["last"]


async def test_a_listener_that_nobody_holds_is_forgotten() -> None:
    bus = InProcessBus()
    events = bus.subscribe(["*"])
    assert len(bus._subscriptions) == 1
    del events
    gc.collect()
    assert len(bus._subscriptions) == 0


@pytest.mark.redis
async def test_a_cut_link_delays_but_loses_nothing(redis_prefix: str, link: Link) -> None:
    clock = ManualClock()
    async with (
        open_cluster(link.url, clock, redis_prefix) as here,
        open_cluster(REDIS_URL, clock, redis_prefix) as there,
    ):
        far, near, ours = there.bus.subscribe(["to.*"]), here.bus.subscribe(["fro.*"]), here.bus.subscribe(["to.*"])
        await here.bus.publish(Event("to.there", {"n": 0}))
        assert await numbers(far, 1) == [0]
        await link.cut()
        for n in range(1, 4):
            await here.bus.publish(Event("to.there", {"n": n}))
            await there.bus.publish(Event("fro.here", {"n": n}))
        assert await numbers(ours, 4) == [0, 1, 2, 3], "listeners of the same process notice nothing"
        with pytest.raises(GatewayError) as caught:
            await here.leases.claim("x", "a", 1)
        assert caught.value.kind is ErrorKind.UNAVAILABLE
        await link.mend()
        assert await numbers(far, 3) == [1, 2, 3]
        assert await numbers(near, 3) == [1, 2, 3]
        assert await here.leases.claim("x", "a", 1)


@pytest.mark.redis
async def test_who_was_away_for_too_long_is_told(redis_prefix: str, link: Link) -> None:
    from redis.asyncio import Redis

    clock = ManualClock()
    async with (
        open_cluster(link.url, clock, redis_prefix) as here,
        open_cluster(REDIS_URL, clock, redis_prefix) as there,
        Redis.from_url(REDIS_URL) as client,
    ):
        events = here.bus.subscribe(["news"])
        await there.bus.publish(Event("news", {"n": 0}))
        assert await numbers(events, 1) == [0]
        await link.cut()
        mirror = there.bus.subscribe(["news"])
        for n in (1, 2):
            await there.bus.publish(Event("news", {"n": n}))
        await take(mirror, 2)

        async def all_there() -> bool:
            return bool(await client.xlen(f"{redis_prefix}:bus") == 3)

        await until(all_there, "what was published")
        await client.xtrim(f"{redis_prefix}:bus", maxlen=1, approximate=False)
        await link.mend()
        lagged, news = await take(events, 2)
        assert (lagged.topic, news.data) == (LAGGED, {"n": 2})
        await client.delete(f"{redis_prefix}:bus")
        await there.bus.publish(Event("news", {"n": 3}))
        assert await numbers(events, 1) == [3]


@pytest.mark.redis
async def test_an_entry_of_another_version_is_passed_over(redis_prefix: str) -> None:
    from redis.asyncio import Redis

    clock = ManualClock()
    async with open_cluster(REDIS_URL, clock, redis_prefix) as here, Redis.from_url(REDIS_URL) as client:
        events = here.bus.subscribe(["*"])
        await client.xadd(f"{redis_prefix}:bus", {"from": "x"})
        for entry in ("{", '{"topic": "a", "wonder": 1}', "[]", '{"topic": "b"}'):
            await client.xadd(f"{redis_prefix}:bus", {"event": entry})
        assert (await take(events, 1))[0].topic == "b"


@pytest.mark.redis
async def test_what_was_sent_again_as_its_receipt_got_lost_is_heard_once(redis_prefix: str) -> None:
    from redis.asyncio import Redis

    clock = ManualClock()
    async with open_cluster(REDIS_URL, clock, redis_prefix) as here, Redis.from_url(REDIS_URL) as client:
        events = here.bus.subscribe(["*"])
        for sender, number in (("x", 1), ("x", 2), ("x", 1), ("x", 2), ("y", 1), ("x", 3), ("x", 3)):
            event = {"topic": "a", "data": {"n": number + 10 * (sender == "y")}}
            await client.xadd(
                f"{redis_prefix}:bus", {"from": sender, "n": number, "event": orjson.dumps(event).decode()}
            )
        assert await numbers(events, 4) == [1, 2, 11, 3]


async def test_urls_that_cannot_be_used_are_refused() -> None:
    pytest.importorskip("redis")
    for url, kind in (("mysql://x", ErrorKind.BAD_REQUEST), ("redis://127.0.0.1:1/0", ErrorKind.UNAVAILABLE)):
        with pytest.raises(GatewayError) as caught:
            async with open_cluster(url, ManualClock()):
                pass
        assert caught.value.kind is kind


@pytest.mark.redis
async def test_valkey_urls_are_understood(redis_prefix: str) -> None:
    async with open_cluster(REDIS_URL.replace("redis", "valkey", 1), ManualClock(), redis_prefix) as cluster:
        assert await cluster.leases.claim("x", "a", 1)


async def test_a_missing_client_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(GatewayError) as caught:
        async with open_cluster("redis://127.0.0.1", ManualClock()):
            pass
    assert "crawdad[cluster]" in caught.value.message()


@pytest.mark.redis
async def test_what_could_not_wait_for_redis_is_owned_up_to(redis_prefix: str, link: Link) -> None:
    clock = ManualClock()
    async with (
        open_cluster(link.url, clock, redis_prefix) as here,
        open_cluster(REDIS_URL, clock, redis_prefix) as there,
    ):
        far = there.bus.subscribe(["tick"])
        await link.cut()
        for n in range(QUEUE_BOUND + 7):
            await here.bus.publish(Event("tick", {"n": n}))
        await link.mend()
        first, *rest = await take(far, 1 + 200)
        assert (first.topic, first.data) == (LAGGED, {"lost": 7})
        assert [event.data["n"] for event in rest] == list(range(7, 207))

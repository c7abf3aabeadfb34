"""What processes share while they run: bus, leases and rate counters, alone or through Redis (or Valkey)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Bus, Clock, Leases, RateCounter
from crawdad.core.text import Text
from crawdad.store.background import running
from crawdad.store.inprocess import InProcessBus, InProcessLeases, InProcessRateCounter

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 5.0
_MOST_CONNECTIONS = 32
_FOLLOW_SECONDS = 15.0
_DRAIN_SECONDS = 1.0
_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The three things that processes share."""

    bus: Bus
    leases: Leases
    rates: RateCounter


@asynccontextmanager
async def open_cluster(url: str | None, clock: Clock, prefix: str = "crawdad") -> AsyncIterator[Cluster]:
    """The cluster at `url` (`redis://host:6379/0`, `rediss://`, `unix://`); without one, this process alone.

    All keys in Redis begin with `prefix`. Raises BAD_REQUEST for a URL that cannot be used, UNAVAILABLE when Redis does not
    answer.
    """
    if url is None:
        bus = InProcessBus()
        try:
            yield Cluster(bus, InProcessLeases(clock), InProcessRateCounter(clock))
        finally:
            bus.close()
    else:
        async with _redis(url, prefix) as cluster:
            yield cluster


@asynccontextmanager
async def _redis(url: str, prefix: str) -> AsyncIterator[Cluster]:
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import ExponentialWithJitterBackoff

        from crawdad.store.redis_bus import RedisBus
        from crawdad.store.redis_claims import RedisLeases, RedisRateCounter, translated
    except ModuleNotFoundError as error:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.redis_missing"), {"param": "cluster.url"}) from error
    scheme, separator, rest = url.partition("://")
    address = _SCHEMES.get(scheme, scheme) + separator + rest
    async with AsyncExitStack() as stack:
        try:
            # A crowd waits for a connection instead of being told that there are too many.
            client, follower = (
                Redis.from_pool(
                    BlockingConnectionPool.from_url(
                        address,
                        max_connections=_MOST_CONNECTIONS,
                        timeout=_ANSWER_SECONDS,
                        socket_connect_timeout=_CONNECT_SECONDS,
                        socket_timeout=seconds,
                        retry=Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.05), retries),
                    )
                )
                for seconds, retries in ((_ANSWER_SECONDS, 2), (_FOLLOW_SECONDS, 0))
            )
        except ValueError as error:
            words = Text("store.bad_cluster_url")
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "cluster.url"}) from error
        stack.push_async_callback(client.aclose)
        stack.push_async_callback(follower.aclose)
        bus = RedisBus(client, follower, prefix)
        stack.callback(bus.close)
        with translated():
            await bus.join()
        await stack.enter_async_context(running(bus.keep_following(), bus.keep_sending()))
        stack.push_async_callback(bus.drain, _DRAIN_SECONDS)
        yield Cluster(bus, RedisLeases(client, prefix), RedisRateCounter(client, prefix))

"""Leases and rate counters that all processes of a cluster share. Redis's clock decides, so theirs may differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""

_COUNT = """
local amount, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local left = redis.call('PTTL', KEYS[1])
local count = 0
if left > 0 then count = tonumber(redis.call('GET', KEYS[1])) else left = window end
if count + amount > limit then return {0, left} end
redis.call('SET', KEYS[1], string.format('%.0f', count + amount), 'PX', left)
return {1, left}
"""


@contextmanager
def translated() -> Iterator[None]:
    """Raise UNAVAILABLE when Redis does not answer or refuses."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        words = Text("store.cluster_unavailable", {"reason": str(error) or type(error).__name__})
        raise GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "cluster"}) from error


class RedisLeases:
    """Leases in the whole cluster."""

    def __init__(self, client: Redis, prefix: str) -> None:
        self._prefix = prefix
        self._claim: Any = client.register_script(_CLAIM)
        self._release: Any = client.register_script(_RELEASE)

    async def claim(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease. False when another holds it. UNAVAILABLE when Redis does not answer."""
        milliseconds = max(1, round(seconds * 1000))
        with translated():
            return bool(await self._claim(keys=[f"{self._prefix}:lease:{name}"], args=[holder, milliseconds]))

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back. Nothing happens when another holds it."""
        with translated():
            await self._release(keys=[f"{self._prefix}:lease:{name}"], args=[holder])


class RedisRateCounter:
    """Counts per key in the whole cluster. A key's window begins with the first count in it."""

    def __init__(self, client: Redis, prefix: str) -> None:
        self._prefix = prefix
        self._count: Any = client.register_script(_COUNT)

    async def add(self, key: str, amount: int, limit: int, window: int = 60) -> tuple[bool, float]:
        """Count `amount` unless that exceeds `limit`: `(counted, seconds until the window ends)`."""
        with translated():
            counted, left = await self._count(
                keys=[f"{self._prefix}:rate:{window}:{key}"], args=[amount, limit, window * 1000]
            )
        return bool(counted), left / 1000

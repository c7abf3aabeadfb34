"""Leases and rate counters that all processes of a cluster share. Redis's clock decides, so theirs may differ."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Counted, Grant
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

_RESERVE = """
local least, most, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'name', ARGV[5], 'count', '0', 'reserved', '0')
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  left = tonumber(ARGV[4])
end
local found = redis.call('HMGET', KEYS[1], 'name', 'count', 'reserved')
local count, reserved = tonumber(found[2]), tonumber(found[3])
local fits = count + reserved + most <= limit
local alone = reserved == 0 and count < limit and count + least <= limit
if not fits and not alone then return {0, left, found[1]} end
redis.call('HSET', KEYS[1], 'reserved', string.format('%.0f', reserved + most))
return {1, left, found[1]}
"""

_SETTLE = """
local reserved, used = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('PTTL', KEYS[1]) <= 0 then
  if used == 0 then return end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'name', ARGV[3] .. '+', 'count', ARGV[2], 'reserved', '0')
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return
end
local found = redis.call('HMGET', KEYS[1], 'name', 'count', 'reserved')
local held = tonumber(found[3])
if found[1] == ARGV[3] then held = math.max(0, held - reserved) end
redis.call('HSET', KEYS[1], 'count', string.format('%.0f', tonumber(found[2]) + used),
  'reserved', string.format('%.0f', held))
"""

_LOOK = """
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return {redis.call('GET', KEYS[1]), '0', left} end
left = redis.call('PTTL', KEYS[2])
if left <= 0 then return nil end
local found = redis.call('HMGET', KEYS[2], 'count', 'reserved')
return {found[1], found[2], left}
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
        self._reserve: Any = client.register_script(_RESERVE)
        self._settle: Any = client.register_script(_SETTLE)
        self._look: Any = client.register_script(_LOOK)

    async def add(self, key: str, amount: int, limit: int, window: int = 60) -> tuple[bool, float]:
        """Count `amount` unless that exceeds `limit`: `(counted, seconds until the window ends)`."""
        with translated():
            counted, left = await self._count(
                keys=[f"{self._prefix}:rate:{window}:{key}"], args=[amount, limit, window * 1000]
            )
        return bool(counted), left / 1000

    async def reserve(self, key: str, least: int, most: int, limit: int, window: int = 60) -> Grant:
        """Set `most` aside if there is room for it, or, where nothing else is set aside, if there is for `least`."""
        name = secrets.token_hex(8)
        with translated():
            granted, left, known = await self._reserve(
                keys=[f"{self._prefix}:held:{window}:{key}"], args=[least, most, limit, window * 1000, name]
            )
        return Grant(bool(granted), left / 1000, known.decode() if isinstance(known, bytes) else known)

    async def settle(self, key: str, reserved: int, used: int, made: Grant, window: int = 60) -> None:
        """Count `used`, and give back what was set aside if that was in the present window."""
        with translated():
            await self._settle(
                keys=[f"{self._prefix}:held:{window}:{key}"], args=[reserved, used, made.window, window * 1000]
            )

    async def look(self, key: str, window: int = 60) -> Counted | None:
        """What the present window holds; None: none has begun."""
        names = [f"{self._prefix}:{kind}:{window}:{key}" for kind in ("rate", "held")]
        with translated():
            found = await self._look(keys=names)
        return None if found is None else Counted(int(found[0]), int(found[1]), found[2] / 1000)

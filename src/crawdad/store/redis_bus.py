"""Domain events between the processes of a cluster, through one Redis stream.

Listeners of the same process hear at once, whether Redis answers or not. The others read the stream: after a lost connection
they go on where they were, and are told when the stream no longer reaches back that far. What cannot be sent waits in a
bounded queue.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from crawdad.core.happenings import LAGGED, Event
from crawdad.store.background import Pause
from crawdad.store.inprocess import QUEUE_BOUND, InProcessBus
from crawdad.store.subscription import Subscription

_KEPT_EVENTS = 10_000
_AT_ONCE = 100
_BLOCK_MILLISECONDS = 5000
_MOST_SENDERS = 1000
_START = b"0-0"

_log = logging.getLogger(__name__)


class RedisBus:
    """The bus of one process. `client` sends.

    `follower` waits for news: its time-out must exceed 5 s, and it must not try again by itself.
    """

    def __init__(self, client: Redis, follower: Redis, prefix: str, bound: int = QUEUE_BOUND) -> None:
        self._client: Any = client
        self._follower: Any = follower
        self._stream = f"{prefix}:bus"
        self._local = InProcessBus(bound)
        self._me = secrets.token_bytes(8)
        self._outgoing: deque[bytes] = deque(maxlen=bound)
        self._sent = 0
        """How many events have been numbered: one whose receipt got lost is sent again, and heard once by its number."""
        self._heard: dict[bytes, int] = {}
        self._lost = 0
        self._news = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._position = _START

    async def publish(self, event: Event) -> None:
        """Hand `event` to the listeners here, and queue it for the other processes."""
        encoded = orjson.dumps(event)
        self._local.deliver(event)
        self._lost += len(self._outgoing) == self._outgoing.maxlen
        self._outgoing.append(encoded)
        self._all_sent.clear()
        self._news.set()

    def subscribe(self, topics: Sequence[str]) -> Subscription:
        """Listen from this moment on. A trailing `*` matches the rest of a topic."""
        return self._local.subscribe(topics)

    async def join(self) -> None:
        """Begin at the stream's present end. Raises what the client raises when Redis does not answer."""
        self._position = (await self._ends())[1]

    async def keep_following(self) -> None:
        """Read what others send, for ever."""
        pause = Pause()
        lost = False
        while True:
            try:
                if lost:
                    await self._find_place()
                found = await self._follower.xread({self._stream: self._position}, _AT_ONCE, _BLOCK_MILLISECONDS)
            except (RedisError, OSError) as error:
                _log.warning("the bus lost Redis: %s", error)
                lost = True
                await pause.wait()
                continue
            lost = False
            pause.reset()
            for _, entries in found:
                for self._position, fields in entries:
                    if fields.get(b"from") != self._me and self._is_new(fields):
                        self._hear(fields)

    async def keep_sending(self) -> None:
        """Send what is published here, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._outgoing:
                await self._send([self._outgoing.popleft() for _ in range(min(_AT_ONCE, len(self._outgoing)))])
            self._all_sent.set()

    async def drain(self, seconds: float) -> None:
        """Wait until all that was published is sent, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._all_sent.wait()

    def close(self) -> None:
        """End all subscriptions."""
        self._local.close()

    def _is_new(self, fields: dict[bytes, bytes]) -> bool:
        """Whether an event was not heard before. What has no number (of an earlier version) counts as new."""
        sender, number = fields.get(b"from", b""), fields.get(b"n", b"")
        if not number.isdigit():
            return True
        if int(number) <= self._heard.get(sender, 0):
            return False
        self._heard.pop(sender, None)
        self._heard[sender] = int(number)
        if len(self._heard) > _MOST_SENDERS:
            del self._heard[next(iter(self._heard))]
        return True

    def _hear(self, fields: dict[bytes, bytes]) -> None:
        try:
            event = Event(**orjson.loads(fields[b"event"]))
        except (KeyError, TypeError, ValueError):
            _log.warning("the bus carries an event of another version: %.200r", fields)
        else:
            self._local.deliver(event)

    async def _send(self, events: list[bytes]) -> None:
        pause = Pause()
        first, self._sent = self._sent + 1, self._sent + len(events)
        while True:
            lost = self._lost
            try:
                pipeline = self._client.pipeline(transaction=False)
                if lost:
                    marker = orjson.dumps(Event(LAGGED, {"lost": lost}))
                    pipeline.xadd(self._stream, {"from": self._me, "event": marker}, maxlen=_KEPT_EVENTS)
                for number, event in enumerate(events, first):
                    fields = {"from": self._me, "n": number, "event": event}
                    pipeline.xadd(self._stream, fields, maxlen=_KEPT_EVENTS)
                await pipeline.execute()
                self._lost -= lost
                return
            except (RedisError, OSError) as error:
                _log.warning("%d events wait for Redis: %s", len(events) + len(self._outgoing), error)
                await pause.wait()

    async def _find_place(self) -> None:
        """After a lost connection: tell the listeners if the stream does not reach back to where this process was."""
        oldest, newest = await self._ends()
        forgotten = _order(newest) < _order(self._position)  # another server, or one that lost its data
        if forgotten or _order(oldest) > _order(self._position) > _order(_START):
            self._local.deliver(Event(LAGGED, {"lost": 0}))
        if forgotten:
            self._position = _START

    async def _ends(self) -> tuple[bytes, bytes]:
        oldest = await self._client.xrange(self._stream, count=1)
        newest = await self._client.xrevrange(self._stream, count=1)
        return (oldest[0][0], newest[0][0]) if oldest and newest else (_START, _START)


def _order(entry_id: bytes) -> tuple[int, ...]:
    return tuple(int(number) for number in entry_id.split(b"-"))

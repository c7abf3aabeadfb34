"""The bounded queue between a bus and one who listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from crawdad.core.happenings import LAGGED, Event


class Subscription:
    """An endless iterator over events. One that nobody holds any more is forgotten by its bus.

    A listener slower than the events loses the oldest, and is told so by a `LAGGED` event.
    """

    def __init__(self, topics: Sequence[str], bound: int) -> None:
        self._exact = frozenset(topic for topic in topics if not topic.endswith("*"))
        self._prefixes = tuple(topic[:-1] for topic in topics if topic.endswith("*"))
        self._queue: deque[Event] = deque(maxlen=bound)
        self._lost = 0
        self._closed = False
        self._news = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Queue `event` if it is of a wanted topic."""
        topic = event.topic
        if topic in self._exact or topic.startswith(self._prefixes) or topic == LAGGED:
            self._lost += len(self._queue) == self._queue.maxlen
            self._queue.append(event)
            self._news.set()

    def close(self) -> None:
        """End the iteration once the queue is empty."""
        self._closed = True
        self._news.set()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        while True:
            if self._lost:
                lost, self._lost = self._lost, 0
                return Event(LAGGED, {"lost": lost})
            if self._queue:
                return self._queue.popleft()
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()

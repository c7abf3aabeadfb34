"""Words for an agent that nobody has to answer at once: kept, bounded, each told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crawdad.core.agents import OUTSIDE_EVENT
from crawdad.core.ports import Clock, Randomness
from crawdad.store.system_events import StoredEvent, SystemEventStore

MOST_WAITING = 20
_LONGEST = 4000
_TAKEN_SECONDS = 7 * 86_400.0
_WAITING_SECONDS = 30 * 86_400.0


class StoredSystemEvents:
    """`core.agents.SystemEvents`, in the database."""

    def __init__(self, store: SystemEventStore, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness

    async def add(self, session_key: str, text: str, *, key: str | None = None, untrusted: bool = True) -> bool:
        """Keep an event, on one line. False: it says nothing, its key is known, or the same words are the last that wait."""
        words = " ".join(text.split())[:_LONGEST]
        if not words:
            return False
        new_id = self._randomness.new_id()
        event = StoredEvent(session_key, key or f"id:{new_id}", new_id, self._clock.now(), words, untrusted)
        return await self._store.add(event, MOST_WAITING)

    async def take(self, session_key: str, run_id: str) -> Sequence[str]:
        """The events that wait, now that run's, each as a line."""
        return [line(event) for event in await self._store.take(session_key, run_id)]

    async def waiting(self, session_key: str) -> int:
        """How many wait."""
        return (await self._store.waiting(session_key))[0]

    async def untrusted(self, session_key: str) -> bool:
        """Whether something from outside is among them."""
        return (await self._store.waiting(session_key))[1] > 0

    async def prune(self) -> int:
        """Forget what is long over."""
        now = self._clock.now()
        return await self._store.prune(now - _TAKEN_SECONDS, now - _WAITING_SECONDS)


def line(event: StoredEvent) -> str:
    """An event as the agent reads it. What came from outside says so, and cannot look like a line of its own."""
    moment = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    outside = OUTSIDE_EVENT if event.untrusted else ""
    return f"System: [{moment}] {outside}{event.text}"

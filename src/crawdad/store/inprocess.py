"""Bus, leases and rate counters of a process that is alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from weakref import WeakSet

from crawdad.core.happenings import Event
from crawdad.core.ports import Clock, Counted, Grant
from crawdad.store.subscription import Subscription

QUEUE_BOUND = 1000
_TIDY_ABOVE = 1024


class InProcessBus:
    """Events to the listeners of this process."""

    def __init__(self, bound: int = QUEUE_BOUND) -> None:
        self._bound = bound
        self._subscriptions: WeakSet[Subscription] = WeakSet()

    async def publish(self, event: Event) -> None:
        """Hand `event` to all who listen; none of them can hold it up."""
        self.deliver(event)

    def deliver(self, event: Event) -> None:
        """The same, at once."""
        for subscription in list(self._subscriptions):
            subscription.offer(event)

    def subscribe(self, topics: Sequence[str]) -> Subscription:
        """Listen from this moment on. A trailing `*` matches the rest of a topic."""
        subscription = Subscription(topics, self._bound)
        self._subscriptions.add(subscription)
        return subscription

    def close(self) -> None:
        """End all subscriptions."""
        for subscription in list(self._subscriptions):
            subscription.close()


class InProcessLeases:
    """Leases among the tasks of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, tuple[str, float]] = {}
        self._tidy_above = _TIDY_ABOVE

    async def claim(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease. False when another holds it."""
        now = self._clock.monotonic()
        owner, until = self._held.get(name, (holder, 0.0))
        if owner != holder and until > now:
            return False
        self._held[name] = (holder, now + seconds)
        if len(self._held) > self._tidy_above:
            self._held = {key: lease for key, lease in self._held.items() if lease[1] > now}
            self._tidy_above = max(_TIDY_ABOVE, 2 * len(self._held))
        return True

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back. Nothing happens when another holds it."""
        if self._held.get(name, ("", 0.0))[0] == holder:
            del self._held[name]


@dataclass(slots=True)
class _Window:
    ends: float
    name: str
    count: int = 0
    reserved: int = 0


class InProcessRateCounter:
    """Counts per key. A key's window begins with the first count in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, int], _Window] = {}
        self._names = count(1)
        self._tidy_above = _TIDY_ABOVE

    async def add(self, key: str, amount: int, limit: int, window: int = 60) -> tuple[bool, float]:
        """Count `amount` unless that exceeds `limit`: `(counted, seconds until the window ends)`."""
        current, left = self._current(key, window)
        if current.count + amount > limit:
            return False, left
        current.count += amount
        return True, left

    async def reserve(self, key: str, least: int, most: int, limit: int, window: int = 60) -> Grant:
        """Set `most` aside if there is room for it, or, where nothing else is set aside, if there is for `least`."""
        current, left = self._current(key, window)
        fits = current.count + current.reserved + most <= limit
        alone = not current.reserved and current.count < limit and current.count + least <= limit
        if fits or alone:
            current.reserved += most
        return Grant(fits or alone, left, current.name)

    async def settle(self, key: str, reserved: int, used: int, made: Grant, window: int = 60) -> None:
        """Count `used`, and give back what was set aside if that was in the present window."""
        current, _ = self._current(key, window)
        current.count += used
        if current.name == made.window:
            current.reserved = max(0, current.reserved - reserved)

    async def look(self, key: str, window: int = 60) -> Counted | None:
        """What the present window holds; None: none has begun."""
        found = self._windows.get((key, window))
        left = 0.0 if found is None else found.ends - self._clock.monotonic()
        return Counted(found.count, found.reserved, left) if found is not None and left > 0 else None

    def _current(self, key: str, window: int) -> tuple[_Window, float]:
        now = self._clock.monotonic()
        found = self._windows.get((key, window))
        if found is None or found.ends <= now:
            found = self._windows[key, window] = _Window(now + window, str(next(self._names)))
            if len(self._windows) > self._tidy_above:
                self._windows = {name: state for name, state in self._windows.items() if state.ends > now}
                self._tidy_above = max(_TIDY_ABOVE, 2 * len(self._windows))
        return found, found.ends - now

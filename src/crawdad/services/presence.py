"""Who is there: the gateway itself, the clients of the control channel, and what others tell of themselves.

Every process of a cluster hears of all clients, over the bus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawdad.core.happenings import Event
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock

PRESENCE_CHANGED = "presence.changed"
KEPT_SECONDS = 300.0
MOST_ENTRIES = 200


@dataclass(frozen=True, slots=True)
class Self:
    """What the gateway tells of itself."""

    host: str
    address: str
    version: str
    platform: str
    device_family: str
    model_identifier: str


class Presence:
    """The entries, by device, instance or connection."""

    def __init__(self, own: Self, bus: Bus, clock: Clock, process: str) -> None:
        self._own = own
        self._bus = bus
        self._clock = clock
        self._process = process
        self._entries: dict[str, JsonObject] = {}
        self.version = 1
        """Counts the changes."""
        self.on_change: Callable[[], None] = lambda: None

    async def put(self, key: str, entry: Mapping[str, object]) -> None:
        """Note what is known of somebody, over what was known before."""
        told = {name: value for name, value in entry.items() if value not in (None, "", (), [])}
        told["ts"] = int(self._clock.now() * 1000)
        self._take(key, told)
        await self._bus.publish(Event(PRESENCE_CHANGED, {"key": key, "entry": told}, self._clock.now(), self._process))

    async def follow(self) -> None:
        """Take in what other processes tell, for ever."""
        async for event in self._bus.subscribe([PRESENCE_CHANGED]):
            if event.topic == PRESENCE_CHANGED and event.origin != self._process:
                self._take(event.data["key"], event.data["entry"])

    def listed(self) -> list[JsonObject]:
        """The gateway first, then who was heard of last."""
        now = int(self._clock.now() * 1000)
        self._forget(now)
        own = self._own
        words = f"Gateway: {own.host} ({own.address}) · app {own.version} · mode gateway · reason self"
        first = {
            "host": own.host,
            "ip": own.address,
            "version": own.version,
            "platform": own.platform,
            "deviceFamily": own.device_family,
            "modelIdentifier": own.model_identifier,
            "mode": "gateway",
            "reason": "self",
            "text": words,
            "ts": now,
        }
        return [first, *sorted(self._entries.values(), key=lambda entry: -int(entry["ts"]))]

    def _take(self, key: str, entry: JsonObject) -> None:
        before = self._entries.pop(key, {})
        self._entries[key] = {**before, **entry}
        while len(self._entries) > MOST_ENTRIES:
            del self._entries[min(self._entries, key=lambda name: int(self._entries[name]["ts"]))]
        self.version += 1
        self.on_change()

    def _forget(self, now: int) -> None:
        since = now - int(KEPT_SECONDS * 1000)
        self._entries = {key: entry for key, entry in self._entries.items() if int(entry["ts"]) > since}

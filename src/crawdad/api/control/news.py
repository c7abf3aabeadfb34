"""Presence and health as news: told at once, but not more often than clients have use for."""

from __future__ import annotations

import asyncio

import structlog

from crawdad.api.control.connection import Connection
from crawdad.api.control.health import Health
from crawdad.api.control.hub import Hub, hears
from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock
from crawdad.services.presence import Presence
from crawdad.wire.control import frames

_log = structlog.get_logger(__name__)

PRESENCE_SECONDS = 0.25
HEALTH_SECONDS = 5.0


class News:
    """Tells of both. A thousand clients that come at once are not told a thousand times of each other."""

    def __init__(self, hub: Hub, presence: Presence, health: Health, clock: Clock) -> None:
        self.hub = hub
        self.presence = presence
        self.health = health
        self._clock = clock
        self._changed = asyncio.Event()
        self._told_at = -PRESENCE_SECONDS
        self._ended = asyncio.Event()
        self._looking = asyncio.Lock()
        presence.on_change = self._presence_changed
        hub.on_run_end = self._ended.set

    @property
    def versions(self) -> JsonObject:
        """How often each has changed."""
        return {"presence": self.presence.version, "health": self.health.version}

    async def health_changed(self, newcomer: Connection) -> None:
        """A client has come in: it is told of health; the others too, where they have not been lately. A crowd that comes at
        once is told the same."""
        async with self._looking:
            lately = self.health.age < HEALTH_SECONDS
            snapshot = await (self.health.current() if lately else self.health.refresh())
        if not lately:
            self.hub.broadcast("health", snapshot, self.versions, but=newcomer)
        if hears(newcomer, "health"):
            newcomer.tell(frames.event("health", snapshot, self.versions))

    async def keep_telling(self) -> None:
        """Tell of presence where that had to wait, for ever."""
        while True:
            await self._changed.wait()
            wait = PRESENCE_SECONDS - (self._clock.monotonic() - self._told_at)
            if wait > 0:
                await self._clock.sleep(wait)
            if self._changed.is_set():
                self._tell()

    async def keep_telling_health(self) -> None:
        """Tell of health after runs, those that end close together once, for ever."""
        while True:
            await self._ended.wait()
            wait = HEALTH_SECONDS - self.health.age
            if wait > 0:
                await self._clock.sleep(wait)
            self._ended.clear()
            try:
                self.hub.broadcast("health", await self.health.refresh(), self.versions)
            except GatewayError as error:  # the database is away: the next run tells
                _log.warning("health_not_told", reason=error.message())

    def _presence_changed(self) -> None:
        if self._clock.monotonic() - self._told_at >= PRESENCE_SECONDS:
            self._tell()
        else:
            self._changed.set()

    def _tell(self) -> None:
        self._changed.clear()
        self._told_at = self._clock.monotonic()
        self.hub.broadcast("presence", {"presence": self.presence.listed()}, self.versions)

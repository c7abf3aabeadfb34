"""Connections that wait for their next request, and the clock for those that somebody waits at."""

from __future__ import annotations

import asyncio

from crawdad.adapters.http.connection import Connection
from crawdad.adapters.http.target import Origin, Target

KEEP_SECONDS = 75.0
_TICK_SECONDS = 0.1
_REST_SECONDS = 5.0
_MOST_KEPT = 1024
"""Of one place; more are not kept."""

Place = tuple[Origin, Target | None]
"""Where a connection leads: an origin, and the proxy on the way."""


class Pool:
    """Keeps connections by place; the one that was used last goes first. One timer for all deadlines: a request costs none."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._kept: dict[Place, list[Connection]] = {}
        self._used: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_resting = True
        self._thin_out_at = 0.0

    def take(self, place: Place) -> Connection | None:
        """A kept connection, now in use."""
        kept = self._kept.get(place)
        while kept:
            connection = kept.pop()
            if connection.alive and connection.idle_until > self._loop.time():
                self.use(connection)
                return connection
            connection.abort()
        return None

    def use(self, connection: Connection) -> None:
        """Watch over a connection that is in use."""
        self._used.add(connection)
        if self._is_resting:
            self._is_resting = False
            self._arm(_TICK_SECONDS)

    def drop(self, connection: Connection) -> None:
        """Close a connection that was in use."""
        self._used.discard(connection)
        connection.abort()

    def give_back(self, connection: Connection, place: Place | None) -> None:
        """Keep a connection for the next request where that is possible; close it otherwise."""
        kept = self._kept.setdefault(place, []) if place is not None else None
        if kept is None or not connection.reusable or len(kept) >= _MOST_KEPT:
            self.drop(connection)
            return
        self._used.discard(connection)
        connection.rest()
        connection.idle_until = self._loop.time() + _keep_seconds(connection)
        kept.append(connection)

    def _arm(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._loop.time()
        for connection in list(self._used):
            if connection.deadline <= now:
                connection.expire()
        if now >= self._thin_out_at:
            self._thin_out_at = now + _REST_SECONDS
            self._thin_out(now)
        self._is_resting = not self._used
        if self._used or self._kept:
            self._arm(_TICK_SECONDS if self._used else _REST_SECONDS)

    def _thin_out(self, now: float) -> None:
        for place, connections in list(self._kept.items()):
            fresh: list[Connection] = []
            for connection in connections:
                if connection.alive and connection.idle_until > now:
                    fresh.append(connection)
                else:
                    connection.abort()
            if fresh:
                self._kept[place] = fresh
            else:
                del self._kept[place]

    def close(self) -> None:
        """Close all."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in [*self._used, *(each for kept in self._kept.values() for each in kept)]:
            connection.abort()
        self._used.clear()
        self._kept.clear()


def _keep_seconds(connection: Connection) -> float:
    """How long the connection is worth keeping: a second less than the upstream says, where it does."""
    told = connection.headers.get("keep-alive")
    if told:
        for part in told.split(","):
            name, _, value = part.strip().partition("=")
            if name.lower() == "timeout" and value.isdecimal() and len(value) < 6:
                return min(KEEP_SECONDS, float(value) - 1.0)
    return KEEP_SECONDS

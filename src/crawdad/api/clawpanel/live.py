"""Panels that listen on `/ws`: each hears what happens in any process of a cluster, for as long as its credential holds."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import structlog

from crawdad.api.clawpanel.frames import TOPICS, Frames
from crawdad.api.control.connection import Connection
from crawdad.core.pacing import until_next
from crawdad.core.ports import Bus, Clock
from crawdad.services.identity.panel_tokens import SignedIn

MOST_WAITING_BYTES = 8 * 1024 * 1024
"""What may wait for one panel; one that reads less is let go."""
MOST_IN_ALL_BYTES = 256 * 1024 * 1024
INVALIDATED, SLOW, GOING_AWAY = 4401, 1008, 1012
_CHECK_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class LivePanels:
    """The panels of this process. `follow` and `keep_checking` are to be run."""

    def __init__(
        self, bus: Bus, clock: Clock, still: Callable[[SignedIn], bool], generation: Callable[[], int]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._still = still
        self._generation = generation
        self._checked = generation()
        self._panels: dict[Connection, SignedIn] = {}
        self._closed = False

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._panels)

    def join(self, panel: Connection, signed_in: SignedIn) -> None:
        """A panel has come in."""
        self._panels[panel] = signed_in
        if self._closed:
            panel.close(GOING_AWAY, "service restart")

    def leave(self, panel: Connection) -> None:
        """It has gone."""
        self._panels.pop(panel, None)

    def close(self) -> None:
        """Let all of them go, and whoever comes later: the gateway stops."""
        self._closed = True
        for panel in list(self._panels):
            panel.close(GOING_AWAY, "service restart")

    async def follow(self) -> None:
        """Tell what happens, for ever."""
        frames = Frames()
        async for event in self._bus.subscribe(TOPICS):
            if event.topic not in TOPICS:
                continue  # what was lost is told nobody: a panel reads the log when it comes back
            try:
                made = frames.of(event)
            except (KeyError, TypeError, AttributeError):  # another version's process may tell it otherwise
                _log.warning("event_not_understood", topic=event.topic)
                continue
            if self._panels:
                for frame in made:
                    self._broadcast(orjson.dumps(frame, default=str, option=orjson.OPT_NON_STR_KEYS))

    async def keep_checking(self) -> None:
        """Let those go whose credential has ended, for ever."""
        while True:
            await self._clock.sleep(until_next(self._clock.monotonic(), _CHECK_SECONDS))
            self._check()

    def _check(self) -> None:
        self._checked = self._generation()
        for panel, signed_in in list(self._panels.items()):
            if not panel.closing and not self._still(signed_in):
                panel.abandon(INVALIDATED, "credentials are no longer valid")

    def _broadcast(self, encoded: bytes) -> None:
        if self._checked != self._generation():
            self._check()  # nobody hears more than was meant for them, not for a second
        for panel in list(self._panels):
            panel.offer(encoded)
        waiting = sum(panel.backlog for panel in self._panels)
        while waiting > MOST_IN_ALL_BYTES:
            slowest = max(self._panels, key=lambda panel: panel.backlog)
            waiting -= slowest.backlog
            slowest.abandon(SLOW, "slow consumer")

"""What is told on the bus, taken as notices. Of the processes that hear of something the first takes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import LAGGED
from crawdad.core.notifications import Notice
from crawdad.core.ports import Bus, Clock, Leases, Runner
from crawdad.services.notifications.reading import TOPICS, Reading

_CLAIM_SECONDS = 120.0
_KEEP_TRIES = (0.5, 2.0, 10.0)
"""Pauses before a notice that could not be kept is tried again; the last of them as often as it takes."""
_PATIENCE_SECONDS = 3600.0

_log = structlog.get_logger(__name__)


class Listening:
    """Hands notices to `take`. `follow` is to be run."""

    def __init__(
        self,
        bus: Bus,
        leases: Leases,
        reading: Reading,
        clock: Clock,
        runner: Runner,
        take: Callable[[Notice], Awaitable[int]],
    ) -> None:
        self._bus, self._leases, self._reading = bus, leases, reading
        self._clock, self._runner, self._take = clock, runner, take

    async def follow(self) -> None:
        """Take what is told, for ever."""
        async for event in self._bus.subscribe(list(TOPICS)):
            if event.topic == LAGGED:
                _log.warning("notifications_missed", events=event.data.get("lost") or 0)
                continue
            try:
                notice = await self._reading.notice(event)
            except (KeyError, TypeError, ValueError, AttributeError):  # another version's process may tell it otherwise
                _log.warning("event_not_understood", topic=event.topic)
                continue
            except GatewayError as error:
                _log.warning("notice_not_read", topic=event.topic, reason=error.message())
                continue
            if notice is not None:
                await self._keep(notice)

    async def _keep(self, notice: Notice) -> None:
        try:
            if not await self._leases.claim(f"notice:{notice.mark}", self._runner.name, _CLAIM_SECONDS):
                return
        except GatewayError:
            pass  # the mark in the table is what counts; this only keeps repeats from being counted twice
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        tries = 0
        while True:
            try:
                await self._take(notice)
                return
            except GatewayError as error:
                _log.warning("notice_not_kept", kind=notice.kind, reason=error.message())
                # A database that is away is what many a notice is about. Those that follow wait in their order.
                patient = error.kind is ErrorKind.UNAVAILABLE and self._clock.monotonic() < until
                if tries >= len(_KEEP_TRIES) and not patient:
                    return
            await self._clock.sleep(_KEEP_TRIES[min(tries, len(_KEEP_TRIES) - 1)])
            tries += 1

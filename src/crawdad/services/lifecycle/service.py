"""Leaving and entering the inside of the gateway, one wish after the other, each with a name and a result.

Panels, configuration and logs stay where they are meanwhile. What was acknowledged is kept: turns that do not end in time are
taken up by the inside that comes after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import LIFECYCLE_CHANGED, Event
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.lifecycle.request import Action, LifecycleRequest, Phase, State, request_of
from crawdad.services.tasks import Tasks
from crawdad.store.key_values import KeyValues

_KEPT = "lifecycle.last"
_TRIES = 3
_PAUSE_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Inside(Protocol):
    """What is left and entered: agents, channels, cron, plugins, and the routes to them."""

    @property
    def entered(self) -> bool:
        """Whether it is at work."""

    async def leave(self, grace_seconds: float) -> None:
        """Take nothing new, give what runs so many seconds to end, close. Nothing where it is left already."""

    async def enter(self) -> None:
        """Open it by the settings of the moment. Raises whatever keeps it from that; then it is left as before."""


class Lifecycle:
    """Of this process. `load` once, then the rest by whoever may."""

    def __init__(
        self,
        inside: Inside,
        tasks: Tasks,
        values: KeyValues,
        bus: Bus,
        clock: Clock,
        randomness: Randomness,
        grace_seconds: Callable[[], float],
    ) -> None:
        self.last: LifecycleRequest | None = None
        """The wish that is being fulfilled, or was last."""
        self._inside = inside
        self._tasks = tasks
        self._values = values
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._grace_seconds = grace_seconds
        self._ended = asyncio.Event()
        self._ended.set()

    async def load(self) -> None:
        """What was asked for last, also before this process. What a process did not come to the end of, its successor did: it
        entered an inside of its own. Unless that was to stop."""
        found = request_of(await self._values.get(_KEPT))
        self.last = found
        if found is not None and found.status == "running":
            stops = found.action == "stop"
            found.status = "failed" if stops else "success"
            found.error = Text("lifecycle.cut_off") if stops else ""
            await self._end(found, "failed" if stops else "done")

    @property
    def state(self) -> State:
        """How the inside is now."""
        request = self.last
        if request is not None and request.status == "running":
            return "stopping" if request.phase in ("accepted", "draining") and request.action != "start" else "starting"
        if self._inside.entered:
            return "running"
        return "failed" if request is not None and request.status == "failed" else "stopped"

    async def ask(self, action: Action, reason: str = "") -> LifecycleRequest:
        """Have it done, beginning now: the wish, which is kept. One that is under way is not disturbed: whoever wants the same
        shares it. Raises CONFLICT for another one meanwhile."""
        request = self.last
        if request is not None and request.status == "running":
            if request.action == action:
                return request
            raise _busy(request)
        request = LifecycleRequest(self._randomness.new_id(), action, reason[:200], self._clock.now())
        self.last = request
        self._ended.clear()
        try:
            await self._step(request, "accepted")
        except BaseException:
            request.status, request.ended_at = "failed", self._clock.now()
            self._ended.set()
            raise
        self._tasks.start(self._fulfil(request), f"{action} of the inside")
        return request

    async def wait(self, seconds: float) -> LifecycleRequest | None:
        """The last wish once it is fulfilled or given up, or as it stands after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            pass
        return self.last

    async def _fulfil(self, request: LifecycleRequest) -> None:
        try:
            if request.action != "start":
                await self._pass(request, "draining")
                await self._inside.leave(self._grace_seconds())
                await self._pass(request, "stopped")
            if request.action != "stop" and not self._inside.entered:
                await self._pass(request, "entering")
                await self._enter()
            request.status = "success"
            await self._end(request, "done")
        except asyncio.CancelledError:
            request.status = (
                "failed"  # for those who wait here; it is kept as running, and the process that comes ends it
            )
            raise
        except Exception as error:  # whatever keeps it from that: the outside stays, and tells
            _log.exception("lifecycle_failed", action=request.action)
            request.status = "failed"
            request.error = error.text if isinstance(error, GatewayError) else type(error).__name__
            await self._end(request, "failed")
        finally:
            self._ended.set()

    async def _enter(self) -> None:
        for left in reversed(range(_TRIES)):
            try:
                return await self._inside.enter()
            except Exception as error:
                if not left:
                    raise
                _log.warning("inside_not_entered", reason=str(error) or type(error).__name__)
            await self._clock.sleep(_PAUSE_SECONDS)

    async def _end(self, request: LifecycleRequest, phase: Phase) -> None:
        request.ended_at = self._clock.now()
        await self._pass(request, phase)

    async def _pass(self, request: LifecycleRequest, phase: Phase) -> None:
        """A phase that cannot be written down, as the database is away, is gone through all the same: halfway is worse."""
        try:
            await self._step(request, phase)
        except GatewayError as error:
            _log.warning("lifecycle_not_kept", reason=error.message())

    async def _step(self, request: LifecycleRequest, phase: Phase) -> None:
        now = self._clock.now()
        request.steps.append((phase, now))
        await self._values.put(_KEPT, request.as_json())
        data = {"id": request.id, "action": request.action, "phase": phase, "status": request.status}
        await self._bus.publish(Event(LIFECYCLE_CHANGED, data, now))


def _busy(request: LifecycleRequest) -> GatewayError:
    values = {"action": request.action, "id": request.id}
    return GatewayError(ErrorKind.CONFLICT, Text("lifecycle.busy", values), {"code": "busy"}, retry_after=2)

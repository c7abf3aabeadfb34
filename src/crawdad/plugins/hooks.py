"""`core.plugin_hooks.PluginHooks`: who listens to what, in which order, and what comes of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.plugin_hooks import Happening, HookEvent
from crawdad.plugins.api import HookOffer
from crawdad.plugins.guarding import PluginGuard

_MOST_WAITING = 2000
_LONGEST_REFUSAL = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Listener:
    guard: PluginGuard
    offer: HookOffer


class HookBoard:
    """The listeners of all plugins."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.dropped = 0
        self._seconds = seconds
        self._listeners: dict[str, tuple[_Listener, ...]] = {}
        self._waiting: deque[HookEvent] = deque()
        self._news = asyncio.Event()

    def add(self, guard: PluginGuard, hook: str, offer: HookOffer) -> None:
        """One more, behind those of the same priority."""
        found = [*self._listeners.get(hook, ()), _Listener(guard, offer)]
        self._listeners[hook] = tuple(sorted(found, key=lambda one: -one.offer.priority))

    def remove(self, plugin: str) -> None:
        """None of a plugin's any more."""
        for hook, found in list(self._listeners.items()):
            kept = tuple(one for one in found if one.guard.plugin != plugin)
            if kept:
                self._listeners[hook] = kept
            else:
                del self._listeners[hook]

    def wanted(self, hook: str) -> bool:
        """See `PluginHooks`."""
        return hook in self._listeners

    async def tell(self, event: HookEvent) -> None:
        """See `PluginHooks`."""
        listeners = self._listeners.get(event.hook, ())
        if listeners:
            await asyncio.gather(*(self._call(one, event) for one in listeners))

    def tell_soon(self, event: HookEvent) -> None:
        """See `PluginHooks`."""
        if event.hook not in self._listeners:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self.dropped += 1
            if self.dropped % 1000 == 1:
                _log.warning("plugin_events_dropped", hook=event.hook, dropped=self.dropped)
            return
        self._waiting.append(event)
        self._news.set()

    async def keep_telling(self) -> None:
        """Tell what waits, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self.tell(self._waiting.popleft())

    async def ask(self, event: Happening) -> Happening:
        """See `PluginHooks`. What was refused nobody else is asked about."""
        for one in self._listeners.get(event.hook, ()):
            answer = await self._call(one, event)
            if answer is not None:
                event = self._changed(one.guard, event, answer)
            if getattr(event, "refused_by", ""):
                break
        return event

    async def _call(self, one: _Listener, event: HookEvent) -> Any:
        try:
            return await one.guard.call(f"hook {event.hook}", one.offer.function, event, seconds=self._seconds())
        except (
            GatewayError
        ) as error:  # counted and logged by the guard; for whoever waits it is as if nobody had listened
            _log.debug("plugin_hook_failed", plugin=one.guard.plugin, hook=event.hook, reason=error.message())
            return None

    def _changed(self, guard: PluginGuard, event: Happening, answer: Any) -> Happening:
        what = f"hook {event.hook}"
        if not isinstance(answer, Mapping):
            guard.failed(what, f"answered with {type(answer).__name__}, not with an object of changes")
            return event
        for name, value in answer.items():
            if name not in event.changes:
                known = ", ".join(sorted(event.changes)) or "nothing"
                guard.failed(what, f"changes {name!r}; it may change {known}")
                return event
            if type(value) is not type(getattr(event, name)):
                guard.failed(what, f"gives {name!r} a {type(value).__name__}")
                return event
        values = dict(answer)
        if values.get("refuse"):
            values |= {"refuse": str(values["refuse"])[:_LONGEST_REFUSAL], "refused_by": guard.plugin}
        return replace(event, **values)

"""`core.plugin_hooks.PluginHooks`: who listens to what, in which order, and what comes of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.plain_json import plain_json
from crawdad.core.plugin_hooks import Happening, HookEvent
from crawdad.plugins.api import HookOffer
from crawdad.plugins.guarding import PluginGuard

_MOST_WAITING = 1000
_LONGEST_REFUSAL = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Listener:
    guard: PluginGuard
    offer: HookOffer


class HookBoard:
    """The listeners of all plugins."""

    def __init__(
        self, seconds: Callable[[], float], start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
    ) -> None:
        self.dropped = 0
        self._seconds = seconds
        self._start = start
        self._listeners: dict[str, tuple[_Listener, ...]] = {}
        self._waiting: dict[str, deque[HookEvent]] = {}

    def add(self, guard: PluginGuard, hook: str, offer: HookOffer) -> None:
        """One more, behind those of the same priority."""
        found = [*self._listeners.get(hook, ()), _Listener(guard, offer)]
        self._listeners[hook] = tuple(sorted(found, key=lambda one: -one.offer.priority))

    def remove(self, plugin: str) -> None:
        """None of a plugin's any more."""
        self._waiting.pop(plugin, None)
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
        """See `PluginHooks`. Each plugin has a queue of its own: one that is slow keeps nobody else waiting."""
        for plugin in dict.fromkeys(one.guard.plugin for one in self._listeners.get(event.hook, ())):
            waiting = self._waiting.get(plugin)
            if waiting is None:
                self._waiting[plugin] = waiting = deque()
                self._start(self._tell_waiting(plugin, waiting), f"events for {plugin}")
            if len(waiting) < _MOST_WAITING:
                waiting.append(event)
                continue
            self.dropped += 1
            if self.dropped % 1000 == 1:
                _log.warning("plugin_events_dropped", plugin=plugin, hook=event.hook, dropped=self.dropped)

    async def _tell_waiting(self, plugin: str, waiting: deque[HookEvent]) -> None:
        """Tell a plugin what waits for it."""
        while waiting and self._waiting.get(plugin) is waiting:
            event = waiting.popleft()
            for one in self._listeners.get(event.hook, ()):
                if one.guard.plugin == plugin:
                    await self._call(one, event)
        if self._waiting.get(plugin) is waiting:
            del self._waiting[plugin]

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
        values = plain_json(dict(answer))
        if values.get("refuse"):
            values |= {"refuse": str(values["refuse"])[:_LONGEST_REFUSAL], "refused_by": guard.plugin}
        return replace(event, **values)

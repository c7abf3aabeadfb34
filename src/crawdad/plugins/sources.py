"""Models and ways out to people that plugins offer, each call behind the plugin's guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

from crawdad.core.agents import Delivery
from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import Part
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.core.ports import ModelSource
from crawdad.core.request import ModelRequest
from crawdad.core.sessions import Route
from crawdad.plugins.guarding import PluginGuard

_EVENTS = (MessageStart, PartStart, PartDelta, PartEnd, MessageEnd)
_WHAT = "model"


class PluginSource:
    """`core.ports.ModelSource`: a plugin's, each event within the time of a call."""

    def __init__(self, source: ModelSource, guard: PluginGuard, seconds: Callable[[], float]) -> None:
        self._source = source
        self._guard = guard
        self._seconds = seconds

    async def take(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """See `core.ports.ModelSource`."""
        guard, events = self._guard, self._source.take(request)

        async def following() -> StreamEvent | None:
            async for event in events:
                return event
            return None

        try:
            while True:
                event: Any = await guard.call(_WHAT, following, seconds=self._seconds())
                if event is None:
                    return
                if not isinstance(event, _EVENTS):
                    raise guard.failed(_WHAT, f"answered with {type(event).__name__}")
                yield event
        finally:
            close = getattr(events, "aclose", None)
            if close is not None and not guard.closed:
                with suppress(GatewayError):
                    await guard.call(_WHAT, close, seconds=self._seconds())


class _PluginChannel:
    """A plugin's channel that does no more than send."""

    def __init__(self, channel: Any, guard: PluginGuard, limits: Callable[[], PluginsLimitSettings]) -> None:
        self._channel = channel
        self._guard = guard
        self._limits = limits

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        """Send a message."""
        what = f"channel {route.channel}"

        async def work() -> Any:
            return await self._channel.send(route, parts, key=key)

        answer = await self._guard.call(what, work, seconds=self._limits().call_seconds)
        if not isinstance(answer, Delivery):
            raise self._guard.failed(what, f"answered with {type(answer).__name__}")
        return answer


def guarded_channel(channel: Any, guard: PluginGuard, limits: Callable[[], PluginsLimitSettings]) -> Any:
    """A channel as it is hung up: one that only sends is guarded here, a whole `ChannelKind` by the host of channels."""
    return _PluginChannel(channel, guard, limits) if hasattr(channel, "send") else channel

"""Who is there, what the gateway is told, and its pulse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawdad.api.control.context import Control, HeartbeatSwitch
from crawdad.api.control.registry import Asked, Method
from crawdad.core.agent_names import default_agent
from crawdad.core.agents import SystemEvents
from crawdad.core.sessions import main_key
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, STRINGS, closed, opened
from crawdad.wire.control.scopes import ADMIN, READ

_TOLD = (
    *("deviceId", "instanceId", "host", "ip", "mode", "version", "platform", "deviceFamily"),
    *("modelIdentifier", "reason"),
)
_EVENT = opened(
    {
        "text": FILLED,
        **dict.fromkeys(_TOLD, STRING),
        "lastInputSeconds": {"type": "number"},
        **dict.fromkeys(("tags", "roles", "scopes"), STRINGS),
    },
    "text",
)
_MOST_CHARACTERS = 2000
_MOST_NAMES, _LONGEST_NAME = 32, 200
_LONGEST_SECONDS = 10 * 366 * 86_400


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""

    async def presence(_: Asked) -> Any:
        return control.presence.listed()

    found = [Method("system-presence", READ, presence, closed({}), "[{host, mode, reason, ts, …}]")]
    if control.system_events is not None:
        event = _SystemEvent(control, control.system_events)
        found.append(Method("system-event", ADMIN, event.take, _EVENT, "{ok}"))
    return found + ([] if control.heartbeats is None else _heartbeats(control.heartbeats))


class _SystemEvent:
    def __init__(self, control: Control, events: SystemEvents) -> None:
        self._control = control
        self._events = events

    async def take(self, asked: Asked) -> Any:
        """Note who tells something of himself; what else is told goes to the main session."""
        params = asked.params
        told: dict[str, object] = {name: str(params[name])[:_MOST_CHARACTERS] for name in _TOLD if params.get(name)}
        told |= {name: _names(params[name]) for name in ("tags", "roles", "scopes") if _names(params.get(name, ()))}
        if 0 <= params.get("lastInputSeconds", -1) <= _LONGEST_SECONDS:
            told["lastInputSeconds"] = int(params["lastInputSeconds"])
        text = str(params["text"])[:_MOST_CHARACTERS]
        key = str(told.get("deviceId") or told.get("instanceId") or text)[:_MOST_CHARACTERS]
        await self._control.presence.put(key, {**told, "text": text})
        if not told:
            settings = self._control.settings()
            await self._events.add(
                main_key(default_agent(settings.agents), settings.session.scope), text, untrusted=False
            )
        return {"ok": True}


def _names(given: Sequence[str]) -> list[str]:
    """Of what somebody tells of himself, so many words, each of bounded length: all of it is shown to all."""
    return [name[:_LONGEST_NAME] for name in given[:_MOST_NAMES] if name]


def _heartbeats(switch: HeartbeatSwitch) -> list[Method]:
    async def last(_: Asked) -> Any:
        return await switch.last()

    async def turn(asked: Asked) -> Any:
        await switch.switch(asked.params["enabled"])
        return {"ok": True, "enabled": asked.params["enabled"]}

    return [
        Method("last-heartbeat", READ, last, closed({}), "{ts, status, …} | null"),
        Method("set-heartbeats", ADMIN, turn, closed({"enabled": BOOLEAN}, "enabled"), "{ok, enabled}"),
    ]

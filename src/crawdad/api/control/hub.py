"""All clients of this process, and what is told to them: which event goes to whom.

What happens in any process of a cluster comes over the bus and goes to the clients of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from crawdad.api.control.connection import Connection
from crawdad.api.control.heard import Heard
from crawdad.core.devices import DEVICE_CLOSED
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import LAGGED
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock
from crawdad.services.devices.admission import Admission
from crawdad.wire.control import frames
from crawdad.wire.control.limits import INVALIDATED, POLICY, RESTART, TICK_SECONDS
from crawdad.wire.control.scopes import APPROVALS, NODE, OPERATOR, PAIRING, READ, holds

_log = structlog.get_logger(__name__)
MOST_BYTES = 512 * 1024 * 1024
"""What may wait for all clients together; beyond it the one that reads least is let go."""

_EVERYBODY = frozenset(("tick", "shutdown", "talk.mode", "voicewake.changed", "update.available"))
"""Events that tell nothing of anybody: nodes hear them too."""
_OF_SESSIONS = frozenset(("agent", "chat"))
"""Events that a node hears of the sessions that it has asked for."""
_CHECK_SECONDS = 1.0
_DROPPABLE = frozenset(("tick", "presence"))
_GUARDS = (("exec.approval.", APPROVALS), ("device.pair.", PAIRING), ("node.pair.", PAIRING))

ASKING = "node.invoke.request"
"""The event by which a node is asked for something."""

Shape = Callable[[Mapping[str, Any]], JsonObject]


@dataclass(frozen=True, slots=True)
class Relay:
    """How a domain event is told: the event's name, and its payload from the domain event's data."""

    event: str
    shape: Shape
    only: Callable[[Mapping[str, Any]], str] | None = None
    """The one connection that is told (empty: all)."""
    mark: Callable[[Mapping[str, Any]], str] | None = None
    """What the domain event is called by those who answer after it was told (empty: nothing)."""


def guard_of(event: str) -> str | None:
    """The scope that an operator needs to hear an event, or `node`; None: everybody hears it, nodes included."""
    if event in _EVERYBODY:
        return None
    if event == ASKING:
        return NODE
    return next((scope for prefix, scope in _GUARDS if event.startswith(prefix)), READ)


def hears(connection: Connection, event: str) -> bool:
    """Whether an event is for that client."""
    return _is_for(connection, guard_of(event))


def _is_for(connection: Connection, guard: str | None) -> bool:
    admitted = connection.admitted
    return guard is None or (admitted.role == OPERATOR and holds(admitted.scopes, guard))


class Hub:
    """The clients that have come in."""

    def __init__(self, bus: Bus, clock: Clock, admission: Admission, relays: Mapping[str, Relay]) -> None:
        self._bus = bus
        self._clock = clock
        self._admission = admission
        self._relays = relays
        self._connections: dict[str, Connection] = {}
        self._closed: tuple[int, str] | None = None
        self._missed = False
        """Whether events were lost, the end of a device among them, perhaps."""
        self.heard = Heard()
        self.on_run_end: Callable[[], None] = lambda: None
        """Called when clients here were told that a run has ended."""

    def join(self, connection: Connection) -> None:
        """A client has come in."""
        connection.generation = self._admission.generation
        self._connections[connection.id] = connection
        if self._closed is not None:
            connection.close(*self._closed)

    def leave(self, connection: Connection) -> None:
        """It has gone."""
        self._connections.pop(connection.id, None)

    def events(self) -> list[str]:
        """All events that clients may hear."""
        return sorted(
            {
                *("connect.challenge", "tick", "shutdown", "presence", "health", ASKING),
                *(relay.event for relay in self._relays.values()),
            }
        )

    def broadcast(
        self,
        event: str,
        payload: Any,
        versions: JsonObject | None = None,
        but: Connection | None = None,
    ) -> None:
        """Tell everybody whom it is for."""
        encoded = frames.event(event, payload, versions)
        droppable = event in _DROPPABLE
        guard = guard_of(event)  # once, not for each of a thousand clients
        session = str(payload.get("sessionKey")) if event in _OF_SESSIONS else None
        for connection in list(self._connections.values()):
            wanted = _is_for(connection, guard) or session in connection.sessions
            if wanted and connection is not but and self.may_stay(connection):
                connection.tell(encoded, droppable=droppable)
        self._let_slowest_go()

    def may_stay(self, connection: Connection) -> bool:
        """Whether a client may still be here; one whose credential ended meanwhile is shut out."""
        if connection.generation != self._admission.generation:
            if not self._admission.still(connection.admitted):
                connection.abandon(INVALIDATED, "credentials are no longer valid")
                return False
            connection.generation = self._admission.generation
        return not connection.closing

    def shut_out(self, device_id: str, role: str | None, reason: str) -> None:
        """Close the connections of a device, in one role or in all."""
        for connection in list(self._connections.values()):
            admitted = connection.admitted
            if admitted.device_id == device_id and role in (None, admitted.role):
                connection.abandon(INVALIDATED, reason)

    def close(self, reason: str) -> None:
        """Tell everybody that the gateway stops, and close, for good."""
        self.broadcast("shutdown", {"reason": reason})
        self._closed = (RESTART, "service restart")
        for connection in list(self._connections.values()):
            connection.close(*self._closed)

    async def keep_ticking(self) -> None:
        """Tell everybody from time to time that we live, for ever."""
        while True:
            await self._clock.sleep(TICK_SECONDS)
            self.broadcast("tick", {"ts": int(self._clock.now() * 1000)})

    async def keep_checking(self) -> None:
        """Let those go whose credential or session has ended, for ever."""
        checked = self._admission.generation
        while True:
            await self._clock.sleep(until_next(self._clock.monotonic(), _CHECK_SECONDS))
            if self._missed:
                await self._check_devices()
            if checked != self._admission.generation:
                checked = self._admission.generation
                for connection in list(self._connections.values()):
                    self.may_stay(connection)

    async def _check_devices(self) -> None:
        self._missed, connections = False, list(self._connections.values())
        try:
            still = await self._admission.still_paired([connection.admitted for connection in connections])
        except GatewayError as error:
            self._missed = True
            _log.warning("devices_not_checked", reason=error.message())
            return
        for connection, paired in zip(connections, still, strict=True):
            if not paired:
                connection.abandon(INVALIDATED, "credentials are no longer valid")

    async def follow(self) -> None:
        """Tell the clients here what happens anywhere, for ever."""
        async for event in self._bus.subscribe([*self._relays, DEVICE_CLOSED]):
            if event.topic == LAGGED:
                self._missed = True
            if event.topic == DEVICE_CLOSED:
                self.shut_out(event.data["device_id"], event.data["role"], event.data["reason"])
            relay = self._relays.get(event.topic)
            if relay is None:
                continue
            try:
                payload = relay.shape(event.data)
                only = relay.only(event.data) if relay.only is not None else ""
                mark = relay.mark(event.data) if relay.mark is not None else ""
                if only:
                    self._tell_one(only, relay.event, payload)
                else:
                    self.broadcast(relay.event, payload)
            except (
                KeyError,
                TypeError,
                ValueError,
            ):  # another version's process may tell it otherwise, or what no JSON holds
                _log.warning("event_not_understood", topic=event.topic)
                continue
            if mark:
                self.heard.note(mark)
                if self._connections:
                    self.on_run_end()

    def ask_node(self, connection_id: str, payload: JsonObject) -> bool:
        """Hand a command to a node. False: it has gone."""
        connection = self._connections.get(connection_id)
        if connection is None or not self.may_stay(connection):
            return False
        connection.offer(frames.event(ASKING, payload))
        return True

    def _tell_one(self, connection_id: str, event: str, payload: Any) -> None:
        connection = self._connections.get(connection_id)
        if connection is not None and self.may_stay(connection) and hears(connection, event):
            connection.offer(frames.event(event, payload))

    def _let_slowest_go(self) -> None:
        waiting = sum(connection.backlog for connection in self._connections.values())
        while waiting > MOST_BYTES:
            slowest = max(self._connections.values(), key=lambda each: each.backlog)
            waiting -= slowest.backlog
            slowest.abandon(POLICY, "slow consumer")

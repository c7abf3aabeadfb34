"""The nodes that are connected, to whichever process of a cluster, and commands on their way to them and back.

A command goes over the bus to the process that has the node's connection, and its result comes back the same way. Nobody
waits for a process that was killed: what others were told of its nodes is forgotten when it is not told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.nodes import (
    NODE_ANSWERED,
    NODE_CONNECTED,
    NODE_GONE,
    NODE_INVOKED,
    NODE_PROGRESSED,
    NODES_ASKED,
    LiveNode,
    NodeAnswer,
)
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.text import Text

TELL_SECONDS = 30.0
FORGET_SECONDS = 95.0
MOST_WAITING = 256
"""How many commands of this process may be on their way at once."""

_log = structlog.get_logger(__name__)

Deliver = Callable[[str, JsonObject], bool]


class Nodes:
    """The nodes of all processes. `deliver` hands a command to a connection of this process; False: it is gone."""

    def __init__(self, bus: Bus, clock: Clock, randomness: Randomness, process: str, deliver: Deliver) -> None:
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._process = process
        self._deliver = deliver
        self._nodes: dict[str, tuple[LiveNode, float]] = {}
        """By connection: the node, and when it was heard of."""
        self._waiting: dict[str, tuple[str, asyncio.Future[NodeAnswer]]] = {}
        self._said: dict[str, tuple[int, Callable[[str], None]]] = {}
        """By call: the number of what its node said last, and who hears it."""
        self._asked: dict[str, tuple[str, float]] = {}
        """Commands that nodes of this process work at: their connection, and until when somebody waits."""

    async def join(self, node: LiveNode) -> None:
        """A node has connected to this process."""
        self._take(node)
        await self._tell(NODE_CONNECTED, {"node": asdict(node)})

    async def leave(self, connection_id: str) -> None:
        """Its connection has ended."""
        self._lose(connection_id)
        await self._tell(NODE_GONE, {"connection_id": connection_id})

    def connected(self) -> list[LiveNode]:
        """The nodes that are there; of one that is connected twice the newer connection."""
        since = self._clock.monotonic() - FORGET_SECONDS
        for connection_id, (node, heard) in list(self._nodes.items()):
            if heard < since and node.process != self._process:
                self._lose(connection_id)
        newest: dict[str, LiveNode] = {}
        for node, _ in sorted(self._nodes.values(), key=lambda pair: pair[0].connected_at):
            newest[node.node_id] = node
        return list(newest.values())

    def find(self, node_id: str) -> LiveNode | None:
        """A node that is there."""
        return next((node for node in self.connected() if node.node_id == node_id), None)

    async def invoke(
        self,
        node: LiveNode,
        command: str,
        params: str | None,
        seconds: float,
        key: str,
        said: Callable[[str], None] | None = None,
    ) -> NodeAnswer:
        """Have a node do something, and wait for the answer. `params` is JSON; `said` hears what the node says while it works.
        Raises UNAVAILABLE where too many wait; a node
        that goes or takes longer than `seconds` is an answer that is not `ok` (`NOT_CONNECTED`, `TIMEOUT`)."""
        if len(self._waiting) >= MOST_WAITING:
            raise GatewayError(ErrorKind.OVERLOADED, Text("nodes.too_many"))
        call_id = self._randomness.new_id()
        answer: asyncio.Future[NodeAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = (node.connection_id, answer)
        if said is not None:
            self._said[call_id] = (-1, said)
        payload: JsonObject = {"id": call_id, "nodeId": node.node_id, "command": command}
        if params is not None:
            payload["paramsJSON"] = params
        payload |= {"timeoutMs": round(seconds * 1000), "idempotencyKey": key}
        data = {"connection_id": node.connection_id, "payload": payload, "seconds": seconds}
        try:
            await self._tell(NODE_INVOKED, data)
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            return NodeAnswer(False, code="TIMEOUT", message="node invoke timed out")
        finally:
            del self._waiting[call_id]
            self._said.pop(call_id, None)

    async def answered(self, connection_id: str, call_id: str, answer: NodeAnswer) -> bool:
        """What a node of this process says came of a command. False: nobody waits for it (any more)."""
        asked = self._asked.pop(call_id, None)
        if asked is None or asked[0] != connection_id or asked[1] < self._clock.monotonic():
            return False
        await self._tell(NODE_ANSWERED, {"id": call_id, "answer": asdict(answer)})
        return True

    async def progressed(self, connection_id: str, call_id: str, seq: int, chunk: str) -> bool:
        """What a node of this process says while it works at a command. False: nobody waits for it (any more)."""
        asked = self._asked.get(call_id)
        if asked is None or asked[0] != connection_id or asked[1] < self._clock.monotonic():
            return False
        await self._tell(NODE_PROGRESSED, {"id": call_id, "seq": seq, "chunk": chunk})
        return True

    async def follow(self) -> None:
        """Hear of nodes, commands and answers, for ever."""
        topics = [NODE_CONNECTED, NODE_GONE, NODES_ASKED, NODE_INVOKED, NODE_ANSWERED, NODE_PROGRESSED]
        subscription = self._bus.subscribe(topics)
        await self._tell(NODES_ASKED, {})
        async for event in subscription:
            try:
                await self._hear(event)
            except (KeyError, TypeError, ValueError):  # another version's process may tell it otherwise
                _log.warning("event_not_understood", topic=event.topic)

    async def _hear(self, event: Event) -> None:
        data, foreign = event.data, event.origin != self._process
        if event.topic == NODE_CONNECTED and foreign:
            self._take(_node_of(data["node"]))
        elif event.topic == NODE_GONE and foreign:
            self._lose(data["connection_id"])
        elif event.topic == NODES_ASKED and foreign:
            await self._tell_own()
        elif event.topic == NODE_INVOKED:
            await self._hand_over(data)
        elif event.topic == NODE_ANSWERED and data["id"] in self._waiting:
            self._settle(self._waiting[data["id"]][1], NodeAnswer(**data["answer"]))
        elif event.topic == NODE_PROGRESSED and data["id"] in self._said:
            last, said = self._said[data["id"]]
            if data["seq"] > last:  # what comes twice is said once
                self._said[data["id"]] = (data["seq"], said)
                said(str(data["chunk"]))

    async def keep_telling(self) -> None:
        """Tell the others of the nodes of this process from time to time, for ever."""
        while True:
            await self._clock.sleep(TELL_SECONDS)
            await self._tell_own()
            now = self._clock.monotonic()
            self._asked = {key: asked for key, asked in self._asked.items() if asked[1] >= now}

    async def _tell_own(self) -> None:
        for node, _ in list(self._nodes.values()):
            if node.process == self._process:
                await self._tell(NODE_CONNECTED, {"node": asdict(node)})

    async def _hand_over(self, data: JsonObject) -> None:
        """Give a command to its node, where that is connected here."""
        connection_id, payload = data["connection_id"], data["payload"]
        known = self._nodes.get(connection_id)
        if known is None or known[0].process != self._process:
            return
        self._asked[payload["id"]] = (connection_id, self._clock.monotonic() + data["seconds"])
        if not self._deliver(connection_id, payload):
            await self.answered(connection_id, payload["id"], _gone())

    def _take(self, node: LiveNode) -> None:
        self._nodes[node.connection_id] = (node, self._clock.monotonic())

    def _lose(self, connection_id: str) -> None:
        self._nodes.pop(connection_id, None)
        for waiting_for, answer in self._waiting.values():
            if waiting_for == connection_id:
                self._settle(answer, _gone())
        self._asked = {key: asked for key, asked in self._asked.items() if asked[0] != connection_id}

    def _settle(self, answer: asyncio.Future[NodeAnswer], found: NodeAnswer) -> None:
        if not answer.done():
            answer.set_result(found)

    async def _tell(self, topic: str, data: JsonObject) -> None:
        await self._bus.publish(Event(topic, data, self._clock.now(), self._process))


def _gone() -> NodeAnswer:
    return NodeAnswer(False, code="NOT_CONNECTED", message="node disconnected")


def _node_of(fields: JsonObject) -> LiveNode:
    permissions = tuple((str(name), bool(value)) for name, value in fields["permissions"])
    caps, commands = tuple(fields["caps"]), tuple(fields["commands"])
    return LiveNode(**{**fields, "caps": caps, "commands": commands, "permissions": permissions})

"""Having a node do something: what it may be asked for, how long one waits, and what its answer comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.nodes import LiveNode, NodeAnswer
from crawdad.core.parts import JsonObject
from crawdad.core.settings import NodesSettings
from crawdad.core.text import Text
from crawdad.services.nodes.live import Nodes
from crawdad.services.nodes.pending import PendingWork
from crawdad.services.nodes.policy import allowed_commands, can_wait, objection

SECONDS = 30.0
LONGEST_SECONDS = 3600.0
_OWN_METHODS = ("system.execApprovals.get", "system.execApprovals.set")
"""Commands that change what a node lets run: methods of their own, which ask for more rights, lead to them."""
_IN_BACKGROUND = "NODE_BACKGROUND_UNAVAILABLE"


class NodeAsking:
    """Asks nodes, for operators and for agents."""

    def __init__(self, nodes: Nodes, pending: PendingWork, settings: Callable[[], NodesSettings]) -> None:
        self._nodes = nodes
        self._pending = pending
        self._settings = settings

    def connected(self) -> list[LiveNode]:
        """The nodes that are there."""
        return self._nodes.connected()

    def allowed(self, platform: str, device_family: str) -> frozenset[str]:
        """What a node of that kind may be asked for, if it knows it."""
        return allowed_commands(self._settings(), platform, device_family)

    def node_for(self, node_id: str, command: str) -> LiveNode:
        """The node that may be asked for a command. Raises BAD_REQUEST, UNAVAILABLE."""
        if command in _OWN_METHODS:
            raise bad_request("nodes.own_method", "command")
        node = self._nodes.find(node_id)
        if node is None:
            raise not_connected()
        reason = objection(command, node.commands, self.allowed(node.platform, node.device_family))
        if reason is not None:
            wire = {"wire": {"reason": reason, "command": command}}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("nodes.not_allowed"), wire)
        return node

    async def ask(
        self,
        node: LiveNode,
        command: str,
        params: Any,
        seconds: float,
        key: str,
        said: Callable[[str], None] | None = None,
    ) -> NodeAnswer:
        """What the node answers. `said` hears what it says meanwhile. Raises UNAVAILABLE where it failed; a command that a
        phone only takes while somebody looks at it is kept until then, which the error says."""
        written = None if params is None else orjson.dumps(params).decode()
        answer = await self._nodes.invoke(node, command, written, min(seconds, LONGEST_SECONDS), key, said)
        if answer.code == _IN_BACKGROUND and can_wait(command, node.platform, node.device_family):
            action = await self._pending.postpone(node.node_id, command, written, key)
            details: JsonObject = {"code": "QUEUED_UNTIL_FOREGROUND", "queuedActionId": action}
            details |= {"nodeId": node.node_id, "command": command}
            details["nodeError"] = {"code": answer.code, "message": answer.message}
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("nodes.postponed"), {"wire": details})
        return answer


def payload_of(answer: NodeAnswer) -> Any:
    """What a node's command gave. Raises UNAVAILABLE where it failed."""
    if not answer.ok:
        code, message = answer.code or "UNAVAILABLE", answer.message or "node invoke failed"
        details: JsonObject = {"nodeError": {"code": code, "message": message}}
        if code == "NOT_CONNECTED":
            details["code"] = code
        words = Text("nodes.failed", {"reason": f"{code}: {message}"[:2000]})
        raise GatewayError(ErrorKind.UPSTREAM_ERROR, words, {"wire": details})
    if answer.payload_json is None:
        return answer.payload
    try:
        return orjson.loads(answer.payload_json)
    except ValueError:
        return answer.payload_json


def not_connected() -> GatewayError:
    """The node is not there."""
    return GatewayError(ErrorKind.UNAVAILABLE, Text("nodes.not_connected"), {"wire": {"code": "NOT_CONNECTED"}})

"""Nodes: devices that run commands for the gateway, and what is told of them on the bus."""

from __future__ import annotations

from dataclasses import dataclass

NODE_REQUESTED = "nodes.requested"
"""A node asks to be let in: `{request}` (a device request's fields)."""
NODE_RESOLVED = "nodes.resolved"
"""That was decided: `{request_id, device_id, decision, by, at}`."""
NODE_CONNECTED = "nodes.connected"
"""A node is there: `{node}` (its fields). Told again from time to time."""
NODE_GONE = "nodes.gone"
"""It is not any more: `{connection_id}`."""
NODES_ASKED = "nodes.asked"
"""A process wants to know which nodes the others have."""
NODE_INVOKED = "nodes.invoked"
"""A command for a node: `{connection_id, payload, seconds}`; `payload` as the node sees it."""
NODE_ANSWERED = "nodes.answered"
"""What came of it: `{id, answer}` (the answer's fields)."""
NODE_PROGRESSED = "nodes.progressed"
"""What a node says while it works: `{id, seq, chunk}`."""


@dataclass(frozen=True, slots=True)
class LiveNode:
    """A node that is connected, by its own account but for `node_id`, `connection_id` and `process`. `connected_at` is Unix
    time in seconds; `commands` are those that it says it knows, whether it may be asked for them or not."""

    node_id: str
    connection_id: str
    process: str
    connected_at: float
    display_name: str = ""
    platform: str = ""
    version: str = ""
    device_family: str = ""
    model_identifier: str = ""
    remote_ip: str = ""
    path_env: str = ""
    caps: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    permissions: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What a node says came of a command. `payload_json` is the result as the node wrote it, where it wrote text."""

    ok: bool
    payload: object = None
    payload_json: str | None = None
    code: str = ""
    message: str = ""

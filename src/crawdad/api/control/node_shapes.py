"""Nodes as the control channel shows them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from crawdad.api.control.connection import Connection
from crawdad.api.control.device_shapes import milliseconds
from crawdad.core.devices import Described, Device, DeviceRequest
from crawdad.core.nodes import LiveNode
from crawdad.core.parts import JsonObject
from crawdad.wire.control.scopes import NODE

Allowed = Callable[[str, str], Collection[str]]
"""The commands that a node of some platform and device family may be asked for."""


def live_node(connection: Connection, process: str, at: float) -> LiveNode:
    """The node that has come in by this connection."""
    connect, peer = connection.connect, connection.peer
    return LiveNode(
        node_id=connection.admitted.device_id,
        connection_id=connection.id,
        process=process,
        connected_at=at,
        display_name=connect.said("displayName"),
        platform=connect.said("platform"),
        version=connect.said("version"),
        device_family=connect.said("deviceFamily"),
        model_identifier=connect.said("modelIdentifier"),
        remote_ip="" if peer.local else peer.address,
        path_env=connect.path_env,
        caps=connect.caps,
        commands=connect.commands,
        permissions=tuple((name, bool(value)) for name, value in connect.permissions.items()),
    )


def node_rows(devices: Collection[Device], live: Collection[LiveNode], allowed: Allowed) -> list[JsonObject]:
    """All nodes: those that are connected first, then by name."""
    there = {node.node_id: node for node in live}
    paired = {device.id: device for device in devices if NODE in device.roles}
    rows = [_row(paired.get(node_id), there.get(node_id), allowed) for node_id in {**there, **paired}]
    return sorted(rows, key=lambda row: (not row["connected"], str(row.get("displayName", "")).lower(), row["nodeId"]))


def _row(device: Device | None, node: LiveNode | None, allowed: Allowed) -> JsonObject:
    described = device.described if device is not None else Described(node.node_id if node is not None else "", "")
    told: JsonObject = {"nodeId": described.device_id}
    told |= _filled(
        displayName=described.display_name or (node.display_name if node is not None else ""),
        platform=(node.platform if node is not None else "") or described.platform,
        version=node.version if node is not None else "",
        deviceFamily=(node.device_family if node is not None else "") or described.device_family,
        modelIdentifier=node.model_identifier if node is not None else "",
        remoteIp=(node.remote_ip if node is not None else "") or described.remote_ip,
    )
    if node is None:
        return {**told, "caps": [], "commands": [], "paired": device is not None, "connected": False}
    may = allowed(node.platform, node.device_family)
    told |= {"caps": sorted(set(node.caps)), "commands": sorted(set(node.commands) & set(may))}
    told |= _filled(pathEnv=node.path_env)
    if node.permissions:
        told["permissions"] = dict(node.permissions)
    told["connectedAtMs"] = milliseconds(node.connected_at)
    return {**told, "paired": device is not None, "connected": True}


def node_request(request: DeviceRequest) -> JsonObject:
    """A node that waits to be let in."""
    described = request.described
    told: JsonObject = {"requestId": request.id, "nodeId": described.device_id}
    told |= _described(described)
    return {**told, "silent": False, "isRepair": request.repair, "ts": milliseconds(request.at)}


def paired_node(device: Device, token: str = "") -> JsonObject:
    """A node that was let in; with its token where that is handed out."""
    told: JsonObject = {"nodeId": device.id, **_filled(token=token), **_described(device.described)}
    return {**told, "createdAtMs": milliseconds(device.created_at), "approvedAtMs": milliseconds(device.approved_at)}


def _described(described: Described) -> JsonObject:
    return _filled(
        displayName=described.display_name,
        platform=described.platform,
        deviceFamily=described.device_family,
        remoteIp=described.remote_ip,
    )


def _filled(**fields: str) -> JsonObject:
    return {name: value for name, value in fields.items() if value}

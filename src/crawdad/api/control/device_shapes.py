"""Devices as the control channel shows them. Never the secret of a token."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.devices import Described, Device, DeviceRequest, DeviceToken
from crawdad.core.parts import JsonObject


def milliseconds(seconds: float) -> int:
    """A time as clients count it."""
    return int(seconds * 1000)


def _described(described: Described) -> JsonObject:
    told: JsonObject = {"deviceId": described.device_id, "publicKey": described.public_key}
    optional = {
        "displayName": described.display_name,
        "platform": described.platform,
        "deviceFamily": described.device_family,
        "clientId": described.client_id,
        "clientMode": described.client_mode,
    }
    return {**told, **{name: value for name, value in optional.items() if value}}


def request_fields(request: DeviceRequest) -> JsonObject:
    """A device that waits."""
    told: JsonObject = {"requestId": request.id, **_described(request.described)}
    told |= {"role": request.role, "roles": [request.role], "scopes": list(request.scopes)}
    if request.described.remote_ip:
        told["remoteIp"] = request.described.remote_ip
    return {**told, "silent": False, "isRepair": request.repair, "ts": milliseconds(request.at)}


def device_fields(device: Device, tokens: Sequence[DeviceToken] = ()) -> JsonObject:
    """A device that was let in."""
    told = _described(device.described)
    told |= {"role": device.roles[0], "roles": list(device.roles), "scopes": list(device.scopes)}
    if device.described.remote_ip:
        told["remoteIp"] = device.described.remote_ip
    told |= {"createdAtMs": milliseconds(device.created_at), "approvedAtMs": milliseconds(device.approved_at)}
    return {**told, "tokens": [token_fields(token) for token in tokens]}


def token_fields(token: DeviceToken) -> JsonObject:
    """What is told of a token."""
    told: JsonObject = {
        "role": token.role,
        "scopes": list(token.scopes),
        "createdAtMs": milliseconds(token.created_at),
    }
    times = {
        "rotatedAtMs": token.rotated_at,
        "revokedAtMs": token.revoked_at,
        "lastUsedAtMs": token.last_used_at,
    }
    return {**told, **{name: milliseconds(at) for name, at in times.items() if at is not None}}

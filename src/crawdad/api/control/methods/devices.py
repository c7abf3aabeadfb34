"""`device.*`: who waits to be let in, who was, and the end of it."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.device_shapes import device_fields, milliseconds, request_fields
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import bad_request
from crawdad.services.devices.pairing import MOST_NAME, Pairing
from crawdad.wire.control.schema import FILLED, NOTHING, closed
from crawdad.wire.control.scopes import PAIRING

_REQUEST = closed({"requestId": FILLED}, "requestId")
_DEVICE = closed({"deviceId": FILLED}, "deviceId")
_RENAME = closed({"deviceId": FILLED, "displayName": FILLED}, "deviceId", "displayName")
_ROTATE = closed({"deviceId": FILLED, "role": FILLED, "scopes": {"type": "array", "items": FILLED}}, "deviceId", "role")
_REVOKE = closed({"deviceId": FILLED, "role": FILLED}, "deviceId", "role")


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    answers = _Devices(control.pairing)
    return [
        Method("device.pair.list", PAIRING, answers.listed, NOTHING, "{pending[], paired[]}"),
        Method("device.pair.approve", PAIRING, answers.approve, _REQUEST, "{requestId, device{…}}"),
        Method("device.pair.reject", PAIRING, answers.reject, _REQUEST, "{requestId, deviceId}"),
        Method("device.pair.remove", PAIRING, answers.remove, _DEVICE, "{deviceId}"),
        Method("device.pair.rename", PAIRING, answers.rename, _RENAME, "{deviceId, displayName}"),
        Method("device.token.rotate", PAIRING, answers.rotate, _ROTATE, "{deviceId, role, token, scopes, rotatedAtMs}"),
        Method("device.token.revoke", PAIRING, answers.revoke, _REVOKE, "{deviceId, role, revokedAtMs}"),
    ]


class _Devices:
    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing

    async def listed(self, _: Asked) -> Any:
        waiting, known = await self._pairing.waiting(), await self._pairing.known()
        return {
            "pending": [request_fields(request) for request in waiting if request.described.public_key],
            "paired": [device_fields(device, tokens) for device, tokens in known if device.described.public_key],
        }

    async def approve(self, asked: Asked) -> Any:
        request, device = await self._pairing.approve(asked.params["requestId"], asked.connection.admitted.by)
        return {"requestId": request.id, "device": device_fields(device)}

    async def reject(self, asked: Asked) -> Any:
        request = await self._pairing.reject(asked.params["requestId"], asked.connection.admitted.by)
        return {"requestId": request.id, "deviceId": request.described.device_id}

    async def remove(self, asked: Asked) -> Any:
        device_id = asked.params["deviceId"]
        await self._pairing.remove(device_id, asked.connection.admitted.by)
        return {"deviceId": device_id}

    async def rename(self, asked: Asked) -> Any:
        name = asked.params["displayName"].strip()[:MOST_NAME]
        if not name:
            raise bad_request("nodes.no_name", "displayName")
        await self._pairing.rename(asked.params["deviceId"], None, name, asked.connection.admitted.by)
        return {"deviceId": asked.params["deviceId"], "displayName": name}

    async def rotate(self, asked: Asked) -> Any:
        params = asked.params
        by = asked.connection.admitted.by
        token, secret = await self._pairing.rotate(params["deviceId"], params["role"], params.get("scopes"), by)
        return {
            "deviceId": token.device_id,
            "role": token.role,
            "token": secret,
            "scopes": list(token.scopes),
            "rotatedAtMs": milliseconds(token.rotated_at or 0),
        }

    async def revoke(self, asked: Asked) -> Any:
        params = asked.params
        at = await self._pairing.revoke(params["deviceId"], params["role"], asked.connection.admitted.by)
        return {"deviceId": params["deviceId"], "role": params["role"], "revokedAtMs": milliseconds(at)}

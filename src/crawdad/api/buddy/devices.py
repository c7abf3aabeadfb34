"""`/v1/openclaw/devices`: who is paired with the control channel, who waits, and letting somebody in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.fields import named
from crawdad.api.buddy.moments import moment
from crawdad.api.control.device_shapes import milliseconds
from crawdad.core.devices import Described, Device, DeviceRequest
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.services.devices.pairing import By
from crawdad.services.devices.rights import scopes_of

_PATH = "/v1/openclaw/devices"


def device_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes. No device is let in by itself, and nobody lets one in that would get more than he holds."""
    pairing = context.pairing
    may_pair = Depends(context.access.need(Permission.KEYS_MANAGE))

    @router.get(_PATH, dependencies=[may_pair])
    async def listed() -> dict[str, Any]:
        """Who waits comes first."""
        rows = [_waiting(request) for request in await pairing.waiting() if request.described.public_key]
        rows += [_paired(device) for device, _ in await pairing.known() if device.described.public_key]
        return success({"data": rows, "updated_at": moment(context.gate.clock.now())})

    @router.post(f"{_PATH}/approve")
    async def approve(request: Request, principal: Principal = may_pair) -> dict[str, Any]:
        wanted = named(await body_of(request), "requestId", "request_id", "id")
        _, device = await pairing.approve(wanted, By(principal.id, scopes_of(principal)))
        return success({"status": "success", "requestId": wanted, "device": _paired(device)})


def _waiting(request: DeviceRequest) -> JsonObject:
    told = {"requestId": request.id, **_described(request.described), "role": request.role}
    return {
        **told,
        "scopes": list(request.scopes),
        "status": "pending",
        "createdAtMs": milliseconds(request.at),
        "approvedAtMs": 0,
    }


def _paired(device: Device) -> JsonObject:
    told = {"requestId": "", **_described(device.described), "role": device.roles[0]}
    return {
        **told,
        "scopes": list(device.scopes),
        "status": "paired",
        "createdAtMs": milliseconds(device.created_at),
        "approvedAtMs": milliseconds(device.approved_at),
    }


def _described(described: Described) -> JsonObject:
    return {
        "deviceId": described.device_id,
        "displayName": described.display_name,
        "platform": described.platform,
        "clientId": described.client_id,
        "clientMode": described.client_mode,
    }

"""Domain events as clients hear of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.api.control.device_shapes import request_fields
from crawdad.api.control.hub import Relay
from crawdad.core.devices import DEVICE_REQUESTED, DEVICE_RESOLVED, Described, DeviceRequest
from crawdad.core.parts import JsonObject


def _requested(data: Mapping[str, Any]) -> JsonObject:
    told = dict(data["request"])
    told["described"] = Described(**told["described"])
    told["scopes"] = tuple(told["scopes"])
    return request_fields(DeviceRequest(**told))


def _resolved(data: Mapping[str, Any]) -> JsonObject:
    return {
        "requestId": data["request_id"],
        "deviceId": data["device_id"],
        "decision": data["decision"],
        "ts": int(data["at"] * 1000),
    }


RELAYS: Mapping[str, Relay] = {
    DEVICE_REQUESTED: Relay("device.pair.requested", _requested),
    DEVICE_RESOLVED: Relay("device.pair.resolved", _resolved),
}

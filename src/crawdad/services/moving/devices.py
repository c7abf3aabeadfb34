"""OpenClaw's paired devices (`devices/paired.json`), read."""

from __future__ import annotations

from typing import Any

from crawdad.core.devices import Described, Device
from crawdad.core.parts import JsonObject
from crawdad.wire.control.device import device_id, raw_public_key, spelled
from crawdad.wire.control.scopes import ROLES, known

_MOST_TEXT = 200


def read_paired(document: Any, parent_id: str, now: float) -> tuple[list[Device], list[str]]:
    """The devices, in the name of the principal `parent_id`, and the ids of those that cannot be read. Their tokens stay
    where they are: ours are made otherwise."""
    listed = document if isinstance(document, list) else list(document.values()) if isinstance(document, dict) else []
    found: list[Device] = []
    unreadable: list[str] = []
    for each in listed:
        device = _device(each, parent_id, now) if isinstance(each, dict) else None
        if device is not None:
            found.append(device)
        else:
            unreadable.append(_text(each, "deviceId") if isinstance(each, dict) else "?")
    return found, unreadable


def _device(each: JsonObject, parent_id: str, now: float) -> Device | None:
    raw = raw_public_key(_text(each, "publicKey", 2000))
    if raw is None or device_id(raw) != _text(each, "deviceId").lower():
        return None
    roles = tuple(sorted({role for role in _texts(each, "roles") or _texts(each, "role") if role in ROLES}))
    if not roles:
        return None
    described = Described(
        device_id(raw),
        spelled(raw),
        *(
            _text(each, name)
            for name in ("displayName", "platform", "deviceFamily", "clientId", "clientMode", "remoteIp")
        ),
    )
    scopes = known(_texts(each, "approvedScopes") or _texts(each, "scopes"))
    return Device(
        described, roles, scopes, parent_id, _moment(each, "createdAtMs", now), _moment(each, "approvedAtMs", now)
    )


def _text(each: JsonObject, name: str, most: int = _MOST_TEXT) -> str:
    found = each.get(name)
    return found[:most] if isinstance(found, str) else ""


def _texts(each: JsonObject, name: str) -> tuple[str, ...]:
    found = each.get(name)
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _moment(each: JsonObject, name: str, now: float) -> float:
    found = each.get(name)
    good = isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < 1e14
    return min(found / 1000, now) if good else now  # type: ignore[operator]

"""Devices that connect to the control channel: what is known of one, what it asks for, what it was given."""

from __future__ import annotations

from dataclasses import dataclass

DEVICE_REQUESTED = "devices.requested"
"""A device asks to be let in: `{request}` (the request's fields)."""
DEVICE_RESOLVED = "devices.resolved"
"""A request was decided: `{request_id, device_id, decision, by, at}`."""
DEVICE_CLOSED = "devices.closed"
"""What a device holds ended: `{device_id, role, reason, by}`; `role` None: all of it. Its connections close."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a device says of itself. None of it is proven but the key."""

    device_id: str
    public_key: str
    display_name: str = ""
    platform: str = ""
    device_family: str = ""
    client_id: str = ""
    client_mode: str = ""
    remote_ip: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that was let in. Times are Unix seconds. `parent_id` is the principal in whose name it was: the device never
    may more than that one may, and nothing once that one is gone."""

    described: Described
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    parent_id: str
    created_at: float
    approved_at: float

    @property
    def id(self) -> str:
        """The device's id."""
        return self.described.device_id


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A device that waits to be let in. `repair`: it is known already, and wants more or has changed."""

    id: str
    described: Described
    role: str
    scopes: tuple[str, ...]
    repair: bool
    at: float
    reason: str = "not-paired"


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """What a device proves itself with in one role. The token itself is kept nowhere: it follows from `serial` and a key of
    the installation. Times are Unix seconds."""

    device_id: str
    role: str
    serial: str
    scopes: tuple[str, ...]
    created_at: float
    rotated_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None

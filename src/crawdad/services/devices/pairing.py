"""Pairing: who waits to be let in, who was, and the end of it. Every change is told on the bus and in the log.

Nobody gives away what he does not hold: who lets a device in, or has a token made anew, must hold all that it gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import structlog

from crawdad.core.devices import DEVICE_CLOSED, DEVICE_REQUESTED, DEVICE_RESOLVED, Device, DeviceRequest, DeviceToken
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.nodes import NODE_REQUESTED, NODE_RESOLVED
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.devices.tokens import TokenMint
from crawdad.store.devices import DeviceStore
from crawdad.wire.control.scopes import NODE, OPERATOR, beyond, known

REQUEST_SECONDS = 300.0
MOST_REQUESTS = 50
MOST_NAME = 200
"""Characters of what a device is called."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something: what he holds, and the principal that he acts for. `device_id` is empty without a device."""

    principal_id: str
    scopes: tuple[str, ...]
    device_id: str = ""


class Pairing:
    """Devices as operators see and change them."""

    def __init__(self, store: DeviceStore, mint: TokenMint, bus: Bus, clock: Clock, randomness: Randomness) -> None:
        self.store = store
        self.mint = mint
        self._bus = bus
        self._clock = clock
        self._randomness = randomness

    async def waiting(self) -> list[DeviceRequest]:
        """Who waits, the newest first."""
        return await self.store.requests(self._clock.now() - REQUEST_SECONDS)

    async def known(self) -> list[tuple[Device, list[DeviceToken]]]:
        """The devices that were let in, with what they hold."""
        return await self.store.everything()

    async def ask(self, request: DeviceRequest) -> DeviceRequest:
        """Have a device wait; an equal request of it that waits already is the answer."""
        kept = await self.store.request(request, self._clock.now() - REQUEST_SECONDS, MOST_REQUESTS)
        if kept.id == request.id:
            _log.info("device_waits", device=request.described.device_id, role=request.role, reason=request.reason)
            if request.described.public_key:
                await self._tell(DEVICE_REQUESTED, {"request": asdict(request)})
            if request.role == NODE:
                await self._tell(NODE_REQUESTED, {"request": asdict(request)})
        return kept

    async def approve(self, request_id: str, by: By) -> tuple[DeviceRequest, Device]:
        """Let a device in. Raises NOT_FOUND, and FORBIDDEN where it would get what `by` does not hold."""
        request = await self._request(request_id)
        lacking = beyond(request.scopes, by.scopes)
        if lacking is not None:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("devices.scope", {"scope": lacking}))
        device = await self.let_in(request, by, settles=request_id)
        if device is None:
            raise _unknown_request()
        return request, device

    async def let_in(self, request: DeviceRequest, by: By, settles: str | None = None) -> Device | None:
        """Make it a device, or widen the one there is. None: somebody else has decided `settles` meanwhile."""
        now = self._clock.now()
        found = await self.store.get(request.described.device_id)
        device = Device(request.described, (request.role,), known(request.scopes), by.principal_id, now, now)
        if found is not None and found[0].parent_id == by.principal_id:
            before = found[0]
            device = replace(
                device,
                roles=tuple(sorted({*before.roles, request.role})),
                scopes=known((*before.scopes, *request.scopes)),
                created_at=before.created_at,
            )
        if not await self.store.put(device, settles):
            return None
        for token in found[1] if found is not None else ():
            if token.revoked_at is not None:
                continue
            if token.role not in device.roles:
                await self.store.revoke_token(device.id, token.role, now)
            elif token.role == request.role:
                await self.store.put_token(replace(token, scopes=device.scopes))
        _log.info("device_paired", device=device.id, role=request.role, scopes=device.scopes, by=by.principal_id)
        await self._resolved(request, "approved", by)
        return device

    async def reject(self, request_id: str, by: By) -> DeviceRequest:
        """Do not let a device in. Raises NOT_FOUND."""
        request = await self._request(request_id)
        if not await self.store.drop_request(request_id):
            raise _unknown_request()
        _log.info("device_rejected", device=request.described.device_id, by=by.principal_id)
        await self._resolved(request, "rejected", by)
        return request

    async def remove(self, device_id: str, by: By) -> None:
        """Forget a device; its connections close. Raises NOT_FOUND."""
        if not await self.store.remove(device_id):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("devices.unknown"))
        await self._closed(device_id, None, "device removed", by)

    async def rotate(self, device_id: str, role: str, scopes: Sequence[str] | None, by: By) -> tuple[DeviceToken, str]:
        """A new token instead of the old: the row, and the token itself. Connections of the old one close.

        Raises NOT_FOUND, and FORBIDDEN for scopes that the device was not given or `by` does not hold.
        """
        found = await self.store.get(device_id)
        token = next((each for each in found[1] if each.role == role), None) if found is not None else None
        if found is None or token is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("devices.unknown_role"))
        wanted = token.scopes if scopes is None else tuple(sorted(set(scopes)))
        if beyond(wanted, found[0].scopes) is not None or beyond(wanted, by.scopes) is not None:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("devices.rotation_denied"))
        now = self._clock.now()
        fresh = replace(token, serial=self._randomness.new_id(), scopes=known(wanted), rotated_at=now, revoked_at=None)
        await self.store.put_token(fresh)
        await self._closed(device_id, role, "device token rotated", by)
        return fresh, await self.mint.token(device_id, role, fresh.serial)

    async def token(self, device: Device, role: str) -> DeviceToken:
        """The device's token in that role; made where there is none that holds."""
        found = await self.store.get(device.id)
        token = next((each for each in found[1] if each.role == role), None) if found is not None else None
        if token is not None and token.revoked_at is None:
            return token
        scopes = device.scopes if role == OPERATOR else ()
        token = DeviceToken(device.id, role, self._randomness.new_id(), scopes, self._clock.now())
        await self.store.put_token(token)
        return token

    async def rename(self, device_id: str, role: str | None, name: str, by: By) -> Device:
        """Call a device otherwise. Raises NOT_FOUND for one that is not there, or not in that role (None: in any)."""
        found = await self.store.get(device_id)
        if found is None or (role is not None and role not in found[0].roles):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("devices.unknown"))
        device = replace(found[0], described=replace(found[0].described, display_name=name))
        await self.store.put(device)
        _log.info("device_renamed", device=device_id, by=by.principal_id)
        return device

    async def revoke(self, device_id: str, role: str, by: By) -> float:
        """End a token, and the connections of its device in that role. When that was. Raises NOT_FOUND."""
        now = self._clock.now()
        if not await self.store.revoke_token(device_id, role, now):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("devices.unknown_role"))
        await self._closed(device_id, role, "device token revoked", by)
        return now

    async def _request(self, request_id: str) -> DeviceRequest:
        for request in await self.waiting():
            if request.id == request_id:
                return request
        raise _unknown_request()

    async def _resolved(self, request: DeviceRequest, decision: str, by: By) -> None:
        data = {
            "request_id": request.id,
            "device_id": request.described.device_id,
            "decision": decision,
            "by": by.principal_id,
            "at": self._clock.now(),
        }
        if request.described.public_key:
            await self._tell(DEVICE_RESOLVED, data)
        if request.role == NODE:
            await self._tell(NODE_RESOLVED, data)

    async def _closed(self, device_id: str, role: str | None, reason: str, by: By) -> None:
        _log.info("device_ended", device=device_id, role=role, reason=reason, by=by.principal_id)
        data = {"device_id": device_id, "role": role, "reason": reason, "by": by.principal_id}
        await self._tell(DEVICE_CLOSED, data)

    async def _tell(self, topic: str, data: Mapping[str, object]) -> None:
        await self._bus.publish(Event(topic, dict(data), self._clock.now()))


def _unknown_request() -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, Text("devices.unknown_request"))

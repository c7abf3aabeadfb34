"""Devices of the control channel: who was let in, who waits, and what they hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import RowMapping, delete, insert, select, update

from crawdad.core.devices import Described, Device, DeviceRequest, DeviceToken
from crawdad.store.database import Database
from crawdad.store.device_tables import device_requests, device_tokens, devices
from crawdad.store.upsert import insert_or_set


class DeviceStore:
    """The tables of devices, requests and tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, device_id: str) -> tuple[Device, list[DeviceToken]] | None:
        """A device with its tokens."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(devices).where(devices.c.id == device_id))).mappings().one_or_none()
            if row is None:
                return None
            query = select(device_tokens).where(device_tokens.c.device_id == device_id).order_by(device_tokens.c.role)
            tokens = [_token(each) for each in (await connection.execute(query)).mappings()]
        return _device(row), tokens

    async def everything(self) -> list[tuple[Device, list[DeviceToken]]]:
        """All devices, those let in last first."""
        async with self._database.read() as connection:
            query = select(devices).order_by(devices.c.approved_at.desc(), devices.c.id)
            found = [_device(row) for row in (await connection.execute(query)).mappings()]
            held: dict[str, list[DeviceToken]] = {}
            for row in (await connection.execute(select(device_tokens).order_by(device_tokens.c.role))).mappings():
                held.setdefault(row["device_id"], []).append(_token(row))
        return [(device, held.get(device.id, [])) for device in found]

    async def put(self, device: Device, settles: str | None = None) -> bool:
        """Keep a device as it is given. `settles` names the request that this decides: False, and nothing is kept, when
        somebody else has decided it meanwhile. Other requests of the device end with it."""
        values = {
            "id": device.id,
            "described": _text(asdict(device.described)),
            "roles": _text(device.roles),
            "scopes": _text(device.scopes),
            "parent_id": device.parent_id,
            "created_at": device.created_at,
            "approved_at": device.approved_at,
        }
        changes = {name: value for name, value in values.items() if name not in ("id", "created_at")}
        async with self._database.write() as connection:
            if settles is not None:
                gone = await connection.execute(delete(device_requests).where(device_requests.c.id == settles))
                if not gone.rowcount:
                    return False
            await connection.execute(insert_or_set(self._database.dialect, devices, values, changes))
        return True

    async def remove(self, device_id: str) -> bool:
        """Forget a device and all it holds and waits for. False: there is none."""
        async with self._database.write() as connection:
            await connection.execute(delete(device_tokens).where(device_tokens.c.device_id == device_id))
            await connection.execute(delete(device_requests).where(device_requests.c.device_id == device_id))
            return (await connection.execute(delete(devices).where(devices.c.id == device_id))).rowcount > 0

    async def put_token(self, token: DeviceToken) -> None:
        """Keep a token as it is given."""
        values: dict[str, Any] = {**asdict(token), "scopes": _text(token.scopes)}
        changes = {name: value for name, value in values.items() if name not in ("device_id", "role")}
        async with self._database.write() as connection:
            await connection.execute(insert_or_set(self._database.dialect, device_tokens, values, changes))

    async def revoke_token(self, device_id: str, role: str, at: float) -> bool:
        """Note that a token no longer counts. False: there is none."""
        query = update(device_tokens).where(device_tokens.c.device_id == device_id, device_tokens.c.role == role)
        async with self._database.write() as connection:
            return (await connection.execute(query.values(revoked_at=at))).rowcount > 0

    async def used_token(self, device_id: str, role: str, at: float) -> None:
        """Note when a token was used last."""
        query = update(device_tokens).where(device_tokens.c.device_id == device_id, device_tokens.c.role == role)
        async with self._database.write() as connection:
            await connection.execute(query.values(last_used_at=at))

    async def request(self, request: DeviceRequest, expired: float, most: int) -> DeviceRequest:
        """Keep a request, instead of an equal one of the same device the one that is there. Those from before `expired`
        are forgotten, and the oldest of more than `most`."""
        own = select(device_requests).where(
            device_requests.c.device_id == request.described.device_id, device_requests.c.role == request.role
        )
        newest = select(device_requests.c.id).order_by(device_requests.c.at.desc()).limit(most)
        async with self._database.write() as connection:
            await connection.execute(delete(device_requests).where(device_requests.c.at <= expired))
            for row in (await connection.execute(own)).mappings().all():
                known = _request(row)
                if known.scopes == request.scopes and known.reason == request.reason:
                    return known
                await connection.execute(delete(device_requests).where(device_requests.c.id == known.id))
            values = {
                "id": request.id,
                "device_id": request.described.device_id,
                "described": _text(asdict(request.described)),
                "role": request.role,
                "scopes": _text(request.scopes),
                "repair": request.repair,
                "reason": request.reason,
                "at": request.at,
            }
            await connection.execute(insert(device_requests), values)
            kept = set((await connection.execute(newest)).scalars())
            await connection.execute(delete(device_requests).where(device_requests.c.id.not_in(kept)))
        return request

    async def requests(self, expired: float) -> list[DeviceRequest]:
        """Who waits, since after `expired`; the newest first."""
        query = select(device_requests).where(device_requests.c.at > expired).order_by(device_requests.c.at.desc())
        async with self._database.read() as connection:
            return [_request(row) for row in (await connection.execute(query)).mappings()]

    async def drop_request(self, request_id: str) -> bool:
        """Forget a request. False: there is none."""
        async with self._database.write() as connection:
            found = await connection.execute(delete(device_requests).where(device_requests.c.id == request_id))
            return found.rowcount > 0


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _words(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))


def _device(row: RowMapping) -> Device:
    return Device(
        Described(**orjson.loads(row["described"])),
        _words(row["roles"]),
        _words(row["scopes"]),
        row["parent_id"],
        row["created_at"],
        row["approved_at"],
    )


def _token(row: RowMapping) -> DeviceToken:
    return DeviceToken(**{**row, "scopes": _words(row["scopes"])})


def _request(row: RowMapping) -> DeviceRequest:
    return DeviceRequest(
        row["id"],
        Described(**orjson.loads(row["described"])),
        row["role"],
        _words(row["scopes"]),
        row["repair"],
        row["at"],
        row["reason"],
    )

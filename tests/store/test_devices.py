"""Devices, requests and tokens, as they are kept."""

from __future__ import annotations

from dataclasses import replace

from crawdad.adapters.system import SystemRandomness
from crawdad.core.devices import Described, Device, DeviceRequest, DeviceToken
from crawdad.services.devices.tokens import TokenMint
from crawdad.store.database import Database
from crawdad.store.devices import DeviceStore
from crawdad.store.key_values import KeyValues

DESCRIBED = Described("d", "key", "Ann's", "linux", "", "cli", "cli", "10.0.0.1")
DEVICE = Device(DESCRIBED, ("operator",), ("operator.read",), "token", 1.0, 2.0)
TOKEN = DeviceToken("d", "operator", "one", ("operator.read",), 3.0)


def _request(number: int, device_id: str = "d", at: float = 100.0) -> DeviceRequest:
    return DeviceRequest(
        f"r{number}", replace(DESCRIBED, device_id=device_id), "operator", ("operator.read",), False, at
    )


async def test_a_device_comes_back_with_its_tokens(database: Database) -> None:
    store = DeviceStore(database)
    assert await store.get("d") is None
    assert await store.put(DEVICE)
    await store.put_token(TOKEN)
    assert await store.get("d") == (DEVICE, [TOKEN])
    changed = replace(DEVICE, scopes=(), created_at=9.0, approved_at=9.0)
    assert await store.put(changed)
    await store.used_token("d", "operator", 5.0)
    assert await store.revoke_token("d", "operator", 6.0) and not await store.revoke_token("d", "node", 6.0)
    found = await store.everything()
    assert found == [(replace(changed, created_at=1.0), [replace(TOKEN, last_used_at=5.0, revoked_at=6.0)])]
    assert await store.remove("d") and not await store.remove("d")
    assert await store.everything() == []


async def test_a_request_is_decided_once(database: Database) -> None:
    store = DeviceStore(database)
    assert await store.request(_request(1), 0, 5) == _request(1)
    assert await store.request(_request(2), 0, 5) == _request(1)  # it is the same question
    wider = replace(_request(3), scopes=("operator.write",))
    assert await store.request(wider, 0, 5) == wider
    assert await store.requests(0) == [wider]
    assert await store.put(DEVICE, settles="r3")
    assert not await store.put(replace(DEVICE, scopes=("operator.admin",)), settles="r3")
    found = await store.get("d")
    assert found is not None and found[0].scopes == ("operator.read",)
    assert await store.requests(0) == [] and not await store.drop_request("r3")


async def test_requests_expire_and_are_few(database: Database) -> None:
    store = DeviceStore(database)
    for number in range(10):
        await store.request(_request(number, f"d{number}", 100.0 + number), 0, 4)
    assert [each.id for each in await store.requests(0)] == ["r9", "r8", "r7", "r6"]
    assert [each.id for each in await store.requests(107.0)] == ["r9", "r8"]
    await store.request(_request(20, "late", 500.0), 200.0, 4)
    assert [each.id for each in await store.requests(0)] == ["r20"]


class PlainBox:
    """Marks what it would encrypt."""

    def encrypt(self, value: str) -> str:
        return f"enc:{value}"

    def decrypt(self, token: str) -> str:
        return token.removeprefix("enc:")


async def test_every_process_makes_the_same_tokens(database: Database) -> None:
    one, other = (TokenMint(KeyValues(database), PlainBox(), SystemRandomness()) for _ in range(2))
    token = await one.token("d", "operator", "serial")
    assert token == await other.token("d", "operator", "serial") and len(token) == 43
    assert await other.is_token(token, "d", "operator", "serial")
    for device_id, role, serial in (("e", "operator", "serial"), ("d", "node", "serial"), ("d", "operator", "next")):
        assert not await other.is_token(token, device_id, role, serial)
    assert not await one.is_token("", "d", "operator", "serial")

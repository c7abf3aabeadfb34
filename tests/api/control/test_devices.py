"""Pairing and device tokens against a real gateway: nobody gets more than was given, and what ends ends at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.control import ALL_SCOPES, BACKEND, CLI, Device, Refused, connect_params, connected, opened
from tests.support.server import Gateway

ELSEWHERE = "127.0.0.2"
"""Not this machine, as far as the gateway knows."""
READ = ["operator.read"]


def refused(gateway: Gateway, device: Device, scopes: list[str], **more: object) -> Refused:
    """What a device that comes from elsewhere is told."""
    token = str(more.pop("token", gateway.token))
    with opened(gateway, source=ELSEWHERE) as client, pytest.raises(Refused) as found:
        client.connect(connect_params(token, scopes, **more), device)  # type: ignore[arg-type]
    return found.value


def paired(gateway: Gateway, device: Device, scopes: list[str]) -> str:
    """Let a device in, by an operator's hand; its token."""
    request_id = refused(gateway, device, scopes).error["details"]["requestId"]
    with connected(gateway) as operator:
        operator.call("device.pair.approve", {"requestId": request_id})
    with connected(gateway, scopes, device=device, source=ELSEWHERE) as client:
        return str(client.hello["auth"]["deviceToken"])


def test_a_program_of_this_machine_is_let_in_at_once_and_keeps_its_token(gateway: Gateway) -> None:
    device = Device()
    with connected(gateway, READ, device=device) as client:
        first = client.hello["auth"]
        assert len(first["deviceToken"]) == 43 and first["role"] == "operator" and first["scopes"] == READ
        assert client.fault("device.pair.list")["message"] == "missing scope: operator.pairing"
    with connected(gateway, READ, device=device) as client:
        assert client.hello["auth"] == first
    with connected(gateway, [*READ, "operator.write"], device=device) as client:  # it may ask for more, here
        assert client.hello["auth"]["deviceToken"] == first["deviceToken"]
        assert client.hello["auth"]["scopes"] == ["operator.read", "operator.write"]


def test_the_token_opens_the_door_in_place_of_the_secret(gateway: Gateway) -> None:
    device = Device()
    with connected(gateway, READ, device=device) as client:
        token = client.hello["auth"]["deviceToken"]
    with connected(gateway, READ, device=device, token=token, source=ELSEWHERE) as client:
        assert client.call("system-presence") and client.hello["auth"]["deviceToken"] == token
    with opened(gateway, source=ELSEWHERE) as client:
        client.connect({**connect_params(None, READ), "auth": {"deviceToken": token}}, device)
    with connected(gateway) as operator:
        (own,) = [each for each in operator.call("device.pair.list")["paired"] if each["deviceId"] == device.id]
        assert own["tokens"][0]["lastUsedAtMs"] and "token" not in own["tokens"][0]


def test_a_token_is_good_for_its_device_alone(gateway: Gateway) -> None:
    device = Device()
    with connected(gateway, READ, device=device) as client:
        token = client.hello["auth"]["deviceToken"]
    for other in (Device(), None):
        with opened(gateway) as client, pytest.raises(Refused) as found:
            client.connect(connect_params(token, READ), other)
        assert found.value.error["details"]["code"] == "AUTH_TOKEN_MISMATCH"
    with opened(gateway) as client, pytest.raises(Refused) as found:
        client.connect({**connect_params(None, READ), "auth": {"deviceToken": "wrong"}}, device)
    assert found.value.error["message"] == "unauthorized: device token mismatch (rotate/reissue device token)"
    with opened(gateway) as client, pytest.raises(Refused) as found:  # more than the token holds
        client.connect(connect_params(token, list(ALL_SCOPES)), device)
    assert found.value.error["details"]["code"] == "AUTH_DEVICE_TOKEN_MISMATCH"


def test_a_stranger_waits_until_somebody_lets_him_in(gateway: Gateway) -> None:
    device = Device()
    with connected(gateway) as operator, connected(gateway, READ) as reader:
        told = refused(gateway, device, READ)
        assert (told.code, told.reason) == (1008, "pairing required")
        details = told.error["details"]
        assert told.error["code"] == "NOT_PAIRED" and details["reason"] == "not-paired"
        requested = operator.event("device.pair.requested")["payload"]
        assert requested["requestId"] == details["requestId"] and requested["deviceId"] == device.id
        assert (requested["role"], requested["scopes"], requested["isRepair"]) == ("operator", READ, False)
        assert requested["remoteIp"] == ELSEWHERE
        assert refused(gateway, device, READ).error["details"]["requestId"] == details["requestId"]
        answer = operator.call("device.pair.approve", {"requestId": details["requestId"]})
        assert answer["device"]["deviceId"] == device.id and answer["device"]["scopes"] == READ
        resolved = operator.event("device.pair.resolved")["payload"]
        assert (resolved["decision"], resolved["deviceId"]) == ("approved", device.id)
        assert (
            operator.fault("device.pair.approve", {"requestId": details["requestId"]})["message"] == "unknown requestId"
        )
        reader.call("system-presence")
        assert not [each for each in reader.events if str(each.get("event")).startswith("device.")]
    renamed = {"deviceId": device.id, "displayName": "Kitchen"}
    with connected(gateway) as operator:
        assert operator.call("device.pair.rename", {**renamed, "displayName": " Kitchen "}) == renamed
        assert operator.fault("device.pair.rename", {**renamed, "displayName": " "})["code"] == "INVALID_REQUEST"
    with connected(gateway, READ, device=device, source=ELSEWHERE) as client:
        assert client.call("system-presence")
    with connected(gateway) as operator:
        names = {one["deviceId"]: one.get("displayName") for one in operator.call("device.pair.list")["paired"]}
        assert names[device.id] == "Kitchen", "what it is called is kept when it comes again"
    newer = refused(gateway, Device(), READ, versions=(4, 4))
    assert newer.error["message"] == "device pairing required"


def test_who_is_rejected_stays_outside(gateway: Gateway) -> None:
    device = Device()
    request_id = refused(gateway, device, READ).error["details"]["requestId"]
    with connected(gateway) as operator:
        answer = operator.call("device.pair.reject", {"requestId": request_id})
        assert answer == {"requestId": request_id, "deviceId": device.id}
        assert operator.event("device.pair.resolved")["payload"]["decision"] == "rejected"
    assert refused(gateway, device, READ).error["details"]["requestId"] != request_id


def test_who_wants_more_or_has_changed_asks_again(gateway: Gateway) -> None:
    device = Device()
    paired(gateway, device, READ)
    wider = refused(gateway, device, [*READ, "operator.admin"])
    assert wider.error["details"]["reason"] == "scope-upgrade"
    changed = refused(gateway, device, READ, client={**CLI, "platform": "windows"})
    assert changed.error["details"]["reason"] == "metadata-upgrade"
    node = refused(gateway, device, [], role="node", client={**CLI, "id": "node-host", "mode": "node"})
    assert node.error["details"]["reason"] == "role-upgrade"
    with connected(gateway) as operator:
        pending = operator.call("device.pair.list")["pending"]
        assert all(each["isRepair"] for each in pending if each["deviceId"] == device.id)
        operator.call("device.pair.approve", {"requestId": node.error["details"]["requestId"]})
        (own,) = [each for each in operator.call("device.pair.list")["paired"] if each["deviceId"] == device.id]
        assert own["roles"] == ["node", "operator"] and own["scopes"] == READ
    with opened(gateway) as client, pytest.raises(Refused) as found:  # here, too, a new role is for somebody to look at
        params = connect_params(gateway.token, READ, {**CLI, "platform": "darwin"})
        client.connect(params, device)
    assert found.value.error["details"]["reason"] == "metadata-upgrade"


@pytest.mark.parametrize("how", ["remove", "revoke", "rotate"])
def test_what_ends_closes_its_connections(gateway: Gateway, how: str) -> None:
    device = Device()
    token = paired(gateway, device, READ)
    with connected(gateway) as operator, connected(gateway, READ, device=device, token=token) as live:
        if how == "remove":
            assert operator.call("device.pair.remove", {"deviceId": device.id}) == {"deviceId": device.id}
        else:
            answer = operator.call(f"device.token.{how}", {"deviceId": device.id, "role": "operator"})
            assert answer["deviceId"] == device.id and answer["role"] == "operator"
        assert live.closed()[0] == 4001
        with opened(gateway) as client, pytest.raises(Refused) as found:
            client.connect(connect_params(token, READ), device)
        assert found.value.error["details"]["code"] == "AUTH_TOKEN_MISMATCH"
        if how == "rotate":
            assert answer["token"] != token and answer["scopes"] == READ
            with connected(gateway, READ, device=device, token=answer["token"]) as client:
                assert client.call("system-presence")
    if how == "remove":
        assert refused(gateway, device, READ).error["details"]["reason"] == "not-paired"


def test_unknown_devices_are_told_so(gateway: Gateway) -> None:
    with connected(gateway) as operator:
        for method, params, words in (
            ("device.pair.approve", {"requestId": "x"}, "unknown requestId"),
            ("device.pair.reject", {"requestId": "x"}, "unknown requestId"),
            ("device.pair.remove", {"deviceId": "x"}, "unknown deviceId"),
            ("device.pair.rename", {"deviceId": "x", "displayName": "y"}, "unknown deviceId"),
            ("device.token.rotate", {"deviceId": "x", "role": "operator"}, "unknown deviceId/role"),
            ("device.token.revoke", {"deviceId": "x", "role": "operator"}, "unknown deviceId/role"),
        ):
            assert operator.fault(method, params) == {"code": "INVALID_REQUEST", "message": words}


def test_a_token_made_anew_holds_no_more_than_the_device_was_given(gateway: Gateway) -> None:
    device = Device()
    paired(gateway, device, READ)
    with connected(gateway) as operator:
        params = {"deviceId": device.id, "role": "operator", "scopes": ["operator.admin"]}
        assert operator.fault("device.token.rotate", params)["message"].startswith("device token rotation denied")
        assert operator.call("device.token.rotate", {**params, "scopes": []})["scopes"] == []


def test_nobody_gives_away_what_he_does_not_hold(gateway: Gateway) -> None:
    powerful, waiting = Device(), Device()
    paired(gateway, powerful, list(ALL_SCOPES))
    request_id = refused(gateway, waiting, list(ALL_SCOPES)).error["details"]["requestId"]
    with connected(gateway, ["operator.pairing"]) as porter:
        assert (
            porter.fault("device.pair.approve", {"requestId": request_id})["message"] == "missing scope: operator.admin"
        )
        denied = porter.fault("device.token.rotate", {"deviceId": powerful.id, "role": "operator"})
        assert denied["message"].startswith("device token rotation denied")
        lesser = Device()
        plain = refused(gateway, lesser, ["operator.pairing"]).error["details"]["requestId"]
        assert porter.call("device.pair.approve", {"requestId": plain})["device"]["scopes"] == ["operator.pairing"]


def test_clients_without_a_device_have_rights_only_on_this_machine(gateway: Gateway) -> None:
    with connected(gateway, source=ELSEWHERE, client=BACKEND) as client:
        assert client.hello["auth"]["scopes"] == []
        assert client.fault("health")["message"] == "missing scope: operator.read"
    with connected(gateway, headers={"x-forwarded-for": "127.0.0.1"}) as client:  # somebody stands in between
        assert client.hello["auth"]["scopes"] == []


def test_tokens_are_written_nowhere(gateway: Gateway) -> None:
    device = Device()
    with connected(gateway, READ, device=device) as client:
        token = str(client.hello["auth"]["deviceToken"]).encode()
    for path in Path(gateway.home).rglob("*"):
        if path.is_file():
            assert token not in path.read_bytes(), path

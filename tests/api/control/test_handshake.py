"""The way in, against a real gateway: every word and close code that clients go by."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.control import ALL_SCOPES, BACKEND, CLI, Device, Refused, connect_params, connected, opened
from tests.support.server import Gateway

WEBCHAT = {**CLI, "id": "webchat-ui", "mode": "webchat", "platform": "web"}
CONTROL_UI = {**CLI, "id": "openclaw-control-ui", "mode": "ui", "platform": "web"}


def test_the_first_frame_is_a_challenge(gateway: Gateway) -> None:
    with opened(gateway) as one, opened(gateway) as other:
        assert one.challenge["event"] == "connect.challenge" and "seq" not in one.challenge
        assert abs(one.challenge["payload"]["ts"] - time.time() * 1000) < 60_000
        assert one.nonce != other.nonce


def test_the_welcome(gateway: Gateway) -> None:
    with connected(gateway, client=BACKEND, versions=(3, 4)) as client:
        hello = client.hello
        assert hello["type"] == "hello-ok" and hello["protocol"] == 4
        assert hello["policy"] == {"maxPayload": 26214400, "maxBufferedBytes": 52428800, "tickIntervalMs": 30000}
        assert hello["snapshot"]["sessionDefaults"]["mainSessionKey"] == "agent:main:main"
        assert hello["auth"] == {"role": "operator", "scopes": sorted(ALL_SCOPES)}
        assert hello["snapshot"]["configPath"] == str(gateway.home / "openclaw.json")
        first, second = hello["snapshot"]["presence"][:2]
        assert first["reason"] == "self" and (second["reason"], second["mode"]) == ("connect", "backend")
        health = client.event("health")
        assert health["stateVersion"]["health"] >= 1 and health["payload"]["ok"] is True


def test_features_are_what_is_there(gateway: Gateway) -> None:
    with connected(gateway) as client:
        methods = client.hello["features"]["methods"]
        assert "health" in methods and len(set(methods)) == len(methods)
        assert client.call("system-event", {"text": "something happened"}) == {"ok": True}
        for name in ("set-heartbeats", "exec.approval.request", "update.run"):
            if name not in methods:
                assert client.fault(name) == {"code": "INVALID_REQUEST", "message": f"unknown method: {name}"}


def test_numbers_of_events_grow_by_one(gateway: Gateway) -> None:
    with connected(gateway) as client:
        client.event("health")
        for _ in range(3):
            client.call("health")
        numbers = [frame["seq"] for frame in client.events if frame["type"] == "event"]
        numbers += [client.event("health")["seq"] for _ in range(3 - len(numbers))]
        assert numbers == list(range(2, 2 + len(numbers)))


@pytest.mark.parametrize("versions", [(1, 1), (99, 99)])
def test_no_version_in_common(gateway: Gateway, versions: tuple[int, int]) -> None:
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        client.connect(connect_params(gateway.token, versions=versions))
    assert refused.value.error["message"] == "protocol mismatch"
    assert refused.value.error["details"]["expectedProtocol"] in (3, 4)
    assert refused.value.code == 1002


def test_an_invalid_proof_says_what_is_invalid(gateway: Gateway) -> None:
    device, other = Device(), Device()
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        params = connect_params(gateway.token)
        client.connect({**params, "device": {**device.params(params, client.nonce), "id": other.id}})
    assert refused.value.error["message"] == "device identity mismatch"
    assert refused.value.error["details"] == {"code": "DEVICE_AUTH_INVALID", "reason": "device-id-mismatch"}
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        client.connect({**params, "device": {**device.params(params, client.nonce), "publicKey": "x"}})
    assert refused.value.error["message"] == "device public key invalid"


def test_a_proof_covers_the_scopes_and_the_token(gateway: Gateway) -> None:
    for change in ({"scopes": ["operator.admin"]}, {"auth": {"token": "other"}}, {"role": "node"}):
        device = Device()
        with opened(gateway) as client, pytest.raises(Refused) as refused:
            params = connect_params(gateway.token, ["operator.read"])
            client.connect({**params, "device": device.params(params, client.nonce), **change})
        assert refused.value.error["message"] == "device signature invalid"


def test_a_proof_is_good_for_one_connection(gateway: Gateway) -> None:
    device = Device()
    params = connect_params(gateway.token)
    with opened(gateway) as client:
        proof = device.params(params, client.nonce)
        client.connect({**params, "device": proof})
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        client.connect({**params, "device": proof})
    assert refused.value.error["message"] == "device nonce mismatch"


def test_pages_come_from_here_or_are_turned_away(gateway: Gateway) -> None:
    params = connect_params(gateway.token, client=WEBCHAT)
    for headers in (None, {"origin": "https://evil.example"}, {"origin": "null"}):
        with opened(gateway, headers) as client, pytest.raises(Refused) as refused:
            client.connect(params)
        assert refused.value.error["message"].startswith("origin not allowed") and refused.value.code == 1008
    with connected(gateway, client=WEBCHAT, headers={"origin": gateway.base_url}) as client:
        assert client.call("system-presence")
    with opened(gateway, {"origin": "https://evil.example"}) as client, pytest.raises(Refused):
        client.connect(connect_params(gateway.token))  # a page that says it is a command line


def test_the_control_ui_needs_a_device(gateway: Gateway) -> None:
    own = {"origin": gateway.base_url}
    with opened(gateway, own) as client, pytest.raises(Refused) as refused:
        client.connect(connect_params(gateway.token, client=CONTROL_UI))
    assert refused.value.error["details"]["code"] == "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"
    with connected(gateway, client=CONTROL_UI, device=Device(), headers=own) as client:
        assert client.hello["auth"]["deviceToken"]


def test_a_first_frame_is_small(gateway: Gateway) -> None:
    for size in (70_000, 3_000_000):
        with opened(gateway) as client:
            with suppress(ConnectionClosed):  # it may be cut off while it still sends
                client.send('"' + "x" * size + '"')
            assert client.closed()[0] in (1000, 1009, None) and not client.events


def test_no_scopes_means_none(gateway: Gateway) -> None:
    with connected(gateway, []) as client:
        assert client.fault("health")["message"] == "missing scope: operator.read"
        assert client.hello["snapshot"]["presence"] == [] and "configPath" not in client.hello["snapshot"]


def test_who_may_not_is_told_so_in_its_version(gateway: Gateway) -> None:
    with connected(gateway, ["operator.read"]) as client:
        assert client.fault("config.set", {"raw": "{}"}) == {
            "code": "INVALID_REQUEST",
            "message": "missing scope: operator.admin",
        }
        assert client.fault("nosuch")["message"] == "missing scope: operator.admin"
    with connected(gateway, ["operator.read"], versions=(4, 4)) as client:
        assert client.fault("device.pair.list") == {
            "code": "FORBIDDEN",
            "message": "missing scope: operator.pairing",
            "details": {
                "code": "MISSING_SCOPE",
                "missingScope": "operator.pairing",
                "requiredScopes": ["operator.pairing"],
            },
        }


def test_nodes_call_only_what_is_theirs(gateway: Gateway) -> None:
    device = Device()
    node = {**CLI, "id": "node-host", "mode": "node"}
    with connected(gateway, [], client=node, device=device, role="node") as client:
        assert client.hello["auth"]["role"] == "node"
        for _ in range(10):
            assert client.fault("health")["message"] == "unauthorized role: node"
        client.send({"type": "req", "id": "last", "method": "health", "params": {}})
        assert client.closed() == (1008, "repeated unauthorized calls")


def test_answers_may_overtake_each_other_but_all_come(gateway: Gateway) -> None:
    with connected(gateway) as client:
        wanted = {f"q{number}" for number in range(100)}
        for request_id in wanted:
            client.send({"type": "req", "id": request_id, "method": "system-presence"})
        found: set[str] = set()
        while found != wanted:
            frame = client.receive()
            if frame["type"] == "res":
                assert frame["ok"]
                found.add(frame["id"])


def test_only_the_root_is_the_control_channel(gateway: Gateway) -> None:
    with pytest.raises(Exception, match="403"), opened(gateway, path="/elsewhere"):
        pass

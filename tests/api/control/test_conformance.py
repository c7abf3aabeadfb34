"""The conformance checklist for the control channel (the contract's appendix C, lines 23 to 42), a test a line.

Two lines need time: that it ticks every 30 seconds is seen with a clock that is moved (`test_hub`), that a silent client is
closed after ten in the recorded conversation (`test_recorded`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.api.control.test_agents import of_run, send
from tests.support.control import Client, Device, Refused, connect_params, connected, opened
from tests.support.scripted_model import NAME, Hold, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.stories import Say, Turn
from tests.support.waiting import PATIENCE

ANSWER = says("PONG from the model.")


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(ANSWER) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    with running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway, model: ScriptedModel) -> Iterator[Client]:
    model.then(ANSWER)
    with connected(gateway) as found:
        yield found


def refused(gateway: Gateway, params: Any, device: Device | None = None, **signing: Any) -> Refused:
    with opened(gateway) as client, pytest.raises(Refused) as found:
        client.connect(params, device, **signing)
    return found.value


def test_23_first_comes_the_challenge(gateway: Gateway) -> None:
    with opened(gateway) as client:
        assert client.challenge["event"] == "connect.challenge" and "seq" not in client.challenge
        assert set(client.challenge["payload"]) == {"nonce", "ts"}


def test_24_another_request_first(gateway: Gateway) -> None:
    with opened(gateway) as client:
        error = client.fault("health")
        assert error["message"] == "invalid handshake: first request must be connect"
        assert client.closed()[0] == 1008


def test_25_no_json_and_no_frame_first(gateway: Gateway) -> None:
    with opened(gateway) as client:
        client.send("this is no JSON")
        assert client.closed() == (1000, "") and not client.events
    with opened(gateway) as client:
        client.send({"hello": 1})
        assert client.closed() == (1008, "invalid request frame") and not client.events


@pytest.mark.parametrize("versions", [(1, 1), (99, 99)])
def test_26_no_version_in_common(gateway: Gateway, versions: tuple[int, int]) -> None:
    found = refused(gateway, connect_params(gateway.token, versions=versions))
    assert found.error["message"] == "protocol mismatch" and found.code == 1002
    assert found.error["details"]["expectedProtocol"] in (3, 4)


def test_26_any_version(gateway: Gateway) -> None:
    with connected(gateway, versions=(1, 99)) as client:
        assert client.hello["protocol"] == 4


def test_27_the_wrong_token(gateway: Gateway) -> None:
    found = refused(gateway, connect_params("wrong"))
    words = "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)"
    assert found.error["message"] == words and found.code == 1008
    assert found.error["details"] == {"code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch"}


def test_28_neither_credential_nor_device(gateway: Gateway) -> None:
    found = refused(gateway, connect_params(None))
    assert (found.error["code"], found.error["message"]) == ("NOT_PAIRED", "device identity required")


@pytest.mark.parametrize(
    ("change", "signing", "message"),
    [
        ({"signature": "A" * 86}, {}, "device signature invalid"),
        ({"nonce": "another"}, {}, "device nonce mismatch"),
        ({}, {"signed_at": 1_700_000_000_000}, "device signature expired"),
    ],
)
def test_29_proofs_that_do_not_hold(
    gateway: Gateway, change: dict[str, Any], signing: dict[str, Any], message: str
) -> None:
    with opened(gateway) as client:
        params = connect_params(gateway.token)
        params["device"] = {**Device().params(params, client.nonce, **signing), **change}
        with pytest.raises(Refused) as found:
            client.connect(params)
    assert found.value.error["message"] == message and found.value.code == 1008


def test_30_the_welcome(gateway: Gateway) -> None:
    with connected(gateway) as client:
        assert client.hello["type"] == "hello-ok"
        policy = client.hello["policy"]
        assert policy == {"maxPayload": 26_214_400, "maxBufferedBytes": 52_428_800, "tickIntervalMs": 30_000}
        assert client.hello["snapshot"]["sessionDefaults"]["mainSessionKey"] == "agent:main:main"


def test_31_health_follows(gateway: Gateway) -> None:
    with connected(gateway) as client:
        told = client.event("health")
        assert told["payload"]["ok"] is True and set(told["stateVersion"]) == {"presence", "health"}


def test_32_connect_once(client: Client) -> None:
    error = client.fault("connect", connect_params("x"))
    assert error["message"] == "connect is only valid as the first request"
    told = client.call("health")
    assert told["ok"] and told["health"]["level"] in ("ok", "degraded")
    assert set(told["health"]) == {"level", "checkedAt", "responseMs", "parts"}


def test_33_methods_that_are_not_there(gateway: Gateway, client: Client) -> None:
    error = {"code": "INVALID_REQUEST", "message": "unknown method: no.such.method"}
    assert client.fault("no.such.method") == error
    with connected(gateway, ["operator.read"]) as reader:
        assert reader.fault("no.such.method")["message"] == "missing scope: operator.admin"


def test_34_json_that_is_no_request(client: Client) -> None:
    client.send({"foo": 1})
    answer = client.response("invalid")
    assert answer["ok"] is False and answer["error"]["message"].startswith("invalid request frame: ")
    client.send("not JSON either")
    assert client.call("health")["ok"]


def test_35_said_twice(client: Client) -> None:
    assert send(client, "c35", "hello", "c35-1") == {"runId": "c35-1", "status": "started"}
    assert send(client, "c35", "hello", "c35-1") == {"runId": "c35-1", "status": "in_flight"}
    of_run(client, "c35-1")


def test_36_what_is_told_of_a_turn(client: Client, model: ScriptedModel) -> None:
    model.then(says("One two three four five."))
    send(client, "c36", "count", "c36-1")
    told = of_run(client, "c36-1")
    agent = [frame["payload"] for frame in told if frame["event"] == "agent"]
    chat = [frame["payload"] for frame in told if frame["event"] == "chat"]
    assert [each["seq"] for each in agent] == list(range(1, len(agent) + 1))
    assert (agent[0]["stream"], agent[0]["data"]["phase"]) == ("lifecycle", "start")
    assert (agent[-1]["stream"], agent[-1]["data"]["phase"]) == ("lifecycle", "end")
    assert {each["stream"] for each in agent[1:-1]} == {"assistant"}
    said = [each["message"]["content"][0]["text"] for each in chat]
    assert said == sorted(said, key=len) and said[-1] == "One two three four five."
    assert [each["state"] for each in chat] == ["delta"] * (len(chat) - 1) + ["final"]
    assert told[-1] is next(frame for frame in told if frame["payload"].get("state") == "final")


def test_37_stopped(client: Client, model: ScriptedModel) -> None:
    hold = Hold(Turn((Say("Gravity is"), Say(" a force."))), after=3)
    model.then(hold)
    send(client, "c37", "tell me", "c37-1")
    assert hold.reached.wait(PATIENCE)
    assert client.call("chat.abort", {"sessionKey": "c37"}) == {"ok": True, "aborted": True, "runIds": ["c37-1"]}
    hold.gate.set()
    told = of_run(client, "c37-1", "aborted")[-1]["payload"]
    assert told["state"] == "aborted" and told["stopReason"] == "rpc"


def test_38_two_answers(client: Client) -> None:
    params = {"message": "hello", "sessionKey": "c38", "idempotencyKey": "c38-1"}
    accepted = client.request("agent", params, "two")
    assert accepted["payload"]["status"] == "accepted" and accepted["payload"]["runId"] == "c38-1"
    ended = client.response("two")["payload"]
    assert (ended["status"], ended["summary"]) == ("ok", "completed")
    assert ended["result"]["payloads"][0]["text"] == "PONG from the model."
    waited = client.call("agent.wait", {"runId": "c38-1"})
    assert set(waited) == {"runId", "status", "startedAt", "endedAt"} and waited["status"] == "ok"


def test_39_jobs(client: Client) -> None:
    params = {
        "name": "c39",
        "schedule": {"kind": "every", "everyMs": 3_600_000},
        "sessionTarget": "main",
        "wakeMode": "next-heartbeat",
        "payload": {"kind": "systemEvent", "text": "tick"},
    }
    client.send({"type": "req", "id": "add", "method": "cron.add", "params": params})
    order = [client.receive(), client.receive()]
    while not any(frame.get("id") == "add" for frame in order):
        order.append(client.receive())
    kinds = [frame.get("event") or frame["id"] for frame in order if frame.get("event") == "cron" or "id" in frame]
    assert kinds == ["cron", "add"]
    job = order[-1]["payload"]
    assert job["name"] == "c39" and next(f for f in order if f.get("event") == "cron")["payload"]["action"] == "added"
    assert client.call("cron.run", {"id": job["id"]}) == {"ok": True, "ran": True}
    client.call("cron.remove", {"id": job["id"]})


def test_40_sessions_end(client: Client) -> None:
    send(client, "c40", "hello", "c40-1")
    of_run(client, "c40-1")
    before = client.call("sessions.list", {"search": "c40"})["sessions"][0]["sessionId"]
    assert client.call("sessions.reset", {"key": "c40"})["entry"]["sessionId"] != before
    assert "cannot be deleted" in client.fault("sessions.delete", {"key": "main"})["message"]
    assert client.call("sessions.delete", {"key": "c40"})["deleted"] is True


def test_41_the_end_is_told(model: ScriptedModel) -> None:
    with running_gateway(settings({})) as gateway, connected(gateway) as client:
        gateway.stop()
        assert client.event("shutdown")["payload"]["reason"]
        assert client.closed() == (1012, "service restart")


def test_42_a_client_that_never_says_who_it_is_is_not_answered(gateway: Gateway) -> None:
    """What is refused before it has connected gets no room: a large first frame closes at once, without an answer."""
    with opened(gateway) as client:
        client.send(orjson.dumps({"type": "req", "id": "x", "method": "connect", "params": "y" * 70_000}).decode())
        assert client.closed()[0] == 1000 and not client.events

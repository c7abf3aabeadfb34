"""Approvals over the control channel: asked by clients and by agents, answered by operators."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.control import Client, connected
from tests.support.scripted_model import NAME, ScriptedModel, calls, last_text, says
from tests.support.server import Gateway, running_gateway, settings


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says("Done.")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    tools = {"exec": {"security": "allowlist", "ask": "always"}}
    with running_gateway(settings({NAME: model.provider()}) | {"agents": agents, "tools": tools}) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found:
        yield found


@pytest.mark.parametrize("decision", ["allow-once", "allow-always", "deny"])
def test_a_client_asks(client: Client, gateway: Gateway, decision: str) -> None:
    own = f"ask-{decision}"
    params = {"id": own, "command": "ls -l", "cwd": "/srv", "sessionKey": None, "twoPhase": True, "timeoutMs": 60_000}
    early = client.request("exec.approval.request", params, "ask")["payload"]
    assert (early["status"], early["id"]) == ("accepted", own)
    assert early["expiresAtMs"] - early["createdAtMs"] == 60_000
    told = client.event("exec.approval.requested")["payload"]
    assert (told["id"], told["request"]["command"], told["request"]["cwd"]) == (own, "ls -l", "/srv")
    assert told["createdAtMs"] == early["createdAtMs"] and told["expiresAtMs"] == early["expiresAtMs"]
    assert client.fault("exec.approval.request", params)["message"] == "approval id already pending"
    with connected(gateway, ["operator.approvals"]) as operator:
        wrong = operator.fault("exec.approval.resolve", {"id": own, "decision": "perhaps"})
        assert wrong["message"] == "invalid decision"
        assert operator.call("exec.approval.resolve", {"id": own, "decision": decision}) == {"ok": True}
        again = operator.fault("exec.approval.resolve", {"id": own, "decision": "deny"})
        assert again["message"] == "unknown approval id"
    done = next((f for f in client.events if f.get("id") == "ask"), None) or client.response("ask")
    assert (done["payload"]["id"], done["payload"]["decision"]) == (own, decision)
    resolved = client.event("exec.approval.resolved")["payload"]
    assert (resolved["id"], resolved["decision"]) == (own, decision) and resolved["ts"] >= told["createdAtMs"]
    assert client.call("exec.approval.waitDecision", {"id": own})["decision"] == decision


def test_a_question_that_nobody_asked(client: Client) -> None:
    assert client.fault("exec.approval.waitDecision", {"id": "no"})["message"] == "approval expired or not found"
    assert client.fault("exec.approval.resolve", {"id": "no", "decision": "deny"})["message"] == "unknown approval id"


def test_a_question_nobody_answers(client: Client) -> None:
    answer = client.call("exec.approval.request", {"id": "late", "command": "ls", "timeoutMs": 50})
    assert answer["id"] == "late" and answer["decision"] is None


def test_a_client_that_waits_for_many_answers_is_heard(gateway: Gateway) -> None:
    own = [f"many-{number}" for number in range(40)]
    with connected(gateway) as client:
        for each in own:
            params = {"id": each, "command": "ls", "timeoutMs": 600_000}
            client.send({"type": "req", "id": each, "method": "exec.approval.request", "params": params})
        assert {client.event("exec.approval.requested")["payload"]["id"] for _ in own} == set(own)
        for each in own:
            assert client.call("exec.approval.resolve", {"id": each, "decision": "deny"}) == {"ok": True}
        found = {frame["id"]: frame for frame in client.events if frame["type"] == "res"}
        for each in own:
            answer = found.get(each) or client.response(each)
            assert answer["payload"]["decision"] == "deny"


def test_no_more_may_wait_for_answers_than_have_room(gateway: Gateway) -> None:
    others = [f"crowd-{number}" for number in range(511)]
    with connected(gateway) as client:
        asked = {"id": "crowd", "command": "ls", "timeoutMs": 600_000}
        client.send({"type": "req", "id": "crowd", "method": "exec.approval.request", "params": asked})
        client.event("exec.approval.requested")
        for each in [*others, "one-too-many"]:
            wait = {"type": "req", "id": each, "method": "exec.approval.waitDecision", "params": {"id": "crowd"}}
            client.send(wait)
        error = client.response("one-too-many")["error"]
        assert (error["code"], error["retryable"]) == ("UNAVAILABLE", True)
        assert client.call("exec.approval.resolve", {"id": "crowd", "decision": "deny"}) == {"ok": True}
        waiting = {"crowd", *others}
        while waiting:
            frame = client.events.pop() if client.events else client.receive()
            if frame["type"] == "res":
                assert frame["payload"]["decision"] == "deny"
                waiting.remove(frame["id"])
        assert client.call("exec.approval.list") is not None, "there is room again"


def test_an_agent_asks(client: Client, model: ScriptedModel) -> None:
    model.then(calls(("exec", {"command": "echo approved"})), says("Done."))
    params = {"sessionKey": "asking", "message": "run it", "idempotencyKey": "asking-1"}
    client.call("chat.send", params)
    told = client.event("exec.approval.requested")["payload"]
    assert "echo approved" in told["request"]["command"] and told["request"]["sessionKey"] == "agent:main:asking"
    client.call("exec.approval.resolve", {"id": told["id"], "decision": "allow-once"})
    assert client.call("agent.wait", {"runId": "asking-1"})["status"] == "ok"
    assert "approved" in last_text(model.asked[-1])


def test_who_may_not_decide_does_not_hear_of_it(gateway: Gateway, client: Client) -> None:
    with connected(gateway, ["operator.read", "operator.write"]) as other:
        client.call("exec.approval.request", {"id": "quiet", "command": "ls", "timeoutMs": 50})
        error = other.fault("exec.approval.resolve", {"id": "quiet", "decision": "deny"})
        assert error["message"] == "missing scope: operator.approvals"
        other.call("health", {})
        assert all(not str(frame.get("event")).startswith("exec.") for frame in other.events)

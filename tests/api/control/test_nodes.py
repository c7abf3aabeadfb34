"""Nodes: a headless host connects, is let in, and runs commands that were approved."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from crawdad.core.identity import EVERYTHING
from tests.attacks.keys import new_key
from tests.support.control import BACKEND, Client, Device, Refused, connected, opened
from tests.support.node_host import NodeHost, node_host, node_params
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import eventually


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found:
        yield found


@pytest.fixture
def node(gateway: Gateway) -> Iterator[NodeHost]:
    with node_host(gateway) as found:
        yield found


def invoke(client: Client, node: NodeHost, command: str, params: Any, key: str, **more: Any) -> Any:
    asked = {"nodeId": node.device.id, "command": command, "params": params, "idempotencyKey": key, **more}
    return client.request("node.invoke", asked)


def test_a_node_elsewhere_waits_until_an_operator_lets_it_in(gateway: Gateway, client: Client) -> None:
    device = Device()
    with opened(gateway, source="127.0.0.2") as stranger, pytest.raises(Refused) as refused:
        stranger.connect(node_params(gateway), device)
    assert refused.value.error["code"] == "NOT_PAIRED"
    request_id = refused.value.error["details"]["requestId"]
    asked = client.event("node.pair.requested")["payload"]
    assert (asked["requestId"], asked["nodeId"], asked["displayName"]) == (request_id, device.id, "Shed")
    assert client.event("device.pair.requested")["payload"]["requestId"] == request_id
    pending = client.call("node.pair.list")["pending"]
    assert [each["requestId"] for each in pending] == [request_id]
    approved = client.call("node.pair.approve", {"requestId": request_id})
    assert approved["node"]["nodeId"] == device.id and len(approved["node"]["token"]) == 43
    told = client.event("node.pair.resolved")["payload"]
    assert (told["nodeId"], told["decision"]) == (device.id, "approved") and "deviceId" not in told
    good = {"nodeId": device.id, "token": approved["node"]["token"]}
    assert client.call("node.pair.verify", good)["ok"] is True
    assert client.call("node.pair.verify", {**good, "token": "x" * 43}) == {"ok": False}
    with node_host(gateway, device, "127.0.0.2") as host:
        row = client.call("node.describe", {"nodeId": device.id})
        assert row["connected"] and row["paired"] and row["remoteIp"] == "127.0.0.2"
        client.call("node.pair.remove", {"nodeId": device.id})
        assert client.fault("node.describe", {"nodeId": device.id})["message"] == "unknown nodeId"
        eventually(lambda: not host._thread.is_alive(), "the removed node to be shut out")


def test_a_node_is_let_in_before_it_comes(gateway: Gateway, client: Client) -> None:
    device = Device()
    made = client.call("node.pair.request", {"nodeId": device.id, "displayName": "Attic", "platform": "linux"})
    assert made["status"] == "pending" and made["created"] is True
    again = client.call("node.pair.request", {"nodeId": device.id, "displayName": "Attic", "platform": "linux"})
    assert again["created"] is False and again["request"]["requestId"] == made["request"]["requestId"]
    assert device.id not in [each["deviceId"] for each in client.call("device.pair.list")["pending"]]
    client.call("node.pair.approve", {"requestId": made["request"]["requestId"]})
    with node_host(gateway, device, "127.0.0.2"):
        assert client.call("node.describe", {"nodeId": device.id})["displayName"] == "Attic"
    with opened(gateway, source="127.0.0.2") as other, pytest.raises(Refused):
        other.connect(node_params(gateway), Device())


def test_a_request_of_an_operator_is_not_decided_as_a_node(gateway: Gateway, client: Client) -> None:
    with opened(gateway, source="127.0.0.2") as stranger, pytest.raises(Refused) as refused:
        stranger.connect({**node_params(gateway), "role": "operator", "scopes": ["operator.admin"]}, Device())
    request_id = refused.value.error["details"]["requestId"]
    for method in ("node.pair.approve", "node.pair.reject"):
        assert client.fault(method, {"requestId": request_id})["message"] == "unknown requestId"


def test_nodes_are_listed_with_what_they_may_be_asked_for(client: Client, node: NodeHost) -> None:
    row = next(each for each in client.call("node.list")["nodes"] if each["nodeId"] == node.device.id)
    assert row["commands"] == ["system.run", "system.which"] and row["caps"] == ["system"]
    assert row["connected"] is True and row["paired"] is True and row["pathEnv"] == "/usr/bin"
    assert row["permissions"] == {"screenRecording": False} and row["connectedAtMs"] > 0
    renamed = client.call("node.rename", {"nodeId": node.device.id, "displayName": "Cellar"})
    assert renamed == {"nodeId": node.device.id, "displayName": "Cellar"}
    assert client.call("node.describe", {"nodeId": node.device.id})["displayName"] == "Cellar"
    assert client.fault("node.rename", {"nodeId": "nobody", "displayName": "x"})["message"] == "unknown nodeId"


def test_an_approved_command_runs(client: Client, node: NodeHost) -> None:
    found = invoke(client, node, "system.which", {"bins": ["sh", "no-such-program"]}, "which-1")
    assert found["ok"] and found["payload"]["payload"]["bins"]["sh"].endswith("/sh")
    assert found["payload"]["payload"]["bins"]["no-such-program"] is None
    run = {"command": ["echo", "hello there"], "rawCommand": 'echo "hello there"'}
    refused = invoke(client, node, "system.run", run, "run-1")
    assert refused["error"]["details"]["nodeError"]["code"] == "UNAVAILABLE"
    assert "SYSTEM_RUN_DENIED" in refused["error"]["message"]
    allow(client, "ok-1", 'echo "hello there"', node)
    approved = {**run, "approved": True, "approvalDecision": "allow-once", "runId": "ok-1"}
    done = invoke(client, node, "system.run", approved, "run-2")
    assert done["payload"]["payload"]["stdout"] == "hello there\n"
    assert invoke(client, node, "system.run", approved, "run-2")["payload"] == done["payload"]
    again = invoke(client, node, "system.run", approved, "run-3")
    assert again["error"]["details"]["code"] == "APPROVAL_EXPIRED"
    assert sum(frame["payload"]["idempotencyKey"] == "run-2" for frame in node.seen) == 1


def allow(
    client: Client, approval_id: str, command: str, node: NodeHost, decision: str = "allow-once", **more: Any
) -> None:
    """Ask and be answered, the way that clients with a second connection do it."""
    asked = {"id": approval_id, "command": command, "host": "node", "nodeId": node.device.id, "twoPhase": True, **more}
    client.send({"type": "req", "id": approval_id, "method": "exec.approval.request", "params": asked})
    assert client.response(approval_id)["payload"]["status"] == "accepted"
    client.send(
        {
            "type": "req",
            "id": "d",
            "method": "exec.approval.resolve",
            "params": {"id": approval_id, "decision": decision},
        }
    )
    assert {client.response("d")["ok"], True} == {True}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"command": ["echo", "else"]}, "APPROVAL_REQUEST_MISMATCH"),
        ({"cwd": "/tmp"}, "APPROVAL_REQUEST_MISMATCH"),
        ({"env": {"LD_PRELOAD": "/x.so"}}, "APPROVAL_REQUEST_MISMATCH"),
        ({"sessionKey": "agent:main:other"}, "APPROVAL_REQUEST_MISMATCH"),
        ({"runId": "no-such-id"}, "UNKNOWN_APPROVAL_ID"),
        ({"runId": None}, "MISSING_RUN_ID"),
        ({"command": ["sh", "-c", "echo mine; id"], "rawCommand": "echo mine"}, None),
    ],
)
def test_an_approval_counts_for_just_what_was_asked(
    client: Client, node: NodeHost, change: dict[str, Any], code: str | None, request: pytest.FixtureRequest
) -> None:
    approval_id = f"just-{request.node.callspec.id}"
    allow(client, approval_id, "echo mine", node, commandArgv=["echo", "mine"])
    run = {"command": ["echo", "mine"], "approved": True, "runId": approval_id, **change}
    refused = invoke(client, node, "system.run", run, f"x-{approval_id}")
    assert not refused["ok"] and refused["error"].get("details", {}).get("code") == code, refused
    assert not [frame for frame in node.seen if frame["payload"]["command"] == "system.run"]


async def test_somebody_elses_approval_and_a_refused_one_are_none(
    gateway: Gateway, client: Client, node: NodeHost
) -> None:
    allow(client, "mine-1", "echo mine", node)
    key = await new_key(gateway, permissions=EVERYTHING)
    with connected(gateway, client=BACKEND, token=key.token) as other:
        run = {"command": ["echo", "mine"], "approved": True, "runId": "mine-1"}
        assert invoke(other, node, "system.run", run, "y-1")["error"]["details"]["code"] == "APPROVAL_CLIENT_MISMATCH"
    allow(client, "no-1", "echo no", node, decision="deny")
    run = {"command": ["echo", "no"], "approved": True, "runId": "no-1"}
    assert invoke(client, node, "system.run", run, "y-2")["error"]["details"]["code"] == "APPROVAL_EXPIRED"


def test_who_decides_sees_all_that_the_answer_is_about(client: Client, node: NodeHost) -> None:
    env = {"API_KEY": "sk-not-to-be-seen", "LANG": "C"}
    allow(client, "seen-1", "make all", node, commandArgv=["make", "all"], cwd="/srv", env=env)
    told = client.event("exec.approval.requested")["payload"]
    while told["id"] != "seen-1":
        told = client.event("exec.approval.requested")["payload"]
    request = told["request"]
    assert request["command"] == "make all" and request["commandArgv"] == ["make", "all"] and request["cwd"] == "/srv"
    assert request["nodeId"] == node.device.id and request["envKeys"] == ["API_KEY", "LANG"]
    assert "sk-not-to-be-seen" not in str(told)
    run = {"command": ["true"], "approved": True, "runId": "seen-1", "cwd": "/srv", "env": env}
    assert invoke(client, node, "system.run", run, "seen-2")["error"]["details"]["code"] == "APPROVAL_REQUEST_MISMATCH"


def test_what_a_client_says_of_being_approved_goes_nowhere(client: Client, node: NodeHost) -> None:
    invoke(client, node, "system.run", {"command": ["true"], "approvalDecision": "", "shell": True}, "z-1")
    sent = node.seen[-1]["payload"]["paramsJSON"]
    assert sent == '{"command":["true"]}'


def test_commands_that_are_not_allowed(client: Client, node: NodeHost) -> None:
    wanted = {
        "camera.snap": "command not allowlisted",
        "system.notify": "command not declared by node",
    }
    for command, reason in wanted.items():
        error = invoke(client, node, command, {}, command)["error"]
        assert error["code"] == "INVALID_REQUEST" and error["message"] == "node command not allowed"
        assert error["details"] == {"reason": reason, "command": command}
    error = invoke(client, node, "system.execApprovals.set", {}, "own")["error"]
    assert "exec.approvals.node" in error["message"]
    assert not node.seen


def test_settings_allow_and_deny_commands() -> None:
    found = settings({}, gateway={"nodes": {"allowCommands": ["lamp.on"], "denyCommands": ["system.run"]}})
    with (
        running_gateway(found) as gateway,
        connected(gateway) as client,
        node_host(gateway, commands=["lamp.on", "system.run"]) as node,
    ):
        node.answer = lambda asked: {"ok": True, "payload": {"was": asked["command"]}}
        assert client.call("node.describe", {"nodeId": node.device.id})["commands"] == ["lamp.on"]
        assert invoke(client, node, "lamp.on", None, "1")["payload"]["payload"] == {"was": "lamp.on"}
        assert "paramsJSON" not in node.seen[-1]["payload"]
        assert (
            invoke(client, node, "system.run", {"command": ["true"]}, "2")["error"]["details"]["reason"]
            == "command not allowlisted"
        )


def test_a_node_that_is_away_slow_or_gone(gateway: Gateway, client: Client) -> None:
    device = Device()
    with node_host(gateway, device) as node:
        node.answer = lambda _: None
        error = invoke(client, node, "system.which", {"bins": []}, "slow", timeoutMs=50)["error"]
        assert error["code"] == "UNAVAILABLE" and error["details"]["nodeError"]["code"] == "TIMEOUT"
        late = node.seen[-1]["payload"]["id"]
        request = {"id": late, "nodeId": device.id, "ok": True, "payload": {}}
        node.client.send({"type": "req", "id": "late", "method": "node.invoke.result", "params": request})
        eventually(lambda: any(each.get("id") == "late" for each in node.client.events), "the late answer")
        told = next(each for each in node.client.events if each.get("id") == "late")
        assert told["payload"] == {"ok": True, "ignored": True}
        Thread(target=_leave_when_asked, args=(node,)).start()
        error = invoke(client, node, "system.which", {"bins": []}, "gone")["error"]
        assert error["details"]["code"] == "NOT_CONNECTED"
    error = invoke(client, node, "system.which", {"bins": []}, "away")["error"]
    assert (error["code"], error["message"]) == ("UNAVAILABLE", "node not connected")
    assert error["details"] == {"code": "NOT_CONNECTED"}


def _leave_when_asked(node: NodeHost) -> None:
    eventually(lambda: len(node.seen) == 2, "the node to be asked")
    node.client.socket.close()


def test_a_nodes_own_list_of_approvals(client: Client, node: NodeHost) -> None:
    found = client.call("exec.approvals.node.get", {"nodeId": node.device.id})
    assert found["file"]["defaults"] == {"security": "allowlist"}
    file = {"version": 1, "defaults": {"security": "full"}, "agents": {}}
    params = {"nodeId": node.device.id, "file": file, "baseHash": found["hash"]}
    assert client.call("exec.approvals.node.set", params)["file"] == file
    assert node.file == file
    assert client.fault("exec.approvals.node.set", params)["details"]["nodeError"]["code"] == "INVALID_REQUEST"
    assert client.fault("exec.approvals.node.get", {"nodeId": "nobody"})["message"] == "node not connected"


def test_a_node_calls_what_is_a_nodes_alone(gateway: Gateway) -> None:
    with opened(gateway) as node:
        device = Device()
        node.connect(node_params(gateway), device)
        assert node.fault("health")["message"] == "unauthorized role: node"
        assert node.fault("node.invoke", {})["message"] == "unauthorized role: node"
        assert node.call("skills.bins") is not None and "bins" in node.call("skills.bins")
        other = {"id": "x", "nodeId": "y" * 64, "ok": True}
        assert node.fault("node.invoke.result", other)["message"] == "nodeId mismatch"
        assert node.call("node.invoke.result", {**other, "nodeId": device.id}) == {"ok": True, "ignored": True}
        unknown = node.call("node.event", {"event": "made.up", "payloadJSON": "{}"})
        assert unknown == {"ok": True, "event": "made.up", "handled": False}
    with connected(gateway) as client:
        for method in ("node.invoke.result", "node.event", "skills.bins"):
            assert client.fault(method)["message"] == "unauthorized role: operator"


def test_a_node_comes_back_with_its_own_token_until_that_ends(gateway: Gateway, client: Client) -> None:
    device = Device()
    with opened(gateway) as first:
        token = first.connect(node_params(gateway), device)["auth"]["deviceToken"]
    with opened(gateway, source="127.0.0.2") as again:
        hello = again.connect({**node_params(gateway), "auth": {"token": token}}, device)
        assert hello["auth"] == {**hello["auth"], "deviceToken": token, "role": "node", "scopes": []}
        assert client.call("node.describe", {"nodeId": device.id})["connected"] is True
        client.call("device.token.revoke", {"deviceId": device.id, "role": "node"})
        assert again.closed()[0] == 4001
    eventually(lambda: not client.call("node.describe", {"nodeId": device.id})["connected"], "the node to be gone")
    with opened(gateway, source="127.0.0.2") as late, pytest.raises(Refused) as refused:
        late.connect({**node_params(gateway), "auth": {"token": token}}, device)
    assert refused.value.error["message"].startswith("unauthorized")

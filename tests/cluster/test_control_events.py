"""Events of the control channel in a cluster: whatever happens at one gateway, clients of both hear of it, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cluster.pair import SECRET_KEY, Pair
from tests.support.control import Client, Device, Frame, Refused, connected, opened
from tests.support.node_host import node_host, node_params
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture(scope="module")
def agents(postgres_url: str, shared_redis: dict[str, str]) -> Iterator[Pair]:
    """Two gateways with agents."""
    shared = {"CRAWDAD_DATABASE_URL": postgres_url, **shared_redis, "CRAWDAD_SECRET_KEY": SECRET_KEY}
    with ScriptedModel(says("All is well.")) as model:
        config = settings({NAME: model.provider()})
        config["agents"] = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "24h"}}}
        with running_gateway(config, shared) as first, running_gateway(config, shared) as second:
            clients = [
                httpx.Client(base_url=one.base_url, headers=one.headers, timeout=PATIENCE) for one in (first, second)
            ]
            with clients[0], clients[1]:
                yield Pair(first, second, clients[0], clients[1], shared)


@pytest.fixture
def here(agents: Pair) -> Iterator[Client]:
    with connected(agents.first) as client:
        yield client


@pytest.fixture
def there(agents: Pair) -> Iterator[Client]:
    with connected(agents.second) as client:
        yield client


def of_run(client: Client, run_id: str) -> list[Frame]:
    """What a client hears of a run, up to its end."""
    found: list[Frame] = []
    while not (found and found[-1]["payload"].get("state") == "final"):
        frame = client.events.pop(0) if client.events else client.receive()
        if frame.get("event") in ("agent", "chat") and frame["payload"]["runId"] == run_id:
            found.append(frame)
    return found


def without_number(frames: list[Frame]) -> list[Frame]:
    return [{name: value for name, value in frame.items() if name != "seq"} for frame in frames]


def test_a_turn_is_told_alike_at_both(here: Client, there: Client) -> None:
    there.call("chat.send", {"sessionKey": "both", "message": "hello", "idempotencyKey": "both-1"})
    told = of_run(there, "both-1")
    assert without_number(of_run(here, "both-1")) == without_number(told)
    agent = [frame["payload"] for frame in told if frame["event"] == "agent"]
    assert [payload["seq"] for payload in agent] == list(range(1, len(agent) + 1))
    assert agent[0]["data"]["phase"] == "start" and agent[-1]["data"]["phase"] == "end"
    assert told[-1]["payload"]["message"]["content"][0]["text"] == "All is well."
    for client in (here, there):  # each tells of its own view of health once the run has ended
        assert client.event("health")["payload"]["ok"] is True


def test_a_turn_is_stopped_from_the_other_side(here: Client, there: Client) -> None:
    known = there.call("chat.abort", {"sessionKey": "both"})
    assert known == {"ok": True, "aborted": False, "runIds": []}


def test_jobs_approvals_and_pairing_are_told_at_both(agents: Pair, here: Client, there: Client) -> None:
    job = there.call(
        "cron.add",
        {
            "name": "tell both",
            "schedule": {"kind": "every", "everyMs": 86_400_000},
            "sessionTarget": "main",
            "wakeMode": "next-heartbeat",
            "payload": {"kind": "systemEvent", "text": "tick"},
        },
    )
    assert there.call("cron.run", {"id": job["id"]})["ran"] is True
    for client in (here, there):
        told = [client.event("cron")["payload"] for _ in range(3)]
        assert [(each["jobId"], each["action"]) for each in told] == [
            (job["id"], action) for action in ("added", "started", "finished")
        ]
    asked = {"id": "both-2", "command": "make all", "twoPhase": True}
    there.send({"type": "req", "id": "q", "method": "exec.approval.request", "params": asked})
    assert here.event("exec.approval.requested")["payload"]["id"] == "both-2"
    here.call("exec.approval.resolve", {"id": "both-2", "decision": "allow-once"})
    for client in (here, there):
        assert client.event("exec.approval.resolved")["payload"]["decision"] == "allow-once"
    eventually(lambda: there.call("exec.approval.waitDecision", {"id": "both-2"})["decision"] == "allow-once", "it")
    device = Device()
    with opened(agents.second, source="127.0.0.2") as stranger, pytest.raises(Refused) as refused:
        stranger.connect(node_params(agents.second), device)
    request_id = refused.value.error["details"]["requestId"]
    for client in (here, there):
        for event in ("device.pair.requested", "node.pair.requested"):
            assert client.event(event)["payload"]["requestId"] == request_id
    here.call("node.pair.reject", {"requestId": request_id})
    for client in (here, there):
        assert client.event("node.pair.resolved")["payload"]["decision"] == "rejected"


def test_the_pulse_is_told_at_both(here: Client, there: Client) -> None:
    there.call("wake", {"mode": "now", "text": "look around"})
    told = there.event("heartbeat")["payload"]
    assert here.event("heartbeat")["payload"] == told
    eventually(lambda: here.call("last-heartbeat") == told, "the other gateway to know the last heartbeat")
    there.call("set-heartbeats", {"enabled": False})
    there.call("set-heartbeats", {"enabled": True})


def test_a_node_is_asked_from_the_other_gateway(agents: Pair, here: Client, there: Client) -> None:
    with node_host(agents.first) as node:
        eventually(lambda: _is_there(there, node.device.id), "the other gateway to know the node")
        asked: Frame = {"nodeId": node.device.id, "command": "system.which", "params": {"bins": ["sh"]}}
        answer = there.call("node.invoke", {**asked, "idempotencyKey": "far-1"})
        assert answer["payload"]["bins"]["sh"].endswith("/sh")
        node.answer = lambda _: None
        late = there.fault("node.invoke", {**asked, "timeoutMs": 100, "idempotencyKey": "far-2"})
        assert late["details"]["nodeError"]["code"] == "TIMEOUT"
    eventually(lambda: not _is_there(there, node.device.id), "the other gateway to hear that it has gone")
    assert there.fault("node.invoke", {**asked, "idempotencyKey": "far-3"})["message"] == "node not connected"


def test_a_gateway_that_comes_later_knows_the_nodes(agents: Pair, here: Client) -> None:
    with node_host(agents.first) as node:
        agents.second.stop()
        agents.second.start()
        with connected(agents.second) as there:
            eventually(lambda: _is_there(there, node.device.id), "the new gateway to know the node")


def test_each_tells_its_own_clients_that_it_stops(agents: Pair, here: Client) -> None:
    with connected(agents.second) as there:
        agents.second.stop()
        assert there.event("shutdown")["payload"]["reason"] == "service restart"
        assert there.closed() == (1012, "service restart")
    agents.second.start()
    assert here.call("health")["ok"] is True


def _is_there(client: Client, node_id: str) -> bool:
    rows: list[Any] = client.call("node.list")["nodes"]
    return any(row["nodeId"] == node_id and row["connected"] for row in rows)

"""What waits for nodes: questions that they fetch when they come, and commands for phones that nobody looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.control import BACKEND, Client, Device, connected, opened
from tests.support.node_host import node_params
from tests.support.server import Gateway, running_gateway, settings

PHONE = {"platform": "ios", "id": "openclaw-ios", "mode": "node", "version": "1", "displayName": "Phone"}
CANVAS = ["canvas.present", "canvas.hide"]


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway, client=BACKEND) as found:
        yield found


@pytest.fixture
def phone(gateway: Gateway) -> Iterator[tuple[Client, str]]:
    device = Device()
    with opened(gateway) as node:
        node.connect(node_params(gateway, client=PHONE, commands=CANVAS, caps=["canvas"]), device)
        yield node, device.id


def test_questions_wait_once_until_they_are_fetched(client: Client, phone: tuple[Client, str]) -> None:
    node, node_id = phone
    usual = node.call("node.pending.drain")
    assert usual["nodeId"] == node_id and not usual["hasMore"]
    assert [(item["id"], item["type"]) for item in usual["items"]] == [("baseline-status", "status.request")]
    where = {"nodeId": node_id, "type": "location.request"}
    asked = client.call("node.pending.enqueue", where)
    assert asked["wakeTriggered"] is False and asked["queued"]["priority"] == "normal"
    again = client.call("node.pending.enqueue", {**where, "priority": "high"})
    assert (again["queued"], again["revision"]) == (asked["queued"], asked["revision"]), "the same question waits once"
    status = {"nodeId": node_id, "type": "status.request", "priority": "high", "expiresInMs": 60_000}
    client.call("node.pending.enqueue", status)
    first = node.call("node.pending.drain", {"maxItems": 1})
    assert [item["type"] for item in first["items"]] == ["status.request"] and first["hasMore"]
    rest = node.call("node.pending.drain")
    assert [item["type"] for item in rest["items"]] == ["location.request", "status.request"]
    assert rest["revision"] > asked["revision"] and not rest["hasMore"]
    assert client.fault("node.pending.enqueue", {**where, "nodeId": "nobody"})["message"] == "unknown nodeId"
    assert "unauthorized role" in client.fault("node.pending.drain")["message"]


def test_a_command_for_a_phone_in_a_pocket_waits(client: Client, phone: tuple[Client, str]) -> None:
    node, node_id = phone
    error = refused(client, node, node_id, "canvas.present", "key-1", "NODE_BACKGROUND_UNAVAILABLE")
    assert error["code"] == "UNAVAILABLE" and error["details"]["code"] == "QUEUED_UNTIL_FOREGROUND"
    other = refused(client, node, node_id, "canvas.hide", "key-2", "NODE_BACKGROUND_UNAVAILABLE")
    plain = refused(client, node, node_id, "canvas.hide", "key-3", "BUSY")
    assert plain["details"]["nodeError"]["code"] == "BUSY"
    pulled = node.call("node.pending.pull")
    assert [(each["id"], each["command"]) for each in pulled["actions"]] == [
        (error["details"]["queuedActionId"], "canvas.present"),
        (other["details"]["queuedActionId"], "canvas.hide"),
    ]
    assert pulled["actions"][0]["paramsJSON"] == '{"url":"/x"}'
    done = node.call("node.pending.ack", {"ids": [error["details"]["queuedActionId"], "nothing"]})
    assert done["remainingCount"] == 1 and len(node.call("node.pending.pull")["actions"]) == 1


def test_what_waits_outlives_a_restart_but_not_a_new_pairing() -> None:
    device = Device()
    with running_gateway(settings({})) as gateway:
        with opened(gateway) as node:
            node.connect(node_params(gateway, client=PHONE, commands=CANVAS), device)
        where = {"nodeId": device.id, "type": "location.request"}
        with connected(gateway, client=BACKEND) as client:
            client.call("node.pending.enqueue", where)
        gateway.kill()
        gateway.start()
        with opened(gateway) as node:
            node.connect(node_params(gateway, client=PHONE, commands=CANVAS), device)
            assert "location.request" in [item["type"] for item in node.call("node.pending.drain")["items"]]
        with connected(gateway, client=BACKEND) as client:
            client.call("node.pending.enqueue", where)
            client.call("node.pair.remove", {"nodeId": device.id})
        with opened(gateway) as node:
            node.connect(node_params(gateway, client=PHONE, commands=CANVAS), device)
            assert [item["id"] for item in node.call("node.pending.drain")["items"]] == ["baseline-status"]


def refused(client: Client, node: Client, node_id: str, command: str, key: str, code: str) -> Any:
    """The error of a command that the phone does not do."""
    asked = {"nodeId": node_id, "command": command, "params": {"url": "/x"}, "idempotencyKey": key}
    client.send({"type": "req", "id": key, "method": "node.invoke", "params": asked})
    wanted = node.event("node.invoke.request")["payload"]
    fault = {"code": code, "message": "not now"}
    node.call("node.invoke.result", {"id": wanted["id"], "nodeId": node_id, "ok": False, "error": fault})
    return client.response(key)["error"]

"""What nodes tell the gateway: of commands, of words that were spoken, and which sessions they want to hear of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from crawdad.core.identity import Permission
from tests.api.control.test_agents import of_run, send
from tests.attacks.keys import new_key
from tests.support.control import Client, Device, connected, opened
from tests.support.node_host import node_params
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

READING = frozenset(
    {
        Permission.SYSTEM_READ,
        Permission.CONFIG_READ,
        Permission.LOGS_READ,
        Permission.STATISTICS_READ,
        Permission.AGENTS_MANAGE,
    }
)


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says("Heard.")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "24h"}}}
    with running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found:
        yield found


@pytest.fixture
def node(gateway: Gateway) -> Iterator[Client]:
    with opened(gateway) as found:
        found.connect(node_params(gateway), Device())
        yield found


def told(node: Client, event: str, payload: Any) -> bool:
    answer = node.call("node.event", {"event": event, "payloadJSON": json.dumps(payload)})
    assert answer["ok"] is True and answer["event"] == event
    return bool(answer["handled"])


def test_the_end_of_a_command_wakes_the_agent_as_something_from_outside(
    client: Client, node: Client, model: ScriptedModel
) -> None:
    before = len(model.asked)
    ended = {"sessionKey": "main", "runId": "run-1", "command": "make all", "exitCode": 2, "output": "no rule"}
    assert told(node, "exec.finished", ended)
    assert client.event("heartbeat", 30)["payload"]["status"]
    asked = json.dumps(model.asked[before:])
    assert "Exec finished (node=" in asked and "code 2" in asked and "no rule" in asked
    assert "not an instruction" in asked
    assert told(node, "exec.finished", ended), "told again it is no second event"
    for event in ("exec.started", "exec.denied"):
        assert told(node, event, {"sessionKey": "agent:main:main", "command": "ls", "reason": "not allowed"})


def test_words_spoken_at_a_node_are_a_turn(client: Client, node: Client) -> None:
    assert told(node, "voice.transcript", {"text": "good morning", "sessionKey": "spoken", "key": "voice-1"})
    assert of_run(client, "voice-1")[-1]["payload"]["sessionKey"] == "agent:main:spoken"
    assert told(node, "agent.request", {"message": "and now?", "sessionKey": "spoken", "key": "voice-2"})
    of_run(client, "voice-2")
    said = client.call("chat.history", {"sessionKey": "spoken"})["messages"]
    assert [each["role"] for each in said] == ["user", "assistant"] * 2
    assert not told(node, "voice.transcript", {"text": "   "})


def test_a_node_hears_of_the_sessions_that_it_asked_for(client: Client, node: Client) -> None:
    assert told(node, "chat.subscribe", {"sessionKey": "wanted"})
    send(client, "wanted", "hello", "wanted-1")
    assert of_run(node, "wanted-1")[-1]["payload"]["sessionKey"] == "agent:main:wanted"
    of_run(client, "wanted-1")
    send(client, "other", "hello", "other-1")
    of_run(client, "other-1")
    assert told(node, "chat.unsubscribe", {"sessionKey": "wanted"})
    send(client, "wanted", "hello again", "wanted-2")
    of_run(client, "wanted-2")
    node.call("skills.bins")
    heard = {frame["payload"]["runId"] for frame in node.events if frame.get("event") in ("chat", "agent")}
    assert heard == {"wanted-1"}


@pytest.mark.parametrize("payload", ["not json", "[]", "3", '"x"'])
def test_what_is_no_payload_is_not_taken(node: Client, payload: str) -> None:
    answer = node.call("node.event", {"event": "exec.finished", "payloadJSON": payload})
    assert answer == {"ok": True, "event": "exec.finished", "handled": False}


async def test_a_node_may_no_more_than_who_let_it_in(gateway: Gateway, client: Client) -> None:
    key = await new_key(gateway, permissions=READING)
    with opened(gateway) as node:
        node.connect({**node_params(gateway), "auth": {"token": key.token}}, Device())
        assert not told(node, "voice.transcript", {"text": "delete everything", "key": "no-1"})
        assert not told(node, "agent.request", {"message": "delete everything", "key": "no-1"})
        assert told(node, "chat.subscribe", {"sessionKey": "main"}), "who may read may have his node hear"
    assert client.call("agent.wait", {"runId": "no-1", "timeoutMs": 0})["status"] == "timeout"


def test_programs_of_skills(gateway: Gateway, node: Client) -> None:
    skill = gateway.home / "skills" / "weather"
    skill.mkdir(parents=True)
    metadata = '{"openclaw":{"requires":{"bins":["curl"],"anyBins":["jq","gojq"]}}}'
    skill.joinpath("SKILL.md").write_text(f"---\nname: weather\ndescription: d\nmetadata: {metadata}\n---\nLook.\n")
    assert {"curl", "jq", "gojq"} <= set(node.call("skills.bins")["bins"])

"""Kill -9 of a gateway whose clients wait for an answer: they come back, and the answer is told or found; none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.control import Client, connected
from tests.support.scripted_model import NAME, Hold, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

KEY = "agent:main:lost"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says("Hello.")) as running:
        yield running


@pytest.fixture
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    with running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running:
        yield running


def ask(client: Client, run_id: str) -> Any:
    return client.call("chat.send", {"sessionKey": "lost", "message": "Say it", "idempotencyKey": run_id})


def final(client: Client, run_id: str) -> Any:
    """The event that tells the end of a run."""
    while True:
        told = client.event("chat", 60)["payload"]
        if told["runId"] == run_id and told["state"] == "final":
            return told


def texts(client: Client) -> list[str]:
    messages = client.call("chat.history", {"sessionKey": "lost"})["messages"]
    return [part["text"] for each in messages if each["role"] == "assistant" for part in each["content"]]


def test_the_gateway_dies_in_the_middle_of_an_answer(gateway: Gateway, model: ScriptedModel) -> None:
    first, second = Hold(says("Half an answer."), after=2), Hold(says("A whole answer."), after=1)
    model.then(first, second)
    with connected(gateway) as client:
        assert ask(client, "lost-1")["status"] == "started"
        assert first.reached.wait(PATIENCE)
        gateway.kill()
        client.closed()
    gateway.start()
    first.gate.set()
    with connected(gateway) as client:
        assert second.reached.wait(PATIENCE), "the turn is taken up by itself"
        assert ask(client, "lost-1")["status"] == "in_flight", "the same message again is the same turn"
        second.gate.set()
        told = final(client, "lost-1")
        assert told["message"]["content"] == [{"type": "text", "text": "A whole answer."}]
        assert told["sessionKey"] == KEY
        waited = client.call("agent.wait", {"runId": "lost-1"})
        assert waited["status"] == "ok" and waited["runId"] == "lost-1"
        assert texts(client) == ["A whole answer."]
        client.send({"type": "req", "id": "again", "method": "agent.wait", "params": {"runId": "lost-1"}})
        assert client.response("again")["payload"]["endedAt"] >= waited["startedAt"]


def test_the_client_is_cut_off_and_comes_back(gateway: Gateway, model: ScriptedModel) -> None:
    hold = Hold(says("It is told anyway."), after=1)
    model.then(hold)
    with ExitStack() as stack:
        client = stack.enter_context(connected(gateway))
        ask(client, "lost-2")
        assert hold.reached.wait(PATIENCE)
        client.socket.socket.close()
    with connected(gateway) as client:
        hold.gate.set()
        assert final(client, "lost-2")["message"]["content"][0]["text"] == "It is told anyway."
    assert model.asked and len(model.asked) == 1


def test_an_answer_that_nobody_heard_is_found(gateway: Gateway, model: ScriptedModel) -> None:
    model.then(says("Nobody was there."))
    with connected(gateway) as client:
        ask(client, "lost-3")
    with connected(gateway) as client:
        assert client.call("agent.wait", {"runId": "lost-3"})["status"] == "ok"
        gateway.kill()
    gateway.start()
    with connected(gateway) as client:
        assert client.call("agent.wait", {"runId": "lost-3"})["status"] == "ok"
        eventually(lambda: texts(client) == ["Nobody was there."], "the answer in the history")
        assert ask(client, "lost-3")["status"] in ("ok", "in_flight"), "sent again, it is not asked again"
    assert len(model.asked) == 1

"""Agents over the control channel: a real gateway whose agents ask a scripted model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.control import Client, connected
from tests.support.scripted_model import NAME, Answer, Fail, Hold, ScriptedModel, calls, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.protocols import Ask
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


def of_run(client: Client, run_id: str, last: str = "final") -> list[Any]:
    """The events of a run up to the `chat` event that tells its end."""
    found = [frame for frame in client.events if frame.get("event") in ("agent", "chat")]
    found = [frame for frame in found if frame["payload"]["runId"] == run_id]
    while not (found and found[-1]["payload"].get("state") == last):
        frame = client.receive()
        client.events.append(frame)
        if frame.get("event") in ("agent", "chat") and frame["payload"]["runId"] == run_id:
            found.append(frame)
    return found


def send(client: Client, key: str, text: str, run_id: str) -> Any:
    return client.call("chat.send", {"sessionKey": key, "message": text, "idempotencyKey": run_id})


def test_a_turn_is_told_in_order(client: Client) -> None:
    assert send(client, "one", "hello", "turn-1") == {"runId": "turn-1", "status": "started"}
    assert send(client, "one", "hello", "turn-1") == {"runId": "turn-1", "status": "in_flight"}
    events = of_run(client, "turn-1")
    agent = [frame["payload"] for frame in events if frame["event"] == "agent"]
    chat = [frame["payload"] for frame in events if frame["event"] == "chat"]
    assert [payload["seq"] for payload in agent] == list(range(1, len(agent) + 1))
    assert (agent[0]["stream"], agent[0]["data"]["phase"]) == ("lifecycle", "start")
    assert (agent[-1]["stream"], agent[-1]["data"]["phase"]) == ("lifecycle", "end")
    spoken = [payload["data"] for payload in agent[1:-1]]
    assert "".join(data["delta"] for data in spoken) == spoken[-1]["text"] == "PONG from the model."
    assert [payload["state"] for payload in chat] == ["delta"] * (len(chat) - 1) + ["final"]
    assert chat[-1]["message"]["content"] == [{"type": "text", "text": "PONG from the model."}]
    assert chat[0]["state"] == "delta" and chat[-1]["seq"] == agent[-1]["seq"]
    assert {payload["sessionKey"] for payload in (*agent, *chat)} == {"agent:main:one"}
    assert (
        events.index(next(e for e in events if e["payload"].get("data", {}).get("phase") == "end")) == len(events) - 2
    )


def test_what_was_said_is_history(client: Client) -> None:
    assert client.call("chat.history", {"sessionKey": "nobody"})["messages"] == []
    send(client, "told", "what is it?", "told-1")
    of_run(client, "told-1")
    history = client.call("chat.history", {"sessionKey": "told", "limit": 10})
    asked, answered = history["messages"]
    assert asked["role"] == "user" and asked["content"][0]["text"].endswith("] what is it?")
    assert answered["content"] == [{"type": "text", "text": "PONG from the model."}]
    assert (answered["provider"], answered["model"], answered["stopReason"]) == (NAME, "model", "stop")
    assert history["thinkingLevel"] == "off"


def test_a_turn_is_stopped(client: Client, model: ScriptedModel) -> None:
    held = Hold(Turn((Say("Gravity is a fundamental force"), Say(" and more."))), after=3)
    model.then(held)
    send(client, "main", "tell me", "stop-1")
    try:
        while not any(frame["payload"].get("state") == "delta" for frame in _chat(client, "stop-1")):
            client.events.append(client.receive())
        stopped = client.call("chat.abort", {"sessionKey": "main", "runId": "stop-1"})
    finally:
        held.gate.set()
    assert stopped == {"ok": True, "aborted": True, "runIds": ["stop-1"]}
    aborted = _chat(client, "stop-1")[-1]["payload"]  # it was told before the answer
    assert (aborted["state"], aborted["stopReason"], aborted["sessionKey"]) == ("aborted", "rpc", "main")
    assert aborted["message"]["content"][0]["text"].startswith("Gravity")
    again = client.call("chat.abort", {"sessionKey": "main", "runId": "stop-1"})
    assert again == {"ok": True, "aborted": False, "runIds": []}


def test_a_word_stops_what_runs(client: Client, model: ScriptedModel) -> None:
    held = Hold(ANSWER, after=0)
    model.then(held)
    send(client, "worded", "think", "word-1")
    assert held.reached.wait(PATIENCE)
    try:
        found = send(client, "worded", "/stop", "word-2")
    finally:
        held.gate.set()
    assert found == {"ok": True, "aborted": True, "runIds": ["word-1"]}
    assert of_run(client, "word-1", "aborted")[-1]["payload"]["stopReason"] == "stop"
    assert send(client, "worded", "stop", "word-3") == {"ok": True, "aborted": False, "runIds": []}


def test_a_word_stops_the_sub_agents_of_a_turn_that_has_ended(client: Client, model: ScriptedModel) -> None:
    held = Hold(ANSWER, after=0)

    def script(ask: Ask) -> Answer:
        said = str(ask.body["messages"][-1]["content"])
        if ask.body["messages"][-1]["role"] == "tool":
            return says("It has been begun.")
        return held if "count the apples" in said else calls(("sessions_spawn", {"task": "count the apples"}))

    model.then(script)
    send(client, "spawning", "have them counted", "spawn-1")
    of_run(client, "spawn-1")
    assert held.reached.wait(PATIENCE)
    try:
        found = send(client, "spawning", "/stop", "spawn-2")
        assert (found["ok"], found["aborted"], len(found["runIds"])) == (True, True, 1)
        listed = client.call("agent.wait", {"runId": found["runIds"][0], "timeoutMs": 0})
    finally:
        held.gate.set()
    assert listed["status"] != "timeout", "it has ended"
    assert send(client, "spawning", "/stop", "spawn-3") == {"ok": True, "aborted": False, "runIds": []}


def _chat(client: Client, run_id: str) -> list[Any]:
    return [f for f in client.events if f.get("event") == "chat" and f["payload"]["runId"] == run_id]


def test_agent_answers_twice(client: Client) -> None:
    params = {"message": "hi agent", "sessionKey": "agent:main:ws-agent", "idempotencyKey": "agent-1"}
    accepted = client.request("agent", params, "twice")
    assert accepted["payload"]["runId"] == "agent-1" and accepted["payload"]["status"] == "accepted"
    assert isinstance(accepted["payload"]["acceptedAt"], int)
    waited = client.call("agent.wait", {"runId": "agent-1", "timeoutMs": 20_000})
    assert waited["status"] == "ok" and waited["startedAt"] <= waited["endedAt"]
    done = next((f for f in client.events if f.get("id") == "twice"), None) or client.response("twice")
    payload = done["payload"]
    assert done["ok"] and (payload["status"], payload["summary"]) == ("ok", "completed")
    assert payload["result"]["payloads"] == [{"text": "PONG from the model.", "mediaUrl": None}]
    meta = payload["result"]["meta"]["agentMeta"]
    assert (meta["provider"], meta["model"]) == (NAME, "model") and meta["usage"]["total"] > 0
    assert of_run(client, "agent-1")[-1]["payload"]["state"] == "final"


def test_agent_tells_a_failure_with_both(client: Client, model: ScriptedModel) -> None:
    model.then(Fail(400, "no such thing"))
    client.request("agent", {"message": "hi", "sessionKey": "failing", "idempotencyKey": "fail-1"}, "failing")
    done = client.response("failing")
    assert not done["ok"] and done["error"]["code"] == "UNAVAILABLE"
    assert done["payload"]["status"] == "error" and done["payload"]["summary"] == done["error"]["message"]
    assert client.call("agent.wait", {"runId": "fail-1"})["status"] == "error"
    assert of_run(client, "fail-1", "error")[-1]["payload"]["errorMessage"] == done["error"]["message"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"agentId": "nobody"}, "nobody"),
        ({"sessionKey": "agent:"}, "session key"),
        ({"agentId": "main", "sessionKey": "agent:other:main"}, "other"),
    ],
)
def test_agent_knows_whom_it_means(client: Client, params: Any, words: str) -> None:
    error = client.fault("agent", {"message": "hi", "idempotencyKey": "wrong", **params})
    assert error["code"] == "INVALID_REQUEST" and words in error["message"]


def test_waiting_for_a_run_that_is_not_there(client: Client) -> None:
    assert client.call("agent.wait", {"runId": "never", "timeoutMs": 1}) == {"runId": "never", "status": "timeout"}


def test_tools_are_told_to_whoever_began_the_run(gateway: Gateway, model: ScriptedModel) -> None:
    with connected(gateway, caps=["tool-events"]) as own, connected(gateway) as other:
        model.then(calls(("ls", {"path": "."})), says("There."))
        own.call("sessions.patch", {"key": "tooled", "verboseLevel": "full"})
        send(own, "tooled", "look", "tool-1")
        told = [f for f in of_run(own, "tool-1") if f["payload"].get("stream") == "tool"]
        heard = of_run(other, "tool-1")
    start, *_, result = [frame["payload"]["data"] for frame in told]
    assert (start["phase"], start["name"], start["args"]) == ("start", "ls", {"path": "."})
    assert result["phase"] == "result" and not result["isError"] and "result" in result
    assert all("seq" not in frame for frame in told)
    assert heard and all(frame["payload"].get("stream") != "tool" for frame in heard)


def test_runs_of_other_doors_are_told(gateway: Gateway, client: Client) -> None:
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "hi"}]}
    url = f"{gateway.base_url}/v1/chat/completions"
    assert httpx.post(url, json=body, headers=gateway.headers, timeout=PATIENCE).status_code == 200
    while client.event("chat")["payload"]["state"] != "final":
        continue


def test_words_are_put_into_a_session(client: Client) -> None:
    send(client, "injected", "hello", "inject-0")
    of_run(client, "inject-0")
    found = client.call("chat.inject", {"sessionKey": "injected", "message": "By the way.", "label": "note"})
    final = of_run(client, f"inject-{found['messageId']}")[-1]["payload"]
    assert final["message"]["content"][0]["text"].endswith("By the way.")
    assert "By the way." in str(client.call("chat.history", {"sessionKey": "injected"})["messages"][-1])
    assert "There is no session" in client.fault("chat.inject", {"sessionKey": "gone", "message": "x"})["message"]


def test_a_message_that_says_nothing(client: Client) -> None:
    params = {"sessionKey": "main", "message": " \x07 ", "idempotencyKey": "empty"}
    assert client.fault("chat.send", params)["message"] == "message or attachment required"
    assert "null" in client.fault("chat.send", {**params, "message": "a\0b"})["message"]
    client.call("sessions.patch", {"key": "mute", "sendPolicy": "deny"})
    blocked = client.fault("chat.send", {"sessionKey": "mute", "message": "hi", "idempotencyKey": "mute"})
    assert blocked["message"] == "send blocked by session policy"


def test_sessions_are_listed_and_changed(client: Client) -> None:
    send(client, "listed", "hello there", "list-1")
    of_run(client, "list-1")
    client.call("agent.wait", {"runId": "list-1"})
    found = client.call("sessions.list", {"limit": 50})
    row = next(row for row in found["sessions"] if row["key"] == "agent:main:listed")
    assert row["kind"] == "direct" and row["modelProvider"] == NAME and row["totalTokens"] > 0
    assert found["count"] == len(found["sessions"]) and found["defaults"]["model"] == "model"
    changed = client.call("sessions.patch", {"key": "listed", "label": "lbl", "thinkingLevel": "low"})
    assert changed["entry"]["label"] == "lbl" and changed["resolved"] == {"modelProvider": NAME, "model": "model"}
    assert client.call("sessions.list", {"label": "lbl"})["sessions"][0]["displayName"] == "lbl"
    assert client.call("sessions.resolve", {"label": "lbl"}) == {
        "ok": True,
        "key": "agent:main:listed",
        "agentId": "main",
    }
    assert client.call("sessions.resolve", {"sessionId": row["sessionId"]})["key"] == "agent:main:listed"
    assert "INVALID" in client.fault("sessions.patch", {"key": "listed", "thinkingLevel": "vast"})["code"]
    lost = client.fault("sessions.patch", {"key": "listed", "model": "nobody/nothing"})
    assert lost["code"] == "INVALID_REQUEST" and "nobody/nothing" in lost["message"]
    real = client.call("sessions.patch", {"key": "listed", "model": f"{NAME}/model"})
    assert real["resolved"] == {"modelProvider": NAME, "model": "model"}
    preview = client.call("sessions.preview", {"keys": ["listed", "nobody"], "maxChars": 20})["previews"]
    assert [each["status"] for each in preview] == ["ok", "missing"]
    assert [item["role"] for item in preview[0]["items"]] == ["user", "assistant"]
    assert all(len(item["text"]) <= 20 for item in preview[0]["items"])
    anew = client.call("sessions.reset", {"key": "listed"})
    assert anew["entry"]["sessionId"] != row["sessionId"] and anew["entry"]["label"] == "lbl"
    assert anew["entry"]["inputTokens"] == 0 and client.call("chat.history", {"sessionKey": "listed"})["messages"] == []
    assert client.call("sessions.delete", {"key": "listed"})["deleted"]
    assert not client.call("sessions.delete", {"key": "listed"})["deleted"]
    assert "main session" in client.fault("sessions.delete", {"key": "main"})["message"]


def test_a_session_is_shortened(client: Client, model: ScriptedModel) -> None:
    assert client.call("sessions.compact", {"key": "short"})["reason"] == "no sessionId"
    for number in range(3):
        send(client, "short", f"question {number}", f"short-{number}")
        of_run(client, f"short-{number}")
    assert client.call("sessions.compact", {"key": "short"}) == {
        "ok": True,
        "key": "agent:main:short",
        "compacted": False,
        "kept": 6,
    }
    assert client.call("sessions.compact", {"key": "short", "maxLines": 2})["compacted"]
    send(client, "short", "and now?", "short-4")
    of_run(client, "short-4")
    seen = str(model.asked[-1]["messages"])
    assert "question 2" in seen and "question 1" not in seen
    assert len(client.call("chat.history", {"sessionKey": "short"})["messages"]) == 8


def test_health_and_status_count_sessions(client: Client) -> None:
    send(client, "counted", "hello", "count-1")
    of_run(client, "count-1")
    health = client.call("health", {"probe": True})
    assert health["agents"][0]["sessions"]["count"] == health["sessions"]["count"] > 0
    assert health["sessions"]["recent"][0]["key"].startswith("agent:main:")
    assert client.call("status")["sessions"]["count"] == health["sessions"]["count"]


def test_a_conversation_without_a_name_is_called_by_its_first_words(client: Client) -> None:
    for said in ("今天天气怎么样？\n请用表格告诉我", "And tomorrow?"):
        send(client, "nameless", said, f"nameless {said}")
        client.call("agent.wait", {"runId": f"nameless {said}"})
    listed = client.call("sessions.list", {"includeDerivedTitles": True})["sessions"]
    row = next(row for row in listed if row["key"] == "agent:main:nameless")
    assert row["derivedTitle"] == "今天天气怎么样？ 请用表格告诉我" and "displayName" not in row
    client.call("sessions.patch", {"key": "nameless", "label": "Weather"})
    listed = client.call("sessions.list", {"includeDerivedTitles": True})["sessions"]
    named = next(row for row in listed if row["key"] == "agent:main:nameless")
    assert named["displayName"] == "Weather" and "derivedTitle" not in named


def test_a_turn_speaks_the_language_of_whoever_orders_it(gateway: Gateway) -> None:
    with connected(gateway, locale="zh-CN") as client:
        client.call("agents.create", {"name": "lost", "model": "nobody/none"})
        send(client, "agent:lost:main", "你好", "lost-1")
        ended = client.call("agent.wait", {"runId": "lost-1"})
        assert (ended["status"], ended["error"]) == ("error", "模型“nobody/none”不存在。")

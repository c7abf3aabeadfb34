"""Turns through the doors: chat and Responses by OpenAI's client, tools in the workspace, what is kept of it."""

from __future__ import annotations

from typing import Any

import openai

from tests.e2e.agents.conftest import HOOK_TOKEN, OpenScene
from tests.support.scripted_model import calls, last_text, says, system_text

FUNCTION: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def test_an_agent_works_in_its_workspace(open_scene: OpenScene) -> None:
    scene = open_scene(
        calls(("write", {"path": "notes/today.md", "content": "Buy milk."})),
        calls(("read", {"path": "notes/today.md"})),
        says("Your note says: Buy milk."),
    )
    client = openai.OpenAI(base_url=f"{scene.gateway.base_url}/v1", api_key=scene.gateway.token, max_retries=0)
    stream = client.chat.completions.create(
        model="openclaw:main",
        user="Alice",
        messages=[{"role": "user", "content": "Note: buy milk"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[0].id.startswith("chatcmpl_") and {chunk.model for chunk in chunks} == {"openclaw:main"}
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == "Your note says: Buy milk."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None and chunks[-1].usage.prompt_tokens == 75  # three calls of 25
    assert (scene.workspace / "notes/today.md").read_text() == "Buy milk."
    assert "Buy milk." in last_text(scene.model.asked[-1])
    first, *others = scene.model.asked
    assert all(system_text(one) == system_text(first) and one["tools"] == first["tools"] for one in others)

    key = "agent:main:openai-user:alice"
    (session,) = scene.data("GET", "/sessions")["sessions"]
    assert (session["key"], session["agentId"], session["usage"]["promptTokens"]) == (key, "main", 75)
    assert "Buy milk." in str(scene.history(key))
    found = scene.data("GET", "/sessions", params={"search": "milk"})["sessions"]
    assert [one["key"] for one in found] == [key]


def test_the_same_person_goes_on_and_others_begin_anew(open_scene: OpenScene) -> None:
    scene = open_scene(says("Noted."))
    scene.chat("My colour is green", user="bob")
    scene.chat("Which colour?", user="BOB")
    assert "My colour is green" in str(scene.model.asked[-1]["messages"])
    scene.chat("Which colour?")
    assert "green" not in str(scene.model.asked[-1]["messages"])


def test_a_turn_pauses_for_the_clients_tool(open_scene: OpenScene) -> None:
    scene = open_scene(calls(("get_weather", {"city": "Kunming"})), says("It is mild in Kunming."))
    client = openai.OpenAI(base_url=f"{scene.gateway.base_url}/v1", api_key=scene.gateway.token, max_retries=0)
    first = client.responses.create(model="openclaw", input="Weather in Kunming?", tools=[FUNCTION], user="carol")
    call = next(item for item in first.output if item.type == "function_call")
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Kunming"}')
    second = client.responses.create(
        model="openclaw",
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}],
        tools=[FUNCTION],
        user="carol",
        previous_response_id=first.id,
    )
    assert second.output_text == "It is mild in Kunming."
    assert second.id.startswith("resp_") and second.usage is not None and second.usage.input_tokens == 25
    roles = [message["role"] for message in scene.model.asked[-1]["messages"]]
    assert roles[-2:] == ["assistant", "tool"] and last_text(scene.model.asked[-1]) == "18 degrees"


def test_a_key_pays_for_its_agents_turns_once(open_scene: OpenScene) -> None:
    scene = open_scene(says("Yes."))
    made = scene.client.post("/api/keys", json={"name": "small", "budgets": ["40tokens/day"]})
    assert made.status_code == 201, made.text
    theirs = {"authorization": f"Bearer {made.json()['key']}"}
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
    answers = [scene.client.post("/v1/chat/completions", json=body, headers=theirs) for _ in range(3)]
    standing = scene.client.get(f"/api/keys/{made.json()['id']}").json()["budgets"][0]
    statuses = [answer.status_code for answer in answers]
    assert statuses[-1] in (402, 403, 429), [answer.text for answer in answers]
    taken = len(scene.model.asked)
    assert standing["used"] == taken * 37, "each call of the model counts once, the turn around it does not"


def test_hooks_reach_the_agent_and_its_main_session(open_scene: OpenScene) -> None:
    scene = open_scene(says("Looked into it."), hooks={"enabled": True, "token": HOOK_TOKEN})
    theirs = {"authorization": f"Bearer {HOOK_TOKEN}"}
    sent = scene.client.post("/hooks/agent", json={"message": "The build is red", "name": "CI"}, headers=theirs)
    assert sent.status_code == 202 and sent.json()["runId"]
    again = scene.client.post(
        "/hooks/wake", json={"text": "The disk is nearly full", "mode": "next-heartbeat"}, headers=theirs
    )
    assert again.json() == {"ok": True, "mode": "next-heartbeat"}
    assert scene.client.post("/hooks/agent", json={"message": "x"}).status_code == 401  # the gateway's token
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "News?"}]}
    main = {"x-openclaw-session-key": "agent:main:main"}
    assert scene.client.post("/v1/chat/completions", json=body, headers=main).status_code == 200
    told = str(scene.model.asked)
    assert "The build is red" in told and "System: [" in told and "The disk is nearly full" in told


def test_tools_by_hand(open_scene: OpenScene) -> None:
    scene = open_scene(says("Hello."))
    scene.chat("Hi", user="dora")
    answer = scene.client.post("/tools/invoke", json={"tool": "agents_list"})
    assert answer.status_code == 200 and answer.json()["ok"] is True
    assert answer.json()["result"]["content"][0]["type"] == "text"
    for denied in ("exec", "sessions_spawn", "gateway", "nosuch", "write", "cron"):
        refused = scene.client.post("/tools/invoke", json={"tool": denied, "args": {"command": "id"}})
        assert refused.status_code == 404, denied
        assert refused.json() == {
            "ok": False,
            "error": {"type": "not_found", "message": f"Tool not available: {denied}"},
        }


def test_an_agents_id_is_spelled_one_way_through_all_doors(open_scene: OpenScene) -> None:
    agents = {"defaults": {"model": "scripted/model"}, "list": [{"id": "Ops Team"}]}
    scene = open_scene(says("Ready."), agents=agents)
    scene.data("POST", "/sessions", 201, json={"messages": [{"role": "user", "content": "Hi"}]})
    scene.chat("Hi", user="erin")
    found = scene.data("GET", "/sessions")["sessions"]
    assert {session["agentId"] for session in found} == {"ops-team"}
    assert all(session["key"].startswith("agent:ops-team:") for session in found) and len(found) == 2

"""The contract's conformance list (`gateway.md`, appendix C, lines 1-22): one test for each line, over a running server."""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson
import pytest

from tests.api.gateway.conftest import HOOK_TOKEN
from tests.support.agent_server import records
from tests.support.server import TOKEN, Gateway

HI = [{"role": "user", "content": "hi"}]
UNAUTHORIZED = {"message": "Unauthorized", "type": "unauthorized"}


def chat(client: httpx.Client, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return client.post("/v1/chat/completions", json={"messages": HI, **body}, headers=headers)


def last_order(gateway: Gateway) -> dict[str, Any]:
    return records(gateway).read("order")[-1]


def within(told: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return {name: told.get(name) for name in wanted} == wanted


def sse(text: str) -> list[tuple[str, Any]]:
    """Events as (name, data)."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        data = lines.get("data", "")
        found.append((lines.get("event", ""), data if data == "[DONE]" else orjson.loads(data)))
    return found


def test_line_1_no_bearer(nobody: httpx.Client) -> None:
    told = chat(nobody, model="openclaw")
    assert told.status_code == 401 and within(told.json()["error"], UNAUTHORIZED)


def test_line_2_a_wrong_bearer_gets_the_same(nobody: httpx.Client) -> None:
    told = chat(nobody, {"authorization": "Bearer something-else-entirely"}, model="openclaw")
    assert told.status_code == 401 and within(told.json()["error"], UNAUTHORIZED)
    assert "www-authenticate" not in told.headers


def test_line_3_the_wrong_method(client: httpx.Client) -> None:
    told = client.get("/v1/chat/completions")
    assert (told.status_code, told.headers["allow"], told.text) == (405, "POST", "Method Not Allowed")
    assert told.headers["content-type"] == "text/plain; charset=utf-8"


def test_line_4_broken_json(client: httpx.Client) -> None:
    told = client.post("/v1/chat/completions", content=b"{bad")
    assert told.status_code == 400 and told.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("messages", [[], [{"role": "system", "content": "be brief"}]])
def test_line_5_nobody_says_anything(client: httpx.Client, messages: list[Any]) -> None:
    told = chat(client, model="openclaw", messages=messages)
    assert told.status_code == 400
    wanted = {"message": "Missing user message in `messages`.", "type": "invalid_request_error"}
    assert within(told.json()["error"], wanted)


@pytest.mark.parametrize("name", ["openclaw:beta", "openclaw/beta", "agent:beta", "AGENT:Beta", "OpenClaw/BETA"])
def test_line_6_agents_by_name(client: httpx.Client, gateway: Gateway, name: str) -> None:
    told = chat(client, model=name)
    assert told.status_code == 200 and told.json()["model"] == name
    assert last_order(gateway)["agent"] == "beta"


def test_line_6_agents_by_header(client: httpx.Client, gateway: Gateway) -> None:
    for header in ("x-openclaw-agent-id", "x-openclaw-agent"):
        told = chat(client, {header: "Beta"}, model="gpt-4o")
        assert told.status_code == 200 and told.json()["model"] == "gpt-4o"
        assert last_order(gateway)["agent"] == "beta"


def test_line_7_no_model(client: httpx.Client, gateway: Gateway) -> None:
    assert chat(client).json()["model"] == "openclaw"
    assert last_order(gateway)["agent"] == "main"


def test_line_8_sessions(client: httpx.Client, gateway: Gateway) -> None:
    chat(client, model="openclaw", user="Alice")
    assert last_order(gateway)["session"] == "agent:main:openai-user:alice"
    keys = set()
    for _ in range(2):
        chat(client, model="openclaw")
        keys.add(last_order(gateway)["session"])
    assert len(keys) == 2 and all(re.fullmatch(r"agent:main:openai:[0-9a-z-]{20,}", key) for key in keys)


def test_line_9_a_session_by_header(client: httpx.Client, gateway: Gateway) -> None:
    chat(client, {"x-openclaw-session-key": "agent:main:x"}, model="openclaw")
    assert last_order(gateway)["session"] == "agent:main:x"


def test_line_10_ids(client: httpx.Client) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    asked: dict[str, Any] = {"model": "openclaw", "tools": [tool]}
    told = chat(client, **asked, messages=[{"role": "user", "content": "client tool"}]).json()
    assert re.match(r"chatcmpl_\w+", told["id"])
    assert told["choices"][0]["message"]["tool_calls"][0]["id"].startswith("call_")
    made = client.post("/v1/responses", json={**asked, "input": "client tool"}).json()
    assert made["id"].startswith("resp_")
    message, call = made["output"]
    assert message["id"].startswith("msg_") and call["call_id"].startswith("call_")


def test_line_11_the_stream_of_a_chat(client: httpx.Client) -> None:
    told = chat(client, model="openclaw", stream=True, stream_options={"include_usage": True})
    assert told.headers["content-type"].startswith("text/event-stream")
    assert told.text.endswith("data: [DONE]\n\n")
    *chunks, (_, done) = sse(told.text)
    bodies = [body for _, body in chunks]
    assert done == "[DONE]" and bodies[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(b["choices"][0]["delta"].get("content", "") for b in bodies if b["choices"]) == "PONG: hi"
    assert bodies[-2]["choices"][0]["finish_reason"] == "stop"
    assert bodies[-1]["choices"] == [] and bodies[-1]["usage"]["total_tokens"] == 37
    assert len({body["id"] for body in bodies}) == 1 and {body["object"] for body in bodies} == {
        "chat.completion.chunk"
    }


@pytest.mark.parametrize("body", [{}, {"input": 42}])
def test_line_12_no_input(client: httpx.Client, body: dict[str, Any]) -> None:
    told = client.post("/v1/responses", json={"model": "openclaw", **body})
    assert told.status_code == 400 and told.json()["error"]["message"].startswith("input: ")
    assert told.json()["error"]["type"] == "invalid_request_error"


def test_line_13_the_stream_of_a_response(client: httpx.Client) -> None:
    told = client.post("/v1/responses", json={"model": "openclaw", "input": "hi", "stream": True})
    events = sse(told.text)
    assert [name for name, _ in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
        "",
    ]
    assert events[-1][1] == "[DONE]" and told.text.endswith("data: [DONE]\n\n")
    assert all(body["type"] == name for name, body in events[:-1])
    assert events[-2][1]["response"]["usage"]["total_tokens"] == 37


def test_line_14_both_forms_of_tools(client: httpx.Client, gateway: Gateway) -> None:
    nested = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    flat = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    for tool in (nested, flat):
        told = client.post("/v1/responses", json={"model": "openclaw", "input": "hi", "tools": [tool]})
        assert told.status_code == 200, told.text
        assert last_order(gateway)["tools"] == ["weather"]


def test_line_15_tools_that_are_not_there(client: httpx.Client) -> None:
    told = client.post("/tools/invoke", json={"args": {}})
    wanted: dict[str, Any] = {"error": {"message": "tools.invoke requires body.tool", "type": "invalid_request_error"}}
    assert (told.status_code, told.json()) == (400, wanted)
    told = client.post("/tools/invoke", json={"tool": "x"})
    wanted = {"ok": False, "error": {"type": "not_found", "message": "Tool not available: x"}}
    assert (told.status_code, told.json()) == (404, wanted)


@pytest.mark.parametrize("tool", ["exec", "sessions_spawn", "gateway"])
def test_line_16_tools_that_are_denied(client: httpx.Client, tool: str) -> None:
    assert client.post("/tools/invoke", json={"tool": tool}).status_code == 404


def test_line_17_tokens_of_hooks(nobody: httpx.Client) -> None:
    told = nobody.post(f"/hooks/wake?token={HOOK_TOKEN}", json={"text": "x"})
    assert told.status_code == 400 and told.headers["content-type"] == "text/plain; charset=utf-8"
    assert told.text.startswith("Hook token must be provided via Authorization: Bearer <token>")
    for headers in ({}, {"authorization": f"Bearer {TOKEN}"}):
        told = nobody.post("/hooks/wake", json={"text": "x"}, headers=headers)
        assert (told.status_code, told.text) == (401, "Unauthorized")
        assert told.headers["content-type"] == "text/plain; charset=utf-8"


def test_line_18_waking(hooks: httpx.Client, gateway: Gateway) -> None:
    told = hooks.post("/hooks/wake", json={"text": " New mail "})
    assert (told.status_code, told.json()) == (200, {"ok": True, "mode": "now"})
    event = records(gateway).read("event")[-1]
    assert (event["session"], event["text"]) == ("agent:main:main", "New mail")
    assert records(gateway).read("heartbeat")[-1]["agent"] == "main"
    told = hooks.post("/hooks/wake", json={})
    assert (told.status_code, told.json()) == (400, {"ok": False, "error": "text required"})


def test_line_19_an_agent_by_hook(hooks: httpx.Client, gateway: Gateway) -> None:
    told = hooks.post("/hooks/agent", json={"message": "Summarise", "name": "Mail"})
    assert told.status_code == 202 and told.json()["ok"] is True
    order = next(order for order in records(gateway).read("order") if order["run"] == told.json()["runId"])
    assert order["origin"] == "hook" and re.fullmatch(r"agent:main:hook:[0-9a-f-]{32,36}", order["session"])
    told = hooks.post("/hooks/agent", json={"name": "Mail"})
    assert (told.status_code, told.json()) == (400, {"ok": False, "error": "message required"})
    told = hooks.post("/hooks/agent", json={"message": "x", "sessionKey": "agent:main:main"})
    assert told.status_code == 400 and told.json()["error"].startswith("sessionKey is disabled for external")


def test_line_20_hooks_that_are_not_there(hooks: httpx.Client) -> None:
    told = hooks.post("/hooks/nosuch", json={"x": 1})
    assert (told.status_code, told.text) == (404, "Not Found")
    assert told.headers["content-type"] == "text/plain; charset=utf-8"
    told = hooks.get("/hooks/wake")
    assert (told.status_code, told.headers["allow"], told.text) == (405, "POST", "Method Not Allowed")


def test_line_21_one_byte_too_many(client: httpx.Client, hooks: httpx.Client) -> None:
    limit = 2 * 1024 * 1024
    body = orjson.dumps({"tool": "echo", "args": {"text": ""}})
    room = limit - len(body)
    fits = orjson.dumps({"tool": "echo", "args": {"text": "x" * room}})
    assert len(fits) == limit and client.post("/tools/invoke", content=fits).status_code == 200
    told = client.post("/tools/invoke", content=fits + b" ")
    assert told.status_code == 413
    assert told.json() == {"error": {"message": "Payload too large", "type": "invalid_request_error"}}
    told = hooks.post("/hooks/wake", content=b" " * 262_145)
    assert (told.status_code, told.json()) == (413, {"ok": False, "error": "payload too large"})


@pytest.mark.parametrize("path", ["/__openclaw/control-ui-config.json", "/__openclaw__/control-ui-config.json"])
def test_line_22_what_a_panel_asks_first(nobody: httpx.Client, path: str) -> None:
    told = nobody.get(path)
    assert told.status_code == 200 and told.json() == {
        "basePath": "",
        "assistantName": "Assistant",
        "assistantAvatar": "A",
        "assistantAgentId": "main",
    }

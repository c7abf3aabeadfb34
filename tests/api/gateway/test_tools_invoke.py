"""`/tools/invoke` over a running server: what a tool answers, what is refused, dry runs and repeated calls."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.gateway.test_agents_as_models import key_of
from tests.support.agent_server import WITH_AGENTS
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE


def invoke(client: httpx.Client, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return client.post("/tools/invoke", json=body, headers=headers)


def test_a_tool_answers(client: httpx.Client) -> None:
    told = invoke(client, tool=" echo ", action="shout", args={"text": "hello"}, sessionKey="main")
    assert told.status_code == 200 and told.headers["x-content-type-options"] == "nosniff"
    body = told.json()
    assert body["ok"] is True and body["result"]["content"] == [{"type": "text", "text": "hello"}]
    details = body["result"]["details"]
    assert details["arguments"] == {"text": "hello", "action": "shout"}
    assert (details["session"], details["surface"]) == ("agent:main:main", "http")
    assert invoke(client, tool="echo", args={"text": "x", "action": "own"}, action="other").json()["result"]["details"][
        "arguments"
    ] == {"text": "x", "action": "own"}
    assert invoke(client, name="echo", args={"text": "x"}, agentId="beta").json()["result"]["details"]["session"] == (
        "agent:beta:main"
    )


def test_bad_input_is_told_and_a_fault_is_not(client: httpx.Client) -> None:
    told = invoke(client, tool="echo", args="no object")
    assert told.status_code == 400 and told.json()["ok"] is False
    assert told.json()["error"]["type"] == "tool_error" and "text" in told.json()["error"]["message"]
    told = invoke(client, tool="broken")
    wanted = {"ok": False, "error": {"type": "tool_error", "message": "tool execution failed"}}
    assert (told.status_code, told.json()) == (500, wanted)
    told = invoke(client, tool="guarded")
    assert told.status_code == 403 and told.json()["error"]["type"] == "tool_error"


def test_what_is_nested_too_deeply_is_refused(client: httpx.Client) -> None:
    deep = '{"tool":"echo","args":{"a":' + "[" * 400 + "]" * 400 + "}}"
    told = client.post("/tools/invoke", content=deep, headers={"content-type": "application/json"})
    assert (told.status_code, told.json()["error"]["message"]) == (400, "The body is nested too deeply.")


def test_a_dry_run_does_nothing(client: httpx.Client) -> None:
    first = invoke(client, tool="echo", args={"text": "x"}).json()["result"]["details"]["calls"]
    told = invoke(client, tool="echo", action="a", args={"text": "x"}, dryRun=True)
    assert told.status_code == 200
    assert told.json()["result"]["details"] == {
        "dryRun": True,
        "tool": "echo",
        "arguments": {"text": "x", "action": "a"},
        "sessionKey": "agent:main:main",
    }
    assert invoke(client, tool="nosuch", dryRun=True).status_code == 404
    for nearly in ("true", 1, "yes"):  # whoever says something of the kind does not want it done
        assert invoke(client, tool="echo", args={"text": "x"}, dryRun=nearly).json()["result"]["details"]["dryRun"]
    assert invoke(client, tool="echo", args={"text": "x"}).json()["result"]["details"]["calls"] == first + 1


def test_a_call_that_is_repeated_runs_once(client: httpx.Client) -> None:
    calls = [
        invoke(client, tool="echo", args={"text": "x"}, idempotencyKey="one"),
        invoke(client, {"idempotency-key": "one"}, tool="echo", args={"text": "x"}),
    ]
    assert len({told.json()["result"]["details"]["calls"] for told in calls}) == 1
    assert invoke(client, tool="echo", args={"text": "x"}, idempotencyKey="two").json() != calls[0].json()


def test_a_restart_does_not_repeat_a_call() -> None:
    def calls(gateway: Gateway, **asked: Any) -> int:
        with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client:
            told = invoke(client, tool="echo", args={"text": "x"}, **asked)
            return int(told.json()["result"]["details"]["calls"])

    with running_gateway(settings({}), command=WITH_AGENTS) as gateway:
        assert [calls(gateway), calls(gateway), calls(gateway, idempotencyKey="one")] == [1, 2, 3]
        gateway.kill()
        gateway.start()
        assert [calls(gateway, idempotencyKey="one"), calls(gateway)] == [3, 1]


def test_who_may_call_tools(client: httpx.Client, nobody: httpx.Client, gateway: Gateway) -> None:
    told = invoke(nobody, tool="echo")
    assert told.status_code == 401 and told.json() == {"error": {"message": "Unauthorized", "type": "unauthorized"}}
    plain = {"authorization": f"Bearer {key_of(client, gateway)}"}
    told = invoke(client, plain, tool="echo", args={"text": "x"})
    assert told.status_code == 403 and told.json()["ok"] is False
    able = {"authorization": f"Bearer {key_of(client, gateway, permissions=['models.use', 'tools.invoke'])}"}
    assert invoke(client, able, tool="echo", args={"text": "x"}).status_code == 200
    assert invoke(client, able, tool="guarded").status_code == 404

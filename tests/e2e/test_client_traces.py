"""Requests as real command line clients and libraries send them, header by header, through every upstream protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.e2e.all_clients import Speaks, anthropic_told, chat_told, gemini_told, responses_told
from tests.e2e.material import HELLO, SIGNATURES, opaque_values
from tests.e2e.sources import Source
from tests.support.goldens import SHARED, trace
from tests.support.sdk import JUDGES
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.skipif(not (SHARED / "contracts").exists(), reason="../shared/contracts is not here")

NAMES = ["aider", "claude-code", "claude-code-tools", "codex", "codex-tools", "gemini-cli", "gemini-cli-tools", "llm"]
NAMES.append("vercel-ai")
REQUESTS = [
    pytest.param(request, id=f"{name}-{number}")
    for name in NAMES
    for number, request in enumerate(trace(name))
    if not request["path"].endswith(("/embeddings", "/images/generations"))
]
_SPEAKS: dict[str, Speaks] = {"/chat/completions": "chat", "/responses": "responses", "/messages": "anthropic"}
_JUDGE = {
    "chat": "openai-chat",
    "responses": "openai-responses",
    "anthropic": "anthropic-messages",
    "gemini": "gemini",
}
_HOP = ("host", "content-length", "connection", "accept-encoding")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENCE) as opened:
        yield opened


def speaks(request: dict[str, Any]) -> Speaks:
    path = request["path"].partition("?")[0]
    return next((protocol for end, protocol in _SPEAKS.items() if path.endswith(end)), "gemini")


def headers(request: dict[str, Any], gateway: Gateway) -> dict[str, str]:
    """The client's own headers, with the credential where its protocol has it."""
    own = {name: value for name, value in request["headers"].items() if name.lower() not in _HOP}
    if speaks(request) == "gemini":
        return {**own, "x-goog-api-key": gateway.token}
    if speaks(request) == "anthropic":
        return {**own, "x-api-key": gateway.token}
    return {**own, "authorization": f"Bearer {gateway.token}"}


def post(
    client: httpx.Client, gateway: Gateway, request: dict[str, Any], model: str, body: Any = None
) -> httpx.Response:
    """The recorded request, to another model, with another body if given."""
    body = dict(request["body"] if body is None else body)
    path = request["path"]
    if speaks(request) == "gemini":
        path = re.sub(r"models/[^:]+:", lambda _: f"models/{model}:", path)
    else:
        body["model"] = model
    answer = client.post(gateway.base_url + path, content=json.dumps(body), headers=headers(request, gateway))
    assert answer.status_code == 200, answer.text
    return answer


def heard_by_sdk(request: dict[str, Any], answer: httpx.Response) -> Any:
    """What the vendor's own SDK makes of the answer."""
    judge = JUDGES[_JUDGE[speaks(request)]]
    if answer.headers["content-type"].startswith("text/event-stream"):
        return judge.streamed(answer.content)
    return judge.whole(answer.json())


def told(request: dict[str, Any], heard: Any) -> Any:
    readers = {"responses": responses_told, "anthropic": anthropic_told, "gemini": gemini_told}
    protocol = speaks(request)
    return chat_told(heard["choices"][0]["message"]) if protocol == "chat" else readers[protocol](heard)


def last_user_text(body: Any) -> str:
    """What the user said last, in any protocol's spelling."""
    turns = body.get("messages") or body.get("contents") or body.get("input")
    user = [turn for turn in turns if turn.get("role") == "user"]
    texts = re.findall(r'"(?:text|content)": "((?:[^"\\]|\\.)*)"', json.dumps(user))
    return json.loads(f'"{texts[-1]}"') if texts else ""


@pytest.mark.parametrize("request_", REQUESTS)
def test_every_request_is_answered(
    client: httpx.Client, gateway: Gateway, source: Source, request_: dict[str, Any]
) -> None:
    answer = post(client, gateway, request_, source.model("hello"))
    assert told(request_, heard_by_sdk(request_, answer)).text == HELLO
    upstream = source.last
    assert gateway.token not in str(upstream.header_list) + upstream.body.decode()
    if not source.heard.results:
        assert last_user_text(request_["body"]) in json.dumps(upstream.json, ensure_ascii=False)
    own = speaks(request_) == source.protocol
    beta = request_["headers"].get("anthropic-beta")
    assert upstream.headers.get("anthropic-beta") == (beta if own else None)
    assert ("anthropic-version" in upstream.headers) is (source.protocol == "anthropic")


def test_claude_code_reads_a_file(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    first, second = trace("claude-code-tools")
    model = source.thinker("claude-code")
    message = heard_by_sdk(first, post(client, gateway, first, model))
    assert told(first, message).calls == (("Read", {"file_path": "/srv/project/a.txt"}),)
    assert len(source.heard.tools) == len(first["body"]["tools"])
    if source.protocol != "ollama":
        assert message["usage"]["cache_read_input_tokens"] == 15000
    (call,) = [block for block in message["content"] if block["type"] == "tool_use"]
    *before, _, _ = second["body"]["messages"]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "crawdads are red"}
    said = [
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": [{**result, "cache_control": {"type": "ephemeral"}}]},
    ]
    body = {**second["body"], "messages": [*before, *said]}
    message = heard_by_sdk(second, post(client, gateway, second, model, body))
    assert told(second, message).text == "The file says: crawdads are red"
    assert message["stop_reason"] == "end_turn"
    if source.protocol != "ollama":
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["claude-code"])


def codex_turn(name: str, **more: Any) -> tuple[dict[str, Any], list[Any]]:
    """A recorded Codex request and a copy of its input to go on with."""
    request = trace("codex-tools")[0]
    return {**request, "body": {**request["body"], **more}}, list(request["body"]["input"])


def test_codex_runs_a_command(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    request, turn = codex_turn("exec_command")
    model = source.thinker("codex")
    response = heard_by_sdk(request, post(client, gateway, request, model))
    assert told(request, response).calls == (("exec_command", {"cmd": "cat a.txt"}),)
    (call,) = [item for item in response["output"] if item["type"] == "function_call"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "crawdads are red"}
    body = {**request["body"], "input": [*turn, *response["output"], output]}
    response = heard_by_sdk(request, post(client, gateway, request, model, body))
    assert told(request, response).text == "The command printed: crawdads are red"
    if source.protocol != "ollama":
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["codex"])


def test_codex_applies_a_patch(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin Patch"'}
    patch = {"type": "custom", "name": "apply_patch", "description": "Edit files.", "format": grammar}
    request, turn = codex_turn("apply_patch")
    body = {**request["body"], "tools": [*request["body"]["tools"], patch]}
    response = heard_by_sdk(request, post(client, gateway, request, source.model("patch"), body))
    (call,) = response["output"]
    assert call["type"] == "custom_tool_call"
    assert call["input"].startswith("*** Begin Patch\n*** Add File: a.txt")
    output = {"type": "custom_tool_call_output", "call_id": call["call_id"], "output": "Success."}
    body["input"] = [*turn, call, output]
    response = heard_by_sdk(request, post(client, gateway, request, source.model("patch"), body))
    assert told(request, response).text == "Patched: Success."


def test_codex_asks_an_agent_in_a_namespace(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    request, turn = codex_turn("spawn_agent")
    model = source.model("codex-agents")
    response = heard_by_sdk(request, post(client, gateway, request, model))
    (call,) = response["output"]
    assert (call["namespace"], call["name"]) == ("multi_agent_v1", "spawn_agent")
    assert json.loads(call["arguments"]) == {"message": "look around"}
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "all quiet"}
    body = {**request["body"], "input": [*turn, call, output]}
    response = heard_by_sdk(request, post(client, gateway, request, model, body))
    assert told(request, response).text == "The agent says: all quiet"


def test_gemini_cli_lists_a_folder(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    first, second = trace("gemini-cli-tools")[:2]
    model = source.thinker("gemini-cli")
    answer = heard_by_sdk(first, post(client, gateway, first, model))
    assert told(first, answer).calls == (("list_directory", {"dir_path": "."}),)
    assert source.heard.tools == tuple(
        declared["name"] for tool in first["body"]["tools"] for declared in tool["functionDeclarations"]
    )
    (call,) = [part for part in answer["candidates"][0]["content"]["parts"] if "functionCall" in part]
    called = call["functionCall"]
    response = {"name": called["name"], "response": {"output": "a.txt"}}
    if "id" in called:
        response["id"] = called["id"]
    said = [{"role": "model", "parts": [call]}, {"role": "user", "parts": [{"functionResponse": response}]}]
    body = {**second["body"], "contents": [*first["body"]["contents"], *said]}
    answer = heard_by_sdk(second, post(client, gateway, second, model, body))
    assert told(second, answer).text == "The directory holds: a.txt"


def codex_frame(connection: ClientConnection, body: dict[str, Any]) -> Any:
    """Send a turn as Codex does; the finished response."""
    connection.send(json.dumps({"type": "response.create", **body}))
    while True:
        event = json.loads(connection.recv(timeout=PATIENCE))
        assert event["type"] not in ("error", "response.failed"), event
        if event["type"] in ("response.completed", "response.incomplete"):
            return event["response"]


def test_codex_over_a_websocket(gateway: Gateway, source: Source) -> None:
    """Codex keeps the connection and sends only what is new."""
    request, _ = codex_turn("exec_command")
    address = gateway.base_url.replace("http", "ws") + "/v1/responses"
    own = {
        name: value
        for name, value in headers(request, gateway).items()
        if name.lower() not in ("accept", "content-type")
    }
    body = {**request["body"], "model": source.thinker("codex")}
    with connect(
        address, additional_headers={**own, "OpenAI-Beta": "responses_websockets=2026-02-06"}, open_timeout=PATIENCE
    ) as connection:
        response = codex_frame(connection, body)
        (call,) = [item for item in response["output"] if item["type"] == "function_call"]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "crawdads are red"}
        response = codex_frame(connection, {**body, "input": [output], "previous_response_id": response["id"]})
    assert responses_told(response).text == "The command printed: crawdads are red"
    assert "openai-beta" not in source.last.headers
    if source.protocol != "ollama":
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["codex"])


def test_codex_compacts_its_conversation(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    """Codex wants exactly one item of that type back, and goes on with it and the user's own words."""
    request, turn = codex_turn("exec_command")
    body = {**request["body"], "input": [*turn, {"type": "compaction_trigger"}]}
    response = heard_by_sdk(request, post(client, gateway, request, source.model("hello"), body))
    if source.protocol == "responses":  # which settles it with its client itself
        assert source.last.json["input"][-1] == {"type": "compaction_trigger"}
        return
    assert "Write a summary of this conversation" in source.heard.user
    (item,) = response["output"]
    assert item["type"] == "compaction"
    assert HELLO not in json.dumps(response, ensure_ascii=False)
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And now?"}]}
    body = {**request["body"], "input": [*turn[:-1], item, question]}
    for model in (source.model("hello"), f"scripted-responses/{source.model('hello').partition('/')[2]}"):
        response = heard_by_sdk(request, post(client, gateway, request, model, body))
        assert told(request, response).text == HELLO
        assert HELLO in json.dumps(source.last.json, ensure_ascii=False)


def test_what_openai_compacted_is_refused_elsewhere(client: httpx.Client, gateway: Gateway, source: Source) -> None:
    request, turn = codex_turn("exec_command")
    body = {**request["body"], "model": source.model("hello")}
    body["input"] = [{"type": "compaction", "encrypted_content": "gAAAAABo"}, *turn[-1:]]
    answer = client.post(gateway.base_url + request["path"], json=body, headers=headers(request, gateway))
    assert answer.status_code == (200 if source.protocol == "responses" else 400)
    if answer.status_code == 400:
        assert answer.json()["error"]["code"] == "unsupported_content"

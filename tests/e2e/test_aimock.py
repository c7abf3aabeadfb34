"""A mock of many vendors that somebody else wrote as the upstream: it knows nothing of our idea of the protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google.genai import types
from google.genai.errors import APIError

from tests.e2e.all_clients import SPEAKS, Clients, Speaks
from tests.e2e.anthropic_clients import anthropic_tools
from tests.e2e.google_clients import google_tools
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import function_tools
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.aimock import AimockServer
from tests.support.upstreams.protocols import PROTOCOLS, Protocol, provider

pytestmark = pytest.mark.node

MODELS: dict[Protocol, str] = {
    "chat": "gpt-4o",
    "responses": "gpt-4o",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2",
}
PATHS: dict[Protocol, str] = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/gemini-2.5-flash",
    "ollama": "/api/chat",
}


@pytest.fixture(scope="module")
def aimock() -> Iterator[AimockServer]:
    with AimockServer() as server:
        yield server


@pytest.fixture(scope="module")
def mocked(aimock: AimockServer) -> Iterator[Gateway]:
    """A gateway in front of the mock, which does not try again: faults are to be seen."""
    found = {
        f"mock-{protocol}": provider(protocol, aimock.url, [MODELS[protocol]], discover=False) for protocol in PROTOCOLS
    }
    found["mock-chat"]["profile"] = "openai"
    with running_gateway(settings(found, retry={"attempts": 1})) as running:
        yield running


@pytest.fixture(scope="module")
def clients(mocked: Gateway, loop: asyncio.Runner) -> Iterator[Clients]:
    opened = Clients.open(mocked, loop)
    yield opened
    opened.close()


@pytest.fixture(params=("whole", "streamed"))
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    chosen: Protocol = request.param
    return chosen


@pytest.fixture(params=SPEAKS)
def speaks(request: pytest.FixtureRequest, protocol: Protocol) -> Speaks:
    """Responses of its own the mock tells with fewer fields than the vendor's schema wants; there they pass as they are."""
    chosen: Speaks = "chat" if request.param == protocol == "responses" else request.param
    return chosen


def model(protocol: Protocol) -> str:
    return f"mock-{protocol}/{MODELS[protocol]}"


def test_text_and_what_the_mock_heard(
    clients: Clients, aimock: AimockServer, protocol: Protocol, speaks: Speaks
) -> None:
    for mode in ("whole", "streamed"):
        aimock.reset()
        assert clients.ask(speaks, mode, model(protocol), "ping").text == "pong, 你好 🦞"
        (entry,) = aimock.journal
        assert entry["path"].startswith(PATHS[protocol])
        assert entry["body"]["model"] == MODELS[protocol]
        assert entry["body"]["messages"][-1]["role"] == "user"
        key = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}.get(protocol, "authorization")
        assert entry["headers"][key].endswith(("sk-upstream-secret", "[REDACTED]", "***"))


def test_a_slow_story(clients: Clients, protocol: Protocol, speaks: Speaks) -> None:
    told = clients.ask(speaks, "streamed", model(protocol), "a story please")
    assert told.text.count("Once upon a time there was a crawdad. ") == 20


def test_an_answer_cut_off(clients: Clients, protocol: Protocol, speaks: Speaks, mode: Mode) -> None:
    assert clients.ask(speaks, mode, model(protocol), "cut off").text == "I was going to"


def test_a_busy_vendor(clients: Clients, protocol: Protocol, speaks: Speaks) -> None:
    for mode in ("whole", "streamed"):
        with pytest.raises((openai.RateLimitError, anthropic.RateLimitError, APIError), match="Slow down") as caught:
            clients.ask(speaks, mode, model(protocol), "busy")
        assert getattr(caught.value, "code", None) == 429 or getattr(caught.value, "status_code", None) == 429


def test_tools_for_chat(clients: Clients, protocol: Protocol, mode: Mode) -> None:
    request = {"model": model(protocol), "tools": function_tools("get_weather")}
    messages: list[Any] = [{"role": "user", "content": "weather?"}]
    message: Any = clients.openai.chat(mode, messages=messages, **request).choices[0].message.to_dict()
    assert message["content"] == "Let me look."
    (call,) = message["tool_calls"]
    messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": "21"}]
    answer = clients.openai.chat(mode, messages=messages, **request)
    assert answer.choices[0].message.content == "It is 21 degrees in Zürich."


def test_responses_pass_as_the_mock_tells_them(clients: Clients) -> None:
    create = clients.openai.lenient.responses.create
    assert create(model=model("responses"), input="ping").output_text == "pong, 你好 🦞"
    events = list(create(model=model("responses"), input="ping", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "pong, 你好 🦞"
    assert events[-1].type == "response.completed"


@pytest.mark.parametrize("protocol", [protocol for protocol in PROTOCOLS if protocol != "responses"])
def test_tools_for_responses(clients: Clients, protocol: Protocol, mode: Mode) -> None:
    tools = [{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}]
    request = {"model": model(protocol), "tools": tools}
    first = clients.openai.response(mode, input="weather?", **request)
    call = first.output[-1]
    assert call.type == "function_call"
    given = [{"type": "function_call_output", "call_id": call.call_id, "output": "21"}]
    second = clients.openai.response(mode, input=given, previous_response_id=first.id, **request)
    assert second.output_text == "It is 21 degrees in Zürich."


def test_tools_for_anthropic(clients: Clients, protocol: Protocol, mode: Mode) -> None:
    request = {"model": model(protocol), "tools": anthropic_tools("get_weather")}
    messages: list[Any] = [{"role": "user", "content": "weather?"}]
    first = clients.anthropic.message(mode, messages=messages, **request)
    text, call = first.content
    assert text.type == "text"
    assert call.type == "tool_use"
    assert call.input == {"city": "Zürich"}
    messages.append({"role": "assistant", "content": [block.to_dict() for block in first.content]})
    messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "21"}]})
    second = clients.anthropic.message(mode, messages=messages, **request)
    assert second.content[0].to_dict()["text"] == "It is 21 degrees in Zürich."


def test_tools_for_google(clients: Clients, protocol: Protocol, mode: Mode) -> None:
    config: dict[str, Any] = {"tools": google_tools("get_weather")}
    contents = [types.Content(role="user", parts=[types.Part(text="weather?")])]
    first = clients.google.generate(mode, model(protocol), contents, **config)
    (call,) = first.function_calls or []
    assert (call.name, call.args) == ("get_weather", {"city": "Zürich"})
    assert first.candidates is not None
    response = types.FunctionResponse(id=call.id, name=call.name, response={"result": "21"})
    contents += [
        types.Content(role="model", parts=(first.candidates[0].content or types.Content()).parts),
        types.Content(role="user", parts=[types.Part(function_response=response)]),
    ]
    assert clients.google.generate(mode, model(protocol), contents, **config).text == "It is 21 degrees in Zürich."


@pytest.mark.parametrize("protocol", ["anthropic", "gemini"])  # the others do not think in this mock
def test_thinking(clients: Clients, protocol: Protocol, mode: Mode) -> None:
    answer = clients.anthropic.message(
        mode,
        model=model(protocol),
        messages=[{"role": "user", "content": "think"}],
        thinking={"type": "enabled", "budget_tokens": 2000},
    )
    thinking, text = answer.content
    assert thinking.type == "thinking"
    assert thinking.thinking == "Six by seven."
    assert text.to_dict()["text"] == "42"

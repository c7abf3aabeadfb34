"""A gateway with nothing configured: the demonstration model in every protocol, and local servers that are found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from google.genai import types

from tests.e2e.all_clients import SPEAKS, Clients, Speaks
from tests.e2e.anthropic_clients import anthropic_tools
from tests.e2e.google_clients import google_tools
from tests.e2e.material import HELLO, PNG_URL, TOOLS, Weather
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import function_tools
from tests.support.server import Gateway, running_gateway
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE

DEMO = "crawdad/demo"


@pytest.fixture(scope="module")
def bare(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway without providers, for which an Ollama and a vLLM run on this machine and no LM Studio does."""
    servers = {
        "ollama": scripted_upstream.url,
        "vllm": scripted_upstream.url + "/v1",
        "lmstudio": "http://127.0.0.1:9/v1",
    }
    with running_gateway({"models": {"localServers": servers}}) as running:
        yield running


@pytest.fixture(scope="module")
def clients(bare: Gateway, loop: asyncio.Runner) -> Iterator[Clients]:
    opened = Clients.open(bare, loop)
    yield opened
    opened.close()


@pytest.mark.parametrize("speaks", SPEAKS)
def test_the_demonstration_says_what_it_is(clients: Clients, speaks: Speaks, mode: Mode) -> None:
    told = clients.ask(speaks, mode, DEMO, "Hello, 世界!")
    assert told.text.startswith("[Crawdad demo] You said: “Hello, 世界!”.")
    assert "not from a real one" in told.text
    assert not told.calls


def test_the_demonstration_in_chat(clients: Clients, mode: Mode) -> None:
    content = [
        {"type": "text", "text": "Use get_weather, please"},
        {"type": "image_url", "image_url": {"url": PNG_URL}},
    ]
    messages: list[Any] = [{"role": "user", "content": content}]
    request: dict[str, Any] = {"model": DEMO, "tools": function_tools("get_time", "get_weather")}
    answer = clients.openai.chat(mode, messages=messages, reasoning_effort="low", **request)
    message: Any = answer.choices[0].message.to_dict(mode="json")
    thought = message.get("reasoning_content") or message.get("reasoning")
    assert thought.startswith("This is the demonstration model.")
    (call,) = message["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert orjson.loads(call["function"]["arguments"]).keys() == {"city", "unit"}
    messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": "21"}]
    answer = clients.openai.chat(mode, messages=messages, **request)
    assert answer.choices[0].message.content == "[Crawdad demo] The tool answered: 21"
    wanted = {"type": "json_schema", "json_schema": {"name": "weather", "schema": Weather.model_json_schema()}}
    answer = clients.openai.chat(mode, model=DEMO, messages=messages[:1], response_format=wanted)
    Weather.model_validate_json(answer.choices[0].message.content or "")


def test_the_demonstration_in_responses(clients: Clients, mode: Mode) -> None:
    tool = {"type": "function", "name": "read_file", "description": "", "parameters": TOOLS["read_file"][1]}
    request: dict[str, Any] = {"model": DEMO, "tools": [tool], "reasoning": {"effort": "low", "summary": "auto"}}
    first = clients.openai.response(mode, input="Use a tool", **request)
    reasoning, call = first.output
    assert reasoning.type == "reasoning"
    assert reasoning.summary
    assert call.type == "function_call"
    given = [{"type": "function_call_output", "call_id": call.call_id, "output": "crawdads"}]
    second = clients.openai.response(mode, input=given, previous_response_id=first.id, **request)
    assert second.output_text == "[Crawdad demo] The tool answered: crawdads"
    parsed = clients.openai.sync.responses.parse(model=DEMO, input="hi", text_format=Weather)
    assert isinstance(parsed.output_parsed, Weather)


def test_the_demonstration_in_messages(clients: Clients, mode: Mode) -> None:
    request: dict[str, Any] = {"model": DEMO, "tools": anthropic_tools("read_file", "get_time")}
    think = {"type": "enabled", "budget_tokens": 2000}
    messages: list[Any] = [{"role": "user", "content": "read_file, please"}]
    answer = clients.anthropic.message(mode, messages=messages, thinking=think, **request)
    thinking, call = answer.content
    assert thinking.type == "thinking"
    assert thinking.thinking.startswith("This is the demonstration model.")
    assert call.type == "tool_use"
    assert answer.stop_reason == "tool_use"
    assert answer.usage.input_tokens > 0
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "crawdads"}
    messages += [
        {"role": "assistant", "content": [block.to_dict() for block in answer.content]},
        {"role": "user", "content": [result]},
    ]
    answer = clients.anthropic.message(mode, messages=messages, **request)
    assert answer.content[0].to_dict()["text"] == "[Crawdad demo] The tool answered: crawdads"
    short = clients.anthropic.message(mode, model=DEMO, messages=messages[:1], max_tokens=3)
    assert short.stop_reason == "max_tokens"


def test_the_demonstration_in_gemini(clients: Clients, mode: Mode) -> None:
    config: dict[str, Any] = {"tools": google_tools("read_file")}
    contents = [types.Content(role="user", parts=[types.Part(text="Use a tool")])]
    first = clients.google.generate(mode, DEMO, contents, **config)
    (call,) = first.function_calls or []
    assert (call.name, call.args) == ("read_file", {"path": "demo"})
    assert first.candidates is not None
    told = types.FunctionResponse(id=call.id, name=call.name, response={"result": "crawdads"})
    contents += [
        types.Content(role="model", parts=(first.candidates[0].content or types.Content()).parts),
        types.Content(role="user", parts=[types.Part(function_response=told)]),
    ]
    assert clients.google.generate(mode, DEMO, contents, **config).text == "[Crawdad demo] The tool answered: crawdads"
    shaped = clients.google.generate(mode, DEMO, "hi", response_schema=Weather, response_mime_type="application/json")
    Weather.model_validate_json(shaped.text or "")


def test_the_demonstration_alone_is_told_the_same_every_time(clients: Clients) -> None:
    assert clients.ask("chat", "whole", DEMO, "twice") == clients.ask("chat", "whole", DEMO, "twice")


def test_local_servers_are_found(bare: Gateway, clients: Clients) -> None:
    with httpx.Client(base_url=bare.base_url, headers=bare.headers, timeout=PATIENCE) as client:
        listed = {model["id"] for model in client.get("/v1/models").json()["data"]}
    assert {DEMO, "ollama/story:hello", "vllm/story:hello"} <= listed
    assert not any(name.startswith("lmstudio/") for name in listed)
    for speaks in SPEAKS:
        for name in ("ollama/story:hello", "vllm/story:hello", "story:hello"):
            assert clients.ask(speaks, "streamed", name).text == HELLO

"""A request goes through `ModelRequest` and comes out as it was, up to what the protocol itself calls equal.

Accepted differences, each undone by `plain` below:
- null, an absent field, and (as content or tools) an empty string or list mean the same;
- content that is one plain text part may be a string;
- a `type` of tool, tool call or tool choice may be left out where it is `function`;
- `stop` may be one string; `stream: false` is the default;
- usage is always asked for when streaming (`stream_options`), where the upstream understands that;
- `max_tokens` and `max_completion_tokens` are one knob, spelled as the upstream wants it;
- an effort that the upstream does not know becomes the nearest that it knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crawdad.core.errors import GatewayError
from crawdad.wire.openai_chat import CODEC, PROFILES
from tests.support.goldens import Golden, needs_goldens, trace
from tests.wire.openai_chat.recordings import GOLDENS, profile_of


def plain(value: Any, key: str = "") -> Any:
    """`value` without the differences that are accepted."""
    if isinstance(value, list):
        if key == "content" and len(value) == 1 and set(value[0]) == {"type", "text"}:
            return value[0]["text"]
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, item in value.items():
        item = plain(item, name)
        if item is None or (name in ("content", "tools") and item in ("", [])) or (name == "stream" and item is False):
            continue
        result[name] = item
    if "function" in result:
        result.setdefault("type", "function")
    return result


def plain_body(body: dict[str, Any]) -> Any:
    result = plain(body)
    result.pop("stream_options", None)
    for name in ("max_tokens", "max_completion_tokens"):
        if name in result:
            result["limit"] = result.pop(name)
    if isinstance(result.get("stop"), str):
        result["stop"] = [result["stop"]]
    return result


@needs_goldens
@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_a_recorded_request_comes_out_as_it_went_in(golden: Golden) -> None:
    written = CODEC.write_request(CODEC.read_request(golden.request), profile_of(golden))
    assert plain_body(written.body) == plain_body(golden.request)
    assert not written.notes


@needs_goldens
def test_requests_of_real_clients_come_out_as_they_went_in() -> None:
    count = 0
    for name in ("aider", "llm", "vercel-ai"):
        for row in trace(name):
            if row["path"].endswith("/chat/completions"):
                count += 1
                written = CODEC.write_request(CODEC.read_request(row["body"]), PROFILES["openai"])
                assert plain_body(written.body) == plain_body(row["body"])
    assert count >= 10


EVERYTHING = {
    "model": "gpt-5",
    "messages": [
        {"role": "developer", "content": "Be brief.", "name": "boss"},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                {"type": "text", "text": "here", "prompt_cache_breakpoint": {"mode": "explicit"}},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "high"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "format": "png"}},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
                {"type": "file", "file": {"file_id": "file-1"}, "unheard_of": 1},
            ],
        },
        {
            "role": "assistant",
            "content": "Hm.",
            "refusal": "No.",
            "annotations": [{"type": "x"}],
            "audio": {"id": "a1"},
        },
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}, "index": 0},
                {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "free text"}},
                {
                    "id": "c3",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                    "extra_content": {"google": {"thought_signature": "c2ln"}},
                },
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "done"},
        {"role": "tool", "tool_call_id": "c3", "content": "done", "name": "f"},
        {"role": "system", "content": "Late instructions."},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "d",
                "parameters": {"type": "object"},
                "strict": True,
                "odd": 1,
            },
            "cache_control": {"type": "ephemeral"},
        },
        {
            "type": "custom",
            "custom": {
                "name": "g",
                "description": "d",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a/"}},
            },
        },
        {"type": "web_search", "max_uses": 3},
    ],
    "tool_choice": {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]},
    },
    "parallel_tool_calls": False,
    "temperature": 0,
    "top_p": 0.5,
    "max_completion_tokens": 100,
    "stop": ["a", "b"],
    "seed": 7,
    "frequency_penalty": 0.1,
    "presence_penalty": -0.1,
    "n": 2,
    "logprobs": True,
    "top_logprobs": 3,
    "logit_bias": {"50256": -100},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "x", "description": "d", "schema": {"type": "object"}, "strict": True},
    },
    "verbosity": "low",
    "modalities": ["text", "audio"],
    "audio": {"voice": "ash", "format": "mp3"},
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {"search_context_size": "low"},
    "reasoning_effort": "minimal",
    "service_tier": "flex",
    "user": "u",
    "safety_identifier": "s",
    "metadata": {"a": "b"},
    "prompt_cache_key": "k",
    "store": True,
    "unheard_of": {"x": [1]},
    "stream": False,
}


def test_every_field_of_the_protocol_survives() -> None:
    profile = replace(PROFILES["openai"], cache_control=True)
    written = CODEC.write_request(CODEC.read_request(EVERYTHING), profile)
    assert plain_body(written.body) == plain_body(EVERYTHING)


def test_obfuscation_is_switched_off_if_the_client_says_so() -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_obfuscation": False},
    }
    written = CODEC.write_request(CODEC.read_request(body), PROFILES["openai"])
    assert written.body["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_the_deprecated_functions_become_tools() -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "42"},
        ],
        "functions": [{"name": "f", "parameters": {"type": "object"}}],
        "function_call": {"name": "f"},
    }
    written = CODEC.write_request(CODEC.read_request(body), PROFILES["openai"]).body
    call = written["messages"][1]["tool_calls"][0]
    assert call["function"] == {"name": "f", "arguments": "{}"}
    assert written["messages"][2]["role"] == "tool"
    assert written["messages"][2]["tool_call_id"] == call["id"]
    assert written["tools"] == [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    assert written["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert written["parallel_tool_calls"] is False


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"properties": deep}
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}
    with pytest.raises(GatewayError, match="too deeply"):
        CODEC.read_request({"model": "m", "messages": HI, "tools": [tool]})


HI = [{"role": "user", "content": "hi"}]
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "model"),
    ({"model": "m"}, "messages"),
    ({"model": 3, "messages": HI}, "model"),
    ({"model": "m", "messages": []}, "messages"),
    ({"model": "m", "messages": ["hi"]}, "messages[0]"),
    ({"model": "m", "messages": [{"content": "hi"}]}, "messages[0].role"),
    ({"model": "m", "messages": [{"role": "wizard"}]}, "messages[0].role"),
    ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"model": "m", "messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type"),
    ({"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
    (
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0].image_url",
    ),
    (
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
        "messages[0].content[0].file.file_data",
    ),
    ({"model": "m", "messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
    (
        {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]},
        "messages[0].tool_calls[0].function",
    ),
    ({"model": "m", "messages": HI, "tools": [{"type": "function"}]}, "tools[0].function"),
    ({"model": "m", "messages": HI, "tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ({"model": "m", "messages": HI, "tool_choice": "maybe"}, "tool_choice"),
    ({"model": "m", "messages": HI, "temperature": "hot"}, "temperature"),
    ({"model": "m", "messages": HI, "stop": [1]}, "stop[0]"),
    ({"model": "m", "messages": HI, "logit_bias": {"a": "b"}}, "logit_bias.a"),
    ({"model": "m", "messages": HI, "response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ({"model": "m", "messages": HI, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
]


@pytest.mark.parametrize(("body", "param"), BAD, ids=[param for _, param in BAD])
def test_a_fault_names_its_field(body: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        CODEC.read_request(body)
    status, answer = CODEC.write_error(caught.value)
    assert status == 400
    assert answer["error"]["param"] == param
    assert param in answer["error"]["message"]

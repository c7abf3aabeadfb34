"""What a Gemini client's request means in the vocabulary, and how faults in it are named."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import MediaPart, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.request import ModelRequest
from crawdad.wire.gemini import GEMINI


def _read(**body: Any) -> ModelRequest:
    return GEMINI.read_request({"contents": "hi", **body}, model="m", stream=True)


def test_the_url_names_model_and_streaming() -> None:
    request = GEMINI.read_request({"contents": "hi"}, model="models/gemini-x", stream=True)
    assert (request.model, request.stream, request.protocol) == ("gemini-x", True, "gemini")


def test_knobs() -> None:
    request = _read(
        generationConfig={
            "topK": 40.0,
            "maxOutputTokens": 9,
            "stopSequences": ["x"],
            "candidateCount": 2,
            "responseLogprobs": True,
            "logprobs": 4,
            "responseModalities": ["TEXT"],
        },
        serviceTier="flex",
    )
    sampling = request.sampling
    assert (sampling.top_k, sampling.max_tokens, sampling.stop, sampling.n) == (40, 9, ["x"], 2)
    assert (sampling.logprobs, sampling.top_logprobs) == (True, 4)
    assert (request.modalities, request.service_tier) == (["TEXT"], "flex")


@pytest.mark.parametrize(
    ("thinking", "effort", "budget", "off"),
    [
        ({"thinkingLevel": "HIGH"}, "high", None, False),
        ({"thinking_level": "low", "include_thoughts": True}, "low", None, False),
        ({"thinkingBudget": 0}, None, 0, True),
        ({"thinkingBudget": -1}, None, -1, False),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None, None, False),
    ],
)
def test_thinking(thinking: dict[str, Any], effort: str | None, budget: int | None, off: bool) -> None:
    reasoning = _read(generationConfig={"thinkingConfig": thinking}).reasoning
    assert reasoning is not None
    assert (reasoning.effort, reasoning.budget, reasoning.off) == (effort, budget, off)


@pytest.mark.parametrize(
    ("config", "kind", "schema"),
    [
        ({"responseMimeType": "application/json"}, "json", None),
        ({"responseMimeType": "text/plain"}, "text", None),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
            "schema",
            {"type": "object"},
        ),
        (
            {
                "responseMimeType": "application/json",
                "responseSchema": {
                    "type": "OBJECT",
                    "properties": {"a": {"type": "STRING", "nullable": True, "any_of": []}},
                    "property_ordering": ["a"],
                },
            },
            "schema",
            {"type": "object", "properties": {"a": {"type": ["string", "null"], "anyOf": []}}},
        ),
    ],
)
def test_formats(config: dict[str, Any], kind: str, schema: dict[str, Any] | None) -> None:
    wanted = _read(generationConfig=config).response_format
    assert wanted is not None
    assert (wanted.kind, wanted.schema) == (kind, schema)


@pytest.mark.parametrize(
    ("config", "mode", "names", "required"),
    [
        ({"mode": "AUTO"}, "auto", [], False),
        ({"mode": "VALIDATED"}, "auto", [], False),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f", "g"]}, "allowed", ["f", "g"], False),
        ({"mode": "NONE"}, "none", [], False),
        ({"mode": "any"}, "required", [], True),
        ({"mode": "ANY", "allowed_function_names": ["f"]}, "named", ["f"], True),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}, "allowed", ["f", "g"], True),
        ({}, "auto", [], False),
    ],
)
def test_tool_choice(config: dict[str, Any], mode: str, names: list[str], required: bool) -> None:
    choice = _read(toolConfig={"functionCallingConfig": config}).tool_choice
    assert choice is not None
    assert (choice.mode, choice.names, choice.required) == (mode, names, required)


def test_tools_of_every_kind() -> None:
    tools = _read(
        tools=[
            {"googleSearch": {}, "function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]},
            {"functionDeclarations": [{"name": "g", "parameters_json_schema": {"type": "object"}}]},
        ]
    ).tools
    assert [(tool.name, tool.kind, tool.parameters) for tool in tools] == [
        ("googleSearch", "builtin", None),
        ("f", "function", {"type": "object"}),
        ("g", "function", {"type": "object"}),
    ]
    assert tools[0].raw == {"googleSearch": {}}


def _results(contents: list[Any]) -> list[tuple[str, str]]:
    request = GEMINI.read_request({"contents": contents}, model="m")
    parts = [part for message in request.messages for part in message.parts]
    calls = {part.id: part.name for part in parts if isinstance(part, ToolCallPart)}
    return [(part.call_id, calls.get(part.call_id, "?")) for part in parts if isinstance(part, ToolResultPart)]


def _call(name: str, **fields: Any) -> dict[str, Any]:
    return {"role": "model", "parts": [{"functionCall": {"name": name, "args": {}, **fields}}]}


def _result(name: str | None = None, **fields: Any) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"role": "user", "parts": [{"functionResponse": {**named, "response": {}, **fields}}]}


def test_results_find_their_calls() -> None:
    assert _results([_call("f"), _call("g"), _result("g"), _result("f")]) == [("call_1", "g"), ("call_0", "f")]
    assert _results([_call("f"), _call("f"), _result("f"), _result("f")]) == [("call_0", "f"), ("call_1", "f")]
    assert _results([_call("f", id="a"), _call("f", id="b"), _result("f", id="b"), _result("f")]) == [
        ("b", "f"),
        ("a", "f"),
    ]
    assert _results([_call("f"), _result("f", id="late")]) == [("call_0", "f")]
    assert _results([_call("f"), _result(None)]) == [("call_0", "f")]
    assert _results([_call("f", id="a"), _result("f", id="other")]) == [("other", "?")]
    assert _results([_result("f")]) == [("call_0", "?")]
    # The same call in the next turn is a new one.
    assert _results([_call("f"), _result("f"), _call("f"), _result("f")]) == [("call_0", "f"), ("call_1", "f")]


@pytest.mark.parametrize(
    ("response", "text", "is_error"),
    [
        ({"output": "plain"}, "plain", False),
        ({"result": 5}, "5", False),
        ({"result": "5"}, "5", False),
        ({"error": "bad"}, "bad", True),
        ({"error": "bad", "output": "x"}, '{"error":"bad","output":"x"}', False),
        ({"a": [1]}, '{"a":[1]}', False),
        ({}, "", False),
        ("text", "text", False),
    ],
)
def test_results_as_text(response: Any, text: str, is_error: bool) -> None:
    content = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": response}}]}
    part = GEMINI.read_request({"contents": content}, model="m").messages[0].parts[0]
    assert isinstance(part, ToolResultPart)
    assert ("".join(p.text for p in part.content if isinstance(p, TextPart)), part.is_error) == (text, is_error)


def test_a_mixed_turn_is_split_at_tool_results() -> None:
    parts = [
        {"functionResponse": {"name": "f", "response": {}}},
        {"text": "and"},
        {"inlineData": {"mimeType": "audio/wav", "data": "AA"}},
    ]
    messages = GEMINI.read_request({"contents": [{"role": "user", "parts": parts}]}, model="m").messages
    assert [(message.role, len(message.parts)) for message in messages] == [("tool", 1), ("user", 2)]
    assert messages[1].extra == {"continues": True}


@pytest.mark.parametrize(
    ("part", "kind", "form"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": "AA"}}, "image", "data"),
        ({"inlineData": {"mimeType": "application/pdf", "data": "AA"}}, "document", "data"),
        ({"inlineData": {"mimeType": "audio/wav", "data": "AA"}}, "audio", "data"),
        ({"fileData": {"mimeType": "video/mp4", "fileUri": "https://youtu.be/x"}}, "video", "url"),
        ({"fileData": {"fileUri": "https://example.com/a.PNG?x=1"}}, "image", "url"),
        ({"fileData": {"fileUri": "files/abc", "mimeType": "image/png"}}, "image", "file_id"),
        ({"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}}, "document", "file_id"),
    ],
)
def test_media(part: dict[str, Any], kind: str, form: str) -> None:
    read = GEMINI.read_request({"contents": [part]}, model="m").messages[0].parts[0]
    assert isinstance(read, MediaPart)
    assert read.kind == kind
    assert getattr(read, form)


def test_thoughts_and_signatures() -> None:
    parts = [
        {"text": "t", "thought": True, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2lnMg=="},
        {"thoughtSignature": "bGFzdA=="},
    ]
    message = GEMINI.read_request({"contents": [{"role": "model", "parts": parts}]}, model="m").messages[0]
    thought, call, text = message.parts
    assert isinstance(thought, ThinkingPart)
    assert (thought.text, thought.signature, thought.origin) == ("t", "c2ln", "gemini")
    assert isinstance(call, ToolCallPart)
    assert (call.signature, call.origin) == ("c2lnMg==", "gemini")
    assert isinstance(text, TextPart)
    assert (text.text, text.signature) == ("", "bGFzdA==")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "contents"),
        ({"contents": [3]}, "contents[0]"),
        ({"contents": [{"role": "robot", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 3}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [3]}]}, "contents[0].parts[0]"),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "x"}}]}]}, "contents[0].parts[0].inlineData.data"),
        ({"contents": [{"parts": [{"functionCall": {}}]}]}, "contents[0].parts[0].functionCall.name"),
        ({"contents": [{"parts": [{"functionCall": {"name": "f", "args": []}}]}]}, "contents[0].parts[0].functionCall.args"),
        ({"contents": "x", "tools": [3]}, "tools[0]"),
        ({"contents": "x", "tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        ({"contents": "x", "generationConfig": {"topK": "4"}}, "generationConfig.topK"),
        ({"contents": "x", "generation_config": {"stop_sequences": [1]}}, "generationConfig.stopSequences[0]"),
        ({"contents": "x", "generationConfig": {"thinkingConfig": {"thinkingBudget": -5}}}, "generationConfig.thinkingConfig.thinkingBudget"),
        ({"contents": "x", "toolConfig": {"functionCallingConfig": {"mode": 1}}}, "toolConfig.functionCallingConfig.mode"),
        ({"contents": "x", "systemInstruction": {"parts": [{"text": 1}]}}, "systemInstruction.parts[0].text"),
    ],
)  # fmt: skip
def test_faults_are_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        GEMINI.read_request(body, model="m")
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.details["param"] == param

"""Requests of Google's own clients go back to Google as they came."""

from __future__ import annotations

import json
from typing import Any

from crawdad.wire.gemini import GEMINI
from crawdad.wire.gemini.spelling import camel
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import needs_goldens, trace
from tests.wire.gemini.support import goldens

pytestmark = needs_goldens

# Below these names everything is the client's own: arguments, schemas, labels, declarations of server-side tools.
_FREE = {
    "args",
    "response",
    "parameters",
    "parametersJsonSchema",
    "responseSchema",
    "responseJsonSchema",
    "labels",
    "toolCall",
    "toolResponse",
    "thinkingConfig",
    "fileSearch",
    "modelArmorConfig",
}


def _canonical(value: Any) -> Any:
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        name = camel(key)
        result[name] = item if name in _FREE else _canonical(item)
    return result


def _expected(body: dict[str, Any]) -> dict[str, Any]:
    """Accepted differences: snake_case names become camelCase; `tools` as one object becomes a list."""
    result: dict[str, Any] = _canonical(json.loads(json.dumps(body)))
    if isinstance(result.get("tools"), dict):
        result["tools"] = [result["tools"]]
    return result


def _back(body: dict[str, Any]) -> dict[str, Any]:
    request = GEMINI.read_request(json.loads(json.dumps(body)), model="gemini-x", stream=True)
    written = GEMINI.write_request(request, DEFAULT)
    assert written.notes == []
    return written.body


def test_recorded_requests() -> None:
    assert goldens()
    for golden in goldens():
        assert _back(golden.request) == _expected(golden.request), golden


def test_client_traces() -> None:
    seen = 0
    for name in ("gemini-cli", "gemini-cli-tools", "vercel-ai"):
        for entry in trace(name):
            if "enerateContent" in entry["path"]:
                seen += 1
                assert _back(entry["body"]) == _expected(entry["body"]), name
    assert seen >= 6


def test_everything_at_once() -> None:
    """One request with every field the API documents, in camelCase."""
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "look", "partMetadata": {"a": 1}}, {"text": "", "thoughtSignature": "AA=="}]},
            {
                "role": "user",
                "parts": [
                    {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "x"}, "mediaResolution": {"level": "L"}},
                    {"fileData": {"fileUri": "https://youtu.be/x", "mimeType": "video/mp4"}, "videoMetadata": {"fps": 2}},
                    {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc"}},
                    {"fileData": {"fileUri": "gs://bucket/a.pdf", "mimeType": "application/pdf"}},
                ],
            },
            {
                "role": "model",
                "parts": [
                    {"text": "hm", "thought": True, "thoughtSignature": "Zm9v"},
                    {"thought": True, "inlineData": {"mimeType": "image/png", "data": "BBBB"}},
                    {"functionCall": {"id": "1", "name": "f", "args": {"a": [1, {"b": None}]}}, "thoughtSignature": "YmFy"},
                    {"functionCall": {"name": "g"}},
                    {"functionCall": {"name": "g", "args": {}, "willContinue": False}},
                    {"executableCode": {"language": "PYTHON", "code": "1"}},
                    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
                    {"toolCall": {"id": "t", "toolType": "FILE_SEARCH"}},
                    {"toolResponse": {"id": "t", "response": {"x": 1}}},
                    {"brandNew": {"deep": [1]}},
                    {},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {
                        "functionResponse": {
                            "id": "1",
                            "name": "f",
                            "response": {"output": "text"},
                            "parts": [{"inlineData": {"mimeType": "image/png", "data": "CCCC"}}, {"other": 1}],
                            "scheduling": "SILENT",
                        }
                    },
                    {"text": "between"},
                    {"functionResponse": {"name": "g", "response": {"error": {"code": 3}}, "willContinue": True}},
                    {"functionResponse": {"name": "g", "response": {"a": 1, "result": 2}}, "partMetadata": {"b": 1}},
                ],
            },
            {"role": "function", "parts": [{"functionResponse": {"name": "h", "response": {}}}]},
            {"role": "model", "parts": [{"text": "done"}], "unknown": True},
        ],
        "systemInstruction": {"role": "system", "parts": [{"text": "be"}, {"text": "brief"}]},
        "tools": [
            {"googleSearch": {"timeRangeFilter": {}}},
            {
                "functionDeclarations": [
                    {"name": "f", "description": "", "parameters": {"type": "OBJECT", "properties": {"any_of": {"type": "STRING"}}}},
                    {"name": "g", "parametersJsonSchema": {"type": "object"}, "responseJsonSchema": {}, "behavior": "BLOCKING"},
                    {"name": "h", "response": {"type": "STRING"}},
                ]
            },
            {"codeExecution": {}},
            {"urlContext": {}},
            {"computerUse": {"environment": "ENVIRONMENT_BROWSER"}},
        ],
        "toolConfig": {
            "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f", "g"], "streamFunctionCallArguments": True},
            "retrievalConfig": {"latLng": {"latitude": 1.5}},
        },
        "generationConfig": {
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 40,
            "maxOutputTokens": 100,
            "stopSequences": ["a", "b"],
            "seed": 7,
            "frequencyPenalty": 0.1,
            "presencePenalty": -0.1,
            "candidateCount": 2,
            "responseLogprobs": True,
            "logprobs": 3,
            "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH"},
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "nullable": True, "propertyOrdering": ["a"]},
            "responseModalities": ["TEXT", "IMAGE"],
            "speechConfig": {"voiceConfig": {}},
            "imageConfig": {"aspectRatio": "16:9"},
            "mediaResolution": "MEDIA_RESOLUTION_LOW",
        },
        "safetySettings": [{"category": "X", "threshold": "Y"}],
        "cachedContent": "cachedContents/1",
        "labels": {"a_b": "c"},
        "serviceTier": "flex",
        "store": False,
    }  # fmt: skip
    assert _back(body) == body


def test_snake_case_says_the_same() -> None:
    snake = {
        "contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": "AA"}}]}],
        "system_instruction": {"parts": [{"text": "s"}]},
        "generation_config": {"max_output_tokens": 5, "response_mime_type": "application/json"},
        "tool_config": {"function_calling_config": {"mode": "NONE"}},
        "safety_settings": [],
        "service_tier": "flex",
    }
    assert _back(snake) == {
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]}],
        "systemInstruction": {"parts": [{"text": "s"}]},
        "generationConfig": {"maxOutputTokens": 5, "responseMimeType": "application/json"},
        "toolConfig": {"functionCallingConfig": {"mode": "NONE"}},
        "safetySettings": [],
        "serviceTier": "flex",
    }


def test_shorthands_become_contents() -> None:
    said = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    contents: list[Any] = ["hi", ["hi"], {"text": "hi"}, [{"text": "hi"}], {"parts": "hi"}, [{"parts": {"text": "hi"}}]]
    for short in contents:
        assert _back({"contents": short}) == said, short
    systems: list[Any] = ["s", {"text": "s"}, {"parts": "s"}, {"parts": {"text": "s"}}, [{"text": "s"}]]
    for short in systems:
        body = _back({**said, "systemInstruction": short})
        assert body["systemInstruction"] == {"parts": [{"text": "s"}]}, short

"""The vendor's own client as the judge: of what we send to Ollama, and of the scripted models that stand for it.

No recording of Ollama is among the golden answers, so the shapes rest on its documentation; the types of the client are the
closest thing to a second opinion. They ignore fields that they do not know.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from ollama import ChatResponse, Client, ResponseError
from ollama._types import ChatRequest, Message, Options

from crawdad.core.parts import TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import fold
from crawdad.wire import codecs
from crawdad.wire.ollama import CODEC
from crawdad.wire.profile import DEFAULT, Profile
from tests.support.goldens import SHARED, trace
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import PIXEL, STORIES

_CLIENT_OF = {"/chat/completions": "openai-chat", "/responses": "openai-responses", "/messages": "anthropic-messages"}
_TRACES = ["aider", "claude-code", "claude-code-tools", "codex", "codex-tools", "gemini-cli", "gemini-cli-tools", "llm"]
_TOOL = {
    "type": "function",
    "function": {"name": "look", "description": "", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def client(scripted: ScriptedUpstream) -> Iterator[Client]:
    with Client(scripted.url) as opened:
        yield opened


def told(
    answers: list[ChatResponse],
) -> tuple[str, str, list[tuple[str, Any]], str | None, tuple[int | None, int | None]]:
    """Text, thoughts, calls, why it ended, and the counts."""
    messages = [answer.message for answer in answers]
    return (
        "".join(message.content or "" for message in messages),
        "".join(message.thinking or "" for message in messages),
        [(call.function.name, call.function.arguments) for message in messages for call in message.tool_calls or ()],
        answers[-1].done_reason,
        (answers[-1].prompt_eval_count, answers[-1].eval_count),
    )


@pytest.mark.parametrize("story", STORIES)
def test_the_scripted_models_speak_as_the_client_expects(client: Client, story: str) -> None:
    asked: Any = {"model": f"story:{story}", "messages": [{"role": "user", "content": "hi"}], "tools": [_TOOL]}
    whole = told([client.chat(**asked, stream=False)])
    pieces = list(client.chat(**asked, stream=True))
    assert told(pieces) == whole
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert whole[3] == ("length" if story == "cut-off" else "stop")


def test_an_error_is_one_for_the_client(client: Client) -> None:
    with pytest.raises(ResponseError, match="does not exist"):
        client.chat(model="story:none", messages=[{"role": "user", "content": "hi"}])


def accepted(body: dict[str, Any]) -> None:
    """Fails where the vendor's types refuse a request."""
    ChatRequest.model_validate(body)
    for message in body["messages"]:
        for picture in message.get("images", ()):
            base64.b64decode(picture, validate=True)
        Message.model_validate({name: value for name, value in message.items() if name != "images"})
    Options.model_validate(body.get("options", {}))
    for tool in body.get("tools", ()):
        assert tool["function"]["parameters"]["type"] == "object"
        assert isinstance(tool["function"]["parameters"].get("properties", {}), dict)


@pytest.mark.skipif(not (SHARED / "contracts").exists(), reason="../shared/contracts is not here")
@pytest.mark.parametrize("name", _TRACES)
def test_what_clients_ask_is_written_as_the_vendor_wants_it(name: str) -> None:
    written = 0
    for request in trace(name):
        path = request["path"].partition("?")[0]
        if path.endswith(("/embeddings", "/images/generations")):
            continue
        protocol = next((codec for end, codec in _CLIENT_OF.items() if path.endswith(end)), "gemini")
        asked = codecs.get(protocol).read_request(request["body"], model="qwen3", stream=True)
        for profile in (DEFAULT, Profile("levels", thinking_levels=True)):
            accepted(CODEC.write_request(asked, profile).body)
        written += 1
    assert written


def test_pictures_calls_and_knobs() -> None:
    asked = codecs.get("openai-chat").read_request(
        {
            "model": "qwen3",
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}],
                },
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"x":1}'}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c", "content": "a dot"},
            ],
            "tools": [_TOOL],
            "temperature": 0.5,
            "seed": 7,
            "stop": ["."],
            "max_tokens": 9,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
            "logprobs": True,
            "top_logprobs": 2,
            "reasoning_effort": "high",
        }
    )
    body = CODEC.write_request(asked, DEFAULT).body
    accepted(body)
    read = ChatRequest.model_validate(body)
    assert (read.format, read.logprobs, read.top_logprobs, read.think) == ({"type": "object"}, True, 2, True)
    options = Options.model_validate(body["options"])
    assert (options.temperature, options.seed, options.stop, options.num_predict) == (0.5, 7, ["."], 9)
    assert Message.model_validate(body["messages"][1]).tool_calls is not None


FORMS: list[dict[str, Any]] = [
    {
        "role": "assistant",
        "content": "",
        "thinking": "hm",
        "tool_calls": [{"function": {"index": 0, "name": "f", "arguments": {}}}],
    },
    {
        "role": "assistant",
        "content": "so",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}],
    },
]
"""Forms that servers in the field were seen to send: thoughts and calls in one message, ids or none, a place, a type."""


@pytest.mark.parametrize("message", FORMS)
@pytest.mark.parametrize("last", [False, True])
def test_forms_of_calls(message: dict[str, Any], last: bool) -> None:
    """Calls come in a line of their own, or in the very last one."""
    line: dict[str, Any] = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": last}
    lines = [line | {"done_reason": "stop"}] if last else [line, {"model": "m", "done": True, "done_reason": "stop"}]
    reader = CODEC.stream_reader(DEFAULT)
    events = [event for given in lines for event in reader.feed(orjson.dumps(given) + b"\n")]
    answer = fold(events + reader.close())
    (expected,) = ChatResponse.model_validate(line).message.tool_calls or ()
    (call,) = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    assert (call.name, orjson.loads(call.arguments)) == (expected.function.name, expected.function.arguments)
    assert [part.text for part in answer.parts if isinstance(part, (TextPart, ThinkingPart))] in (["hm"], ["so"])
    assert answer.stop.reason == "tool_use"

"""What clients of Responses see of the tools that an agent calls for itself, by OpenAI's own client."""

from __future__ import annotations

import json
from typing import Any

import openai
from openai.types.responses.mcp_tool_call_error import McpToolExecutionError
from openai.types.responses.response_output_item import McpCall

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.support.scripted_model import calls, says

SHOWN: Any = {"gateway": {"http": {"endpoints": {"responses": {"toolItems": True}}}}}
SCRIPT = (
    calls(("write", {"path": "note.md", "content": "milk"}), text="I write it down."),
    calls(("read", {"path": "no-such-file.md"})),
    says("It stands there."),
)


def _client(scene: Scene) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{scene.gateway.base_url}/v1", api_key=scene.gateway.token, max_retries=0)


def _check(output: Any) -> None:
    assert [item.type for item in output] == ["message", "mcp_call", "mcp_call", "message"]
    wrote, read = output[1:3]
    assert isinstance(wrote, McpCall) and isinstance(read, McpCall)
    assert (wrote.name, wrote.status, wrote.server_label, wrote.error) == ("write", "completed", "agent", None)
    assert json.loads(wrote.arguments) == {"path": "note.md", "content": "milk"} and wrote.output
    assert (read.name, read.status, read.output) == ("read", "failed", None)
    assert isinstance(read.error, McpToolExecutionError) and "no-such-file" in str(read.error.content)
    assert wrote.id != read.id and wrote.id.startswith("mcp_")


def test_whole_answers_show_them(open_scene: OpenScene) -> None:
    scene = open_scene(*SCRIPT, says("You are welcome."), **SHOWN)
    client = _client(scene)
    answer = client.responses.create(model="openclaw", input="Note: milk")
    _check(answer.output)
    assert answer.output_text == "I write it down.\n\nIt stands there."
    # a client that sends all of it back goes on with the talk
    talk: Any = [{"role": "user", "content": "Note: milk"}, *[item.to_dict() for item in answer.output]]
    again = client.responses.create(model="openclaw", input=[*talk, {"role": "user", "content": "Thanks"}])
    assert again.output_text == "You are welcome."


def test_streams_show_them(open_scene: OpenScene) -> None:
    scene = open_scene(*SCRIPT, **SHOWN)
    with _client(scene).responses.stream(model="openclaw", input="Note: milk") as stream:
        kinds = [event.type for event in stream]
        _check(stream.get_final_response().output)
    assert kinds.count("response.mcp_call.completed") == 1 and kinds.count("response.mcp_call.failed") == 1
    assert kinds.count("response.output_item.added") == kinds.count("response.output_item.done") == 4
    assert not [kind for kind in kinds if "function_call" in kind]


def test_they_are_never_calls_of_the_client(open_scene: OpenScene) -> None:
    scene = open_scene(*SCRIPT, *SCRIPT)
    answer = _client(scene).responses.create(model="openclaw", input="Note: milk")
    assert {item.type for item in answer.output} == {"message"}
    choice = scene.chat("Note: milk")["choices"][0]
    assert choice["finish_reason"] == "stop" and not choice["message"].get("tool_calls")


def test_chat_has_no_word_for_them(open_scene: OpenScene) -> None:
    scene = open_scene(*SCRIPT, **SHOWN)
    choice = scene.chat("Note: milk")["choices"][0]
    assert choice["message"]["content"] == "I write it down.\n\nIt stands there."
    assert choice["finish_reason"] == "stop" and not choice["message"].get("tool_calls")

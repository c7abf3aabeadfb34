"""The scripted upstream understands what real command-line clients send, and Ollama's own protocol."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.support.goldens import needs_goldens, trace
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import STORIES
from tests.support_tests.http import fetch


@needs_goldens
@pytest.mark.parametrize(
    ("client", "story", "called", "then"),
    [
        ("claude-code-tools", "claude-code", '"type":"tool_use"', "The file says: <text of 94 characters>"),
        ("codex-tools", "codex", '"type":"function_call"', "The command printed: <text of 141 characters>"),
        ("gemini-cli-tools", "gemini-cli", '"functionCall"', "The directory holds: Directory /home/user"),
    ],
)
def test_recorded_tool_loops_play_their_stories(
    scripted: ScriptedUpstream, client: str, story: str, called: str, then: str
) -> None:
    first, second = [play(scripted, row, story) for row in trace(client)]
    assert called in first
    assert called not in second
    assert then.replace(" ", "") in "".join(texts(second)).replace(" ", "")


def play(scripted: ScriptedUpstream, row: dict[str, Any], story: str) -> str:
    path = row["path"].replace("gemini-2.5-flash", f"story:{story}")
    answer = fetch(scripted.url, path, {**row["body"], "model": f"story:{story}"}, {"content-type": "application/json"})
    assert answer.status == 200
    return answer.body.decode()


def texts(stream: str) -> list[str]:
    """Every text delta of a stream, whatever the protocol."""
    found = []
    for line in stream.splitlines():
        if line.startswith("data: {"):
            event = orjson.loads(line[6:])
            delta = event.get("delta")
            found.append(delta.get("text", "") if isinstance(delta, dict) else delta or "")
            for candidate in event.get("candidates", ()):
                found += [part.get("text", "") for part in candidate["content"]["parts"]]
    return found


@pytest.mark.parametrize("name", STORIES)
def test_ollama_says_the_same_streamed_and_whole(scripted: ScriptedUpstream, name: str) -> None:
    given = {"model": f"story:{name}", "messages": [{"role": "user", "content": "hi"}]}
    whole = fetch(scripted.url, "/api/chat", {**given, "stream": False}).json
    lines = [orjson.loads(line) for line in fetch(scripted.url, "/api/chat", given).body.splitlines()]
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    for field in ("content", "thinking"):
        assert "".join(line["message"].get(field, "") for line in lines) == whole["message"].get(field, "")
    calls = [call["function"] for line in lines for call in line["message"].get("tool_calls", ())]
    assert calls == [call["function"] for call in whole["message"].get("tool_calls", ())]
    assert lines[-1]["eval_count"] == whole["eval_count"] == STORIES[name][0].tokens.output


def test_an_ollama_tool_loop_goes_on_with_the_results(scripted: ScriptedUpstream) -> None:
    messages = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "get_weather", "arguments": {}}}]},
        {"role": "tool", "tool_name": "get_weather", "content": "21 degrees"},
    ]
    answer = fetch(scripted.url, "/api/chat", {"model": "story:weather", "messages": messages, "stream": False})
    assert answer.json["message"]["content"] == "The tool said: 21 degrees"


def test_ollama_lists_its_models(scripted: ScriptedUpstream) -> None:
    assert [model["name"] for model in fetch(scripted.url, "/api/tags").json["models"]] == scripted.models
    assert fetch(scripted.url, "/api/embed", {"model": "m", "input": ["a", "b"]}).json["embeddings"]

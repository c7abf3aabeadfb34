"""The mock from npm runs, answers in every protocol, and tells what it received."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from openai import OpenAI, RateLimitError

from tests.support.upstreams.aimock import AimockServer
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support_tests.http import fetch

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def aimock() -> Iterator[AimockServer]:
    with AimockServer() as server:
        yield server


def turn(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_it_answers_in_every_protocol(aimock: AimockServer) -> None:
    chat = fetch(aimock.url, "/v1/chat/completions", {"model": "gpt-4o", "messages": turn("ping")}).json
    assert chat["choices"][0]["message"]["content"].startswith("pong")
    responses = fetch(aimock.url, "/v1/responses", {"model": "gpt-4o", "input": "ping"}).json
    assert responses["output"][0]["content"][0]["text"].startswith("pong")
    given = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": turn("ping")}
    assert fetch(aimock.url, "/v1/messages", given).json["content"][0]["text"].startswith("pong")
    contents = {"contents": [{"role": "user", "parts": [{"text": "ping"}]}]}
    gemini = fetch(aimock.url, "/v1beta/models/gemini-2.5-flash:generateContent", contents).json
    assert gemini["candidates"][0]["content"]["parts"][0]["text"].startswith("pong")
    ollama = fetch(aimock.url, "/api/chat", {"model": "llama", "messages": turn("ping"), "stream": False}).json
    assert ollama["message"]["content"].startswith("pong")


def test_the_vendors_sdk_goes_through_a_tool_loop_and_errors(aimock: AimockServer) -> None:
    with OpenAI(base_url=aimock.url + "/v1", api_key="x", max_retries=0) as client:
        messages = turn("weather?")
        first = client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message
        assert first.tool_calls
        messages += [first, {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "21"}]
        second = client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message
        assert second.content == "It is 21 degrees in Zürich."
        with pytest.raises(RateLimitError, match="Slow down"):
            client.chat.completions.create(model="gpt-4o", messages=turn("busy"))


def test_the_journal_tells_what_came(aimock: AimockServer) -> None:
    aimock.reset()
    fetch(aimock.url, "/v1/chat/completions", {"model": "gpt-4o", "messages": turn("ping")}, {"x-mark": "7"})
    (entry,) = aimock.journal
    assert (entry["path"], entry["headers"]["x-mark"], entry["response"]["status"]) == (
        "/v1/chat/completions",
        "7",
        200,
    )


def test_ours_and_theirs_spell_ollama_alike(aimock: AimockServer, scripted: ScriptedUpstream) -> None:
    """Ollama has no SDK here; two independent writers are the next best thing."""

    def shapes(origin: str, model: str) -> list[dict[str, Any]]:
        given = {"model": model, "messages": turn("weather?"), "stream": True}
        return [_shape(orjson.loads(line)) for line in fetch(origin, "/api/chat", given).body.splitlines()]

    ours, theirs = shapes(scripted.url, "story:weather"), shapes(aimock.url, "llama")
    assert ours[0] == theirs[0]
    assert ours[-1] == theirs[-1]
    assert _call(theirs).keys() <= _call(ours).keys()
    assert _call(theirs)["arguments"]["city"] == _call(ours)["arguments"]["city"] == "str"


def _call(lines: list[dict[str, Any]]) -> dict[str, Any]:
    messages = [line["message"] for line in lines]
    return dict(next(message["tool_calls"][0]["function"] for message in messages if "tool_calls" in message))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else type(value).__name__

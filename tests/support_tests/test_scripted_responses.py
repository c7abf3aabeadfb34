"""The scripted upstream is a responses vendor: the vendor's own SDK accepts it with strict validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI

from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import STORIES


@pytest.fixture
def client(scripted: ScriptedUpstream) -> Iterator[OpenAI]:
    with OpenAI(base_url=scripted.url + "/v1", api_key="x", max_retries=0, _strict_response_validation=True) as client:
        yield client


def comparable(response: Any) -> Any:
    """A response without the ids that differ from one reply to the next."""
    dumped = response.model_dump(exclude={"id", "created_at", "completed_at"}, warnings=False)
    for item in dumped["output"]:
        item.pop("parsed_arguments", None)
        for name in ("id", "call_id"):
            item.pop(name, None)
        for part in item.get("content") or ():
            part.pop("parsed", None)
    return dumped


@pytest.mark.parametrize("name", STORIES)
def test_every_story_is_valid_whole_and_streamed_and_says_the_same(client: OpenAI, name: str) -> None:
    given: Any = {"model": f"story:{name}", "input": "hi", "include": ["reasoning.encrypted_content"]}
    whole = client.responses.create(**given)
    events = list(client.responses.create(**given, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    final = events[-1]
    assert final.type in ("response.completed", "response.incomplete")
    assert comparable(final.response) == comparable(whole)
    if final.type == "response.completed":  # the SDK's accumulator knows no other end
        with client.responses.stream(**given) as stream:
            assert stream.until_done().get_final_response().output_text == whole.output_text


def test_a_tool_loop_goes_on_with_the_results(client: OpenAI) -> None:
    turn: list[Any] = [{"role": "user", "content": "weather?"}]
    first = client.responses.create(model="story:thinking-loop", input=turn)
    call = first.output[-1]
    assert call.type == "function_call"
    turn += [item.model_dump() for item in first.output]
    turn.append({"type": "function_call_output", "call_id": call.call_id, "output": "a.txt"})
    second = client.responses.create(model="story:thinking-loop", input=turn)
    call = second.output[-1]
    assert call.type == "function_call"
    assert call.name == "read_file"
    turn += [item.model_dump() for item in second.output]
    turn.append({"type": "function_call_output", "call_id": call.call_id, "output": "hello"})
    third = client.responses.create(model="story:thinking-loop", input=turn)
    assert third.output_text == "Done after two tools: a.txt | hello"


def test_a_stored_response_is_continued(client: OpenAI) -> None:
    first = client.responses.create(model="story:thinking-loop", input="list")
    given: Any = [{"type": "function_call_output", "call_id": "call_1", "output": "a.txt"}]
    second = client.responses.create(model="story:thinking-loop", input=given, previous_response_id=first.id)
    assert second.previous_response_id == first.id
    third = client.responses.create(model="story:thinking-loop", input=given, previous_response_id=second.id)
    assert third.output_text == "Done after two tools: a.txt"


def test_custom_tools_are_called_with_free_text(client: OpenAI) -> None:
    events = list(client.responses.create(model="story:patch", input="hi", stream=True))
    deltas = [event.delta for event in events if event.type == "response.custom_tool_call_input.delta"]
    (done,) = [event.item for event in events if event.type == "response.output_item.done"]
    assert done.type == "custom_tool_call"
    assert "".join(deltas) == done.input


def test_encrypted_reasoning_comes_only_when_asked_for(client: OpenAI) -> None:
    plain = client.responses.create(model="story:thinker", input="hi").output[0]
    assert plain.type == "reasoning"
    assert plain.encrypted_content is None
    given: Any = {"model": "story:thinker", "input": "hi", "include": ["reasoning.encrypted_content"]}
    sealed = client.responses.create(**given).output[0]
    assert sealed.type == "reasoning"
    assert sealed.encrypted_content


def test_stop_reasons(client: OpenAI) -> None:
    cut = client.responses.create(model="story:cut-off", input="hi")
    assert cut.status == "incomplete"
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_output_tokens"
    refused = client.responses.create(model="story:refusal", input="hi").output[0]
    assert refused.type == "message"
    assert refused.content[0].type == "refusal"

"""The scripted upstream is a messages vendor: the vendor's own SDK accepts it with strict validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import Anthropic, NotFoundError

from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.services import COUNTED
from tests.support.upstreams.stories import STORIES


@pytest.fixture
def client(scripted: ScriptedUpstream) -> Iterator[Anthropic]:
    with Anthropic(base_url=scripted.url, api_key="x", max_retries=0, _strict_response_validation=True) as client:
        yield client


def given(story: str, messages: Any = "hi", **more: Any) -> Any:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    return {"model": f"story:{story}", "max_tokens": 1000, "messages": messages, **more}


def comparable(message: Any) -> Any:
    dumped = message.model_dump(exclude={"id"}, exclude_none=True)
    for block in dumped["content"]:
        block.pop("id", None)
    dumped["usage"].pop("output_tokens_details", None)  # only streams carry it
    return dumped


@pytest.mark.parametrize("name", STORIES)
def test_every_story_is_valid_whole_and_streamed_and_says_the_same(client: Anthropic, name: str) -> None:
    whole = client.messages.create(**given(name))
    with client.messages.stream(**given(name)) as stream:
        final = stream.get_final_message()
    assert comparable(final) == comparable(whole)


def test_a_tool_loop_goes_on_with_the_results(client: Anthropic) -> None:
    turn: list[Any] = [{"role": "user", "content": "read"}]
    first = client.messages.create(**given("claude-code", turn))
    assert [block.type for block in first.content] == ["thinking", "tool_use"]
    turn.append({"role": "assistant", "content": first.content})
    call = first.content[1]
    assert call.type == "tool_use"
    turn.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "1\thello"}]})
    second = client.messages.create(**given("claude-code", turn))
    assert second.content[0].type == "text"
    assert second.content[0].text == "The file says: 1\thello"


def test_usage_excludes_the_cache(client: Anthropic) -> None:
    usage = client.messages.create(**given("cached")).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (400, 4000, 600)


def test_thinking_may_be_omitted_but_keeps_its_signature(client: Anthropic) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}
    block = client.messages.create(**given("thinker", thinking=thinking)).content[0]
    assert block.type == "thinking"
    assert (block.thinking, bool(block.signature)) == ("", True)


def test_stop_reasons(client: Anthropic) -> None:
    reasons = {
        name: client.messages.create(**given(name)).stop_reason for name in ("refusal", "cut-off", "stopped", "weather")
    }
    assert reasons == {
        "refusal": "refusal",
        "cut-off": "max_tokens",
        "stopped": "stop_sequence",
        "weather": "tool_use",
    }


def test_it_sees_pictures_and_documents_in_tool_results_too(client: Anthropic) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [picture]}
    turn = [{"role": "user", "content": [result, picture, document]}]
    tools = [{"name": "look", "input_schema": {"type": "object"}}]
    block = client.messages.create(**given("sees", turn, tools=tools)).content[0]
    assert block.type == "text"
    assert block.text == "I see 2 image(s), 1 document(s) and these tools: look."


def test_the_other_services(client: Anthropic, scripted: ScriptedUpstream) -> None:
    assert client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "hi"}]).input_tokens == COUNTED
    assert [model.id for model in client.models.list()] == scripted.models
    with pytest.raises(NotFoundError, match="not_found_error"):
        client.messages.create(**given("nothing"))

"""The scripted upstream is a chat-completions vendor: the vendor's own SDK accepts it with strict validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openai import NotFoundError, OpenAI

from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import STORIES

TOOLS: Any = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
]


@pytest.fixture
def client(scripted: ScriptedUpstream) -> Iterator[OpenAI]:
    with OpenAI(base_url=scripted.url + "/v1", api_key="x", max_retries=0, _strict_response_validation=True) as client:
        yield client


def ask(text: str) -> Any:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("name", STORIES)
def test_every_story_is_valid_whole(client: OpenAI, name: str) -> None:
    answer = client.chat.completions.create(model=f"story:{name}", messages=ask("hi"))
    assert answer.choices[0].finish_reason
    assert answer.usage


@pytest.mark.parametrize("name", sorted(STORIES.keys() - {"patch"}))  # the SDK has no type for streamed custom calls
def test_every_story_is_valid_streamed_and_says_the_same(client: OpenAI, name: str) -> None:
    whole = client.chat.completions.create(model=f"story:{name}", messages=ask("hi"))
    with client.chat.completions.stream(
        model=f"story:{name}", messages=ask("hi"), stream_options={"include_usage": True}
    ) as stream:
        try:
            final = stream.get_final_completion()
        except Exception as error:  # the SDK raises for answers that were cut short
            assert whole.choices[0].finish_reason in ("length", "content_filter"), error
            return
    said, streamed = whole.choices[0].message, final.choices[0].message
    assert (streamed.content or None, streamed.refusal) == (said.content, said.refusal)
    assert [(c.function.name, c.function.arguments) for c in streamed.tool_calls or ()] == [
        (c.function.name, c.function.arguments) for c in said.tool_calls or () if c.type == "function"
    ]
    assert final.usage == whole.usage
    assert final.choices[0].finish_reason == whole.choices[0].finish_reason


def test_usage_comes_in_a_stream_only_when_asked_for(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="story:cached", messages=ask("hi"), stream=True))
    assert all(chunk.usage is None for chunk in chunks)


def test_a_tool_loop_goes_on_with_the_results(client: OpenAI) -> None:
    messages = ask("weather?")
    first = client.chat.completions.create(model="story:parallel", messages=messages, tools=TOOLS)
    calls = first.choices[0].message.tool_calls
    assert calls is not None
    assert len({call.id for call in calls}) == 3
    messages.append(first.choices[0].message)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": f"{n} degrees"} for n, call in enumerate(calls)]
    second = client.chat.completions.create(model="story:parallel", messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "Both said: 0 degrees | 1 degrees | 2 degrees"
    messages += [second.choices[0].message, *ask("again")]
    third = client.chat.completions.create(model="story:parallel", messages=messages, tools=TOOLS)
    assert third.choices[0].message.tool_calls


def test_custom_tools_are_called_with_free_text(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="story:patch", messages=ask("hi"))
    call = (answer.choices[0].message.tool_calls or [])[0]
    assert call.type == "custom"
    assert call.custom.input.startswith("*** Begin Patch\n")


def test_it_sees_pictures_tools_and_instructions(client: OpenAI) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "look"}, picture, picture]},
    ]
    answer = client.chat.completions.create(model="story:sees", messages=messages, tools=TOOLS)
    assert answer.choices[0].message.content == "I see 2 image(s), 0 document(s) and these tools: get_weather."
    answer = client.chat.completions.create(model="story:system", messages=messages)
    assert answer.choices[0].message.content == "My instructions: Be brief."


def test_signed_thinking_has_details_and_plain_thinking_has_none(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="story:thinker", messages=ask("hi"))
    (detail,) = (answer.choices[0].message.model_extra or {})["reasoning_details"]
    assert detail["signature"]
    chunks = client.chat.completions.create(model="story:thinker", messages=ask("hi"), stream=True)
    deltas = [chunk.choices[0].delta.model_extra or {} for chunk in chunks]
    assert "".join(delta.get("reasoning") or "" for delta in deltas) == detail["text"]
    signatures = [d["signature"] for delta in deltas for d in delta.get("reasoning_details", ()) if "signature" in d]
    assert signatures == [detail["signature"]]


def test_an_unknown_model_is_the_vendors_404(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(model="story:nothing", messages=ask("hi"))
    assert caught.value.code == "model_not_found"


def test_the_other_services(client: OpenAI, scripted: ScriptedUpstream) -> None:
    assert [model.id for model in client.models.list()] == scripted.models
    embedded = client.embeddings.create(model="m", input=["a", "b"], encoding_format="float")
    assert [item.embedding for item in embedded.data] == [[0.25, -0.5, 0.125, 1.0]] * 2
    assert client.images.generate(model="m", prompt="a dot").data[0].b64_json  # type: ignore[index]
    assert client.images.edit(model="m", prompt="a dot", image=b"png").data[0].b64_json  # type: ignore[index]
    assert client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF")).text == "the quick brown fox"
    assert client.audio.speech.create(model="m", voice="alloy", input="hi").content.startswith(b"ID3")
    assert client.completions.create(model="m", prompt="say").choices[0].text == " a scripted completion."

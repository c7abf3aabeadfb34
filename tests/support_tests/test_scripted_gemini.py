"""The scripted upstream is a Gemini vendor: the vendor's own SDK, whose types forbid unknown fields, accepts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from google import genai
from google.genai import errors, types

from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.services import COUNTED
from tests.support.upstreams.stories import STORIES


@pytest.fixture
def client(scripted: ScriptedUpstream) -> Iterator[genai.Client]:
    client = genai.Client(api_key="x", http_options=types.HttpOptions(base_url=scripted.url))
    yield client
    client.close()


def post(client: genai.Client, path: str, body: Any) -> Any:
    return orjson.loads(client._api_client.request("POST", path, body).body or "")


def parts(answer: types.GenerateContentResponse) -> list[types.Part]:
    content = (answer.candidates or [types.Candidate()])[0].content
    return (content.parts if content else None) or []


def said(answers: list[types.GenerateContentResponse], thought: bool) -> str:
    return "".join(p.text or "" for answer in answers for p in parts(answer) if bool(p.thought) is thought)


@pytest.mark.parametrize("name", STORIES)
def test_every_story_is_valid_whole_and_streamed_and_says_the_same(client: genai.Client, name: str) -> None:
    whole = client.models.generate_content(model=f"story:{name}", contents="hi")
    streamed = list(client.models.generate_content_stream(model=f"story:{name}", contents="hi"))
    for thought in (False, True):
        assert said(streamed, thought) == said([whole], thought)
    calls = [[p.function_call for p in parts(answer) if p.function_call] for answer in streamed]
    assert [(c.name, c.args) for found in calls for c in found] == [
        (c.name, c.args) for p in parts(whole) if (c := p.function_call)
    ]
    assert [p.thought_signature for answer in streamed for p in parts(answer) if p.thought_signature] == [
        p.thought_signature for p in parts(whole) if p.thought_signature
    ]
    assert streamed[-1].usage_metadata == whole.usage_metadata
    assert streamed[-1].candidates[0].finish_reason == whole.candidates[0].finish_reason  # type: ignore[index]


@pytest.mark.parametrize("name", STORIES)
def test_every_story_has_only_fields_that_the_vendor_knows(client: genai.Client, name: str) -> None:
    answer = post(client, f"models/story:{name}:generateContent", {"contents": [{"parts": [{"text": "hi"}]}]})
    types.GenerateContentResponse.model_validate(answer)


def test_a_stream_without_sse_is_one_json_array(client: genai.Client) -> None:
    answer = post(client, "models/story:thinker:streamGenerateContent", {"contents": {"parts": {"text": "hi"}}})
    chunks = [types.GenerateContentResponse.model_validate(chunk) for chunk in answer]
    assert said(chunks, False) == "The answer is 42."


def test_a_tool_loop_goes_on_with_the_results(client: genai.Client) -> None:
    contents: list[Any] = [types.UserContent("list")]
    first = client.models.generate_content(model="story:gemini-cli", contents=contents)
    (part,) = parts(first)
    assert part.function_call is not None
    assert part.thought_signature
    contents.append(first.candidates[0].content)  # type: ignore[index]
    contents.append(
        types.UserContent(types.Part.from_function_response(name="list_directory", response={"output": "empty"}))
    )
    second = client.models.generate_content(model="story:gemini-cli", contents=contents)
    assert second.text == "The directory holds: empty"
    assert second.usage_metadata is not None
    assert second.usage_metadata.cached_content_token_count == 5000


def test_pictures_come_and_go(client: genai.Client) -> None:
    picture = types.Part.from_bytes(data=b"png", mime_type="image/png")
    answer = client.models.generate_content(model="story:sees", contents=[picture, "look"])
    assert answer.text == "I see 1 image(s), 0 document(s) and these tools: ."
    drawn = parts(client.models.generate_content(model="story:painter", contents="draw"))[1].inline_data
    assert drawn is not None
    assert drawn.data is not None
    assert drawn.data.startswith(b"\x89PNG")


def test_the_other_services(client: genai.Client, scripted: ScriptedUpstream) -> None:
    assert client.models.count_tokens(model="m", contents="hi").total_tokens == COUNTED
    assert [model.name for model in client.models.list()] == [f"models/{name}" for name in scripted.models]
    assert client.models.embed_content(model="m", contents="hi").embeddings
    assert post(client, "models/imagen:predict", {"instances": [{"prompt": "a dot"}]})["predictions"]
    with pytest.raises(errors.ClientError, match="NOT_FOUND"):
        client.models.generate_content(model="story:nothing", contents="hi")

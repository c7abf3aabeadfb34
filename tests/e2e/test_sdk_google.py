"""Google's SDK: a conversation with an upstream of every protocol, in every manner of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from google.genai import types
from google.genai.errors import ClientError

from tests.e2e.google_clients import GoogleClients, check_answer, google_tools
from tests.e2e.material import (
    HELLO,
    PDF,
    PNG,
    SIGNATURES,
    Weather,
    opaque_values,
    schema_asked,
)
from tests.e2e.modes import Mode
from tests.e2e.sources import Source
from tests.support.server import Gateway
from tests.support.upstreams.services import COUNTED, VECTOR
from tests.support.upstreams.stories import PIXEL, STORIES, tokens_of
from tests.support.waiting import PATIENCE

Answer = types.GenerateContentResponse
THINK = {"thinking_config": types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)}


@pytest.fixture(scope="session")
def google(gateway: Gateway, loop: asyncio.Runner) -> Iterator[GoogleClients]:
    clients = GoogleClients(gateway, loop)
    yield clients
    clients.close()


def says(role: str, *parts: Any) -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=part) if isinstance(part, str) else part for part in parts])


def parts_of(answer: Answer, number: int = 0) -> list[types.Part]:
    assert answer.candidates is not None
    content = answer.candidates[number].content
    return (content.parts if content else None) or []


def text_of(answer: Answer, number: int = 0, thought: bool = False) -> str:
    return "".join(part.text for part in parts_of(answer, number) if part.text and bool(part.thought) is thought)


def finish(answer: Answer) -> str | None:
    assert answer.candidates is not None
    reason = answer.candidates[0].finish_reason
    return None if reason is None else reason.value


def results(answer: Answer, *texts: str) -> types.Content:
    """The answers to all calls."""
    calls = [part.function_call for part in parts_of(answer) if part.function_call]
    told = [
        types.FunctionResponse(id=call.id, name=call.name, response={"result": text})
        for call, text in zip(calls, texts, strict=True)
    ]
    return types.Content(role="user", parts=[types.Part(function_response=one) for one in told])


def test_text(google: GoogleClients, source: Source, mode: Mode) -> None:
    answer = google.generate(mode, source.model("hello"), "hi")
    assert text_of(answer) == HELLO
    assert finish(answer) == "STOP"
    usage = answer.usage_metadata
    assert usage is not None
    counts = (usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count)
    assert counts == (25, 12, 37)
    assert answer.response_id
    assert answer.model_version


def test_instructions_and_several_turns(google: GoogleClients, source: Source, mode: Mode) -> None:
    contents = [says("user", "one"), says("model", "two"), says("user", "three")]
    config = {"system_instruction": "Be brief.", "max_output_tokens": 77, "temperature": 0.5}
    assert text_of(google.generate(mode, source.model("echo"), contents, **config)) == "three"
    assert source.heard.system == "Be brief."
    heat = source.knob(
        chat="temperature",
        responses="temperature",
        anthropic="temperature",
        gemini="generationConfig.temperature",
        ollama="options.temperature",
    )
    assert heat == 0.5


def test_parallel_tools(google: GoogleClients, source: Source, mode: Mode) -> None:
    config: dict[str, Any] = {"tools": google_tools("get_weather", "get_time")}
    contents = [says("user", "weather?")]
    first = google.generate(mode, source.model("parallel"), contents, **config)
    assert source.heard.tools == ("get_weather", "get_time")
    calls = [part.function_call for part in parts_of(first) if part.function_call]
    assert [(call.name, call.args) for call in calls] == [
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "北京"}),
        ("get_time", {}),
    ]
    contents += [says("model", *parts_of(first)), results(first, "20", "30", "noon")]
    second = google.generate(mode, source.model("parallel"), contents, **config)
    assert text_of(second) == "Both said: 20 | 30 | noon"


def test_thinking_and_its_signatures_over_two_tool_rounds(google: GoogleClients, source: Source, mode: Mode) -> None:
    config: dict[str, Any] = {"tools": google_tools("list_files", "read_file"), **THINK}
    contents = [says("user", "read it")]
    for thought in ("First the list.", "Now the file."):
        answer = google.generate(mode, source.thinker("thinking-loop"), contents, **config)
        assert text_of(answer, thought=True) == thought
        assert answer.usage_metadata is not None
        reasoned = answer.usage_metadata.thoughts_token_count
        assert (reasoned or 0) == (0 if source.protocol == "ollama" else 12)
        contents += [says("model", *parts_of(answer)), results(answer, f"after {thought}")]
    answer = google.generate(mode, source.thinker("thinking-loop"), contents, **config)
    assert text_of(answer) == "Done after two tools: after First the list. | after Now the file."
    if source.protocol != "ollama":  # which has no signatures
        arrived = {value.replace("-", "+").replace("_", "/") for value in opaque_values(source.protocol, source.last)}
        assert arrived == set(SIGNATURES["thinking-loop"])


def test_functions_are_called_by_the_sdk_itself(google: GoogleClients, source: Source) -> None:
    asked_for = []

    def get_weather(city: str, unit: str) -> str:
        """The weather in a city."""
        asked_for.append((city, unit))
        return "21 degrees"

    answer = google.sync.models.generate_content(
        model=source.model("weather"), contents="weather?", config=types.GenerateContentConfig(tools=[get_weather])
    )
    assert asked_for == [("Zürich", "celsius")]
    assert answer.text == "The tool said: 21 degrees"


def test_a_chat(google: GoogleClients, source: Source) -> None:
    chat = google.sync.chats.create(model=source.model("echo"))
    assert chat.send_message("one").text == "one"
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream("two")) == "two"
    assert chat.send_message("three").text == "three"
    told = [(content.role, "".join(part.text or "" for part in content.parts or ())) for content in chat.get_history()]
    assert [entry for entry in told if entry[1]] == [
        (role, text) for text in ("one", "two", "three") for role in ("user", "model")
    ]


def test_pictures_by_data_and_address(google: GoogleClients, source: Source, mode: Mode) -> None:
    parts: list[Any] = [
        "What is this?",
        types.Part.from_bytes(data=PNG, mime_type="image/png"),
        types.Part.from_uri(file_uri=source.picture_url, mime_type="image/png"),
    ]
    answer = google.generate(mode, source.model("sees"), [says("user", *parts)])
    assert text_of(answer).startswith("I see 2 image(s), 0 document(s)")


def test_a_document(google: GoogleClients, source: Source, mode: Mode) -> None:
    contents = [says("user", types.Part.from_bytes(data=PDF, mime_type="application/pdf"), "Sum it up.")]
    if source.protocol == "ollama":
        with pytest.raises(ClientError, match="documents"):
            google.generate(mode, source.model("sees"), contents)
        return
    assert text_of(google.generate(mode, source.model("sees"), contents)).startswith("I see 0 image(s), 1 document(s)")


@pytest.mark.parametrize("form", ["class", "schema", "json schema"])
def test_structured_output(google: GoogleClients, source: Source, mode: Mode, form: str) -> None:
    schemas: dict[str, Any] = {
        "class": {"response_schema": Weather},
        "schema": {
            "response_schema": types.Schema(
                type=types.Type.OBJECT,
                properties={
                    "city": types.Schema(type=types.Type.STRING),
                    "degrees": types.Schema(type=types.Type.INTEGER),
                },
                required=["city", "degrees"],
            )
        },
        "json schema": {"response_json_schema": Weather.model_json_schema()},
    }
    answer = google.generate(
        mode, source.model("structured"), "hi", response_mime_type="application/json", **schemas[form]
    )
    assert Weather.model_validate_json(text_of(answer)) == Weather(city="Zürich", degrees=21)
    arrived = schema_asked(source.protocol, source.last)
    assert arrived["properties"].keys() == {"city", "degrees"}
    assert arrived["required"] == ["city", "degrees"]
    assert arrived["properties"]["degrees"]["type"].lower() == "integer"


def test_a_refusal(google: GoogleClients, source: Source, mode: Mode) -> None:
    answer = google.generate(mode, source.model("refusal"), "hi")
    assert text_of(answer) == "I cannot help with that."
    assert finish(answer) == ("STOP" if source.protocol == "ollama" else "SAFETY")


STOPS = [
    ("cut-off", "This answer is too long to", "MAX_TOKENS"),
    ("stopped", "One, two, ", "STOP"),
    ("filtered", "As I was about to", "SAFETY"),
]


@pytest.mark.parametrize(("story", "text", "reason"), STOPS)
def test_reasons_to_stop(google: GoogleClients, source: Source, mode: Mode, story: str, text: str, reason: str) -> None:
    answer = google.generate(mode, source.model(story), "hi", stop_sequences=["three"])
    assert text_of(answer) == text
    if story == "filtered":
        reason = {"gemini": "PROHIBITED_CONTENT", "ollama": "STOP"}.get(source.protocol, reason)
    assert finish(answer) == reason


def test_cached_tokens(google: GoogleClients, source: Source, mode: Mode) -> None:
    usage = google.generate(mode, source.model("cached"), "hi").usage_metadata
    assert usage is not None
    assert (usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count) == (5000, 5, 5005)
    assert (usage.cached_content_token_count or 0) == (0 if source.protocol == "ollama" else 4000)


def test_log_probabilities(google: GoogleClients, source: Source, mode: Mode) -> None:
    answer = google.generate(mode, source.model("hello"), "hi", response_logprobs=True, logprobs=2)
    assert text_of(answer) == HELLO
    assert answer.candidates is not None
    told = answer.candidates[0].logprobs_result
    if source.protocol == "anthropic":
        assert told is None
        return
    assert told is not None
    chosen = [(one.token, one.log_probability) for one in told.chosen_candidates or ()]
    assert chosen == [(token.text, token.logprob) for token in tokens_of(HELLO)]
    top = [[one.token for one in place.candidates or ()] for place in told.top_candidates or ()]
    assert top == [[token.text, token.rival] for token in tokens_of(HELLO)]


def test_several_candidates(google: GoogleClients, source: Source, mode: Mode) -> None:
    answer = google.generate(mode, source.model("hello"), "hi", candidate_count=3)
    texts = [text_of(answer, number) for number in range(len(answer.candidates or ()))]
    able = source.protocol in ("chat", "gemini")
    assert texts == ([HELLO, HELLO + " #2", HELLO + " #3"] if able else [HELLO])


def test_a_drawn_picture(google: GoogleClients, source: Source, mode: Mode) -> None:
    answer = google.generate(mode, source.model("painter"), "draw", response_modalities=["TEXT", "IMAGE"])
    assert text_of(answer) == "Here is a dot."
    drawn = [part.inline_data.data for part in parts_of(answer) if part.inline_data]
    assert drawn == ([PNG] if source.protocol in ("responses", "gemini") else [])


def test_counting_tokens(google: GoogleClients, source: Source) -> None:
    count = google.sync.models.count_tokens(model=source.model("hello"), contents="hi").total_tokens
    assert (count == COUNTED) is (source.protocol in ("anthropic", "gemini"))
    again = google.run(google.sync.aio.models.count_tokens(model=source.model("hello"), contents="hi"))
    assert again.total_tokens == count


def test_embeddings(google: GoogleClients, source: Source) -> None:
    request: dict[str, Any] = {"model": source.other("text-embedding-3-small"), "contents": ["one", "two"]}
    if source.protocol == "anthropic":
        with pytest.raises(ClientError, match="embeddings"):
            google.sync.models.embed_content(**request)
        return
    for answer in (
        google.sync.models.embed_content(**request),
        google.run(google.sync.aio.models.embed_content(**request)),
    ):
        assert [vector.values for vector in answer.embeddings or ()] == [list(VECTOR)] * 2


def test_pictures_are_drawn(gateway: Gateway, source: Source) -> None:
    """As the SDK's last version did it that could draw with a plain key."""
    answer = httpx.post(
        f"{gateway.base_url}/v1beta/models/{source.other('imagen-4.0')}:predict",
        headers={"x-goog-api-key": gateway.token},
        json={"instances": [{"prompt": "a dot"}], "parameters": {"sampleCount": 2, "aspectRatio": "1:1"}},
        timeout=PATIENCE,
    )
    if source.protocol in ("anthropic", "ollama"):
        assert answer.status_code == 400
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
        return
    drawn = answer.json()["predictions"]
    assert drawn[0] == {"mimeType": "image/png", "bytesBase64Encoded": PIXEL}
    assert len(drawn) == (
        2 if source.protocol == "gemini" else 1
    )  # the other scripted vendor draws one, whatever `n` says


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_models(gateway: Gateway, loop: asyncio.Runner, source: Source, version: str) -> None:
    clients = GoogleClients(gateway, loop, version)
    name = f"models/{source.model('hello')}"
    listed = {model.name: model for model in clients.sync.models.list(config={"page_size": 7})}
    assert "generateContent" in (listed[name].supported_actions or ())
    assert clients.sync.models.get(model=source.model("hello")) == listed[name]
    with pytest.raises(ClientError, match=r"story:hello"):
        clients.sync.models.get(model=f"scripted-{source.protocol}/story:helo")
    assert text_of(clients.generate("streamed", source.model("hello"), "hi")) == HELLO
    clients.close()


def test_an_error_of_the_upstream_keeps_its_words(google: GoogleClients, source: Source, mode: Mode) -> None:
    with pytest.raises(ClientError, match="davinci-002") as caught:
        google.generate(mode, source.other("davinci-002"), "hi")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


@pytest.mark.parametrize("form", ["sse", "array"])
def test_every_chunk_of_a_stream_is_valid(gateway: Gateway, source: Source, form: str) -> None:
    """The SDK reads SSE only; older clients ask for one JSON array that grows."""
    for story in STORIES:
        answer = httpx.post(
            f"{gateway.base_url}/v1beta/models/{source.model(story)}:streamGenerateContent",
            params={"alt": "sse"} if form == "sse" else None,
            headers={"x-goog-api-key": gateway.token},
            json={"contents": [{"parts": [{"text": "hi"}]}]},
            timeout=PATIENCE,
        )
        if form == "sse":
            blocks = answer.text.replace("\r\n", "\n").strip().split("\n\n")
            chunks = [orjson.loads(block.removeprefix("data: ")) for block in blocks]
        else:
            chunks = orjson.loads(answer.content)
        for chunk in chunks:
            check_answer(chunk)
        assert chunks[-1]["candidates"][0]["finishReason"]

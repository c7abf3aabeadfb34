"""Anthropic's SDK: a conversation with an upstream of every protocol, in every manner of asking."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import BadRequestError, NotFoundError
from anthropic.types import Message

from tests.e2e.anthropic_clients import AnthropicClients, anthropic_tools
from tests.e2e.material import (
    HELLO,
    PDF_DATA,
    SIGNATURES,
    Weather,
    opaque_values,
    schema_asked,
)
from tests.e2e.modes import Mode
from tests.e2e.sources import Source
from tests.support.server import Gateway
from tests.support.upstreams.services import COUNTED
from tests.support.upstreams.stories import PIXEL

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
DOCUMENT = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF_DATA}}
THINK = {"thinking": {"type": "adaptive", "display": "summarized"}}


@pytest.fixture(scope="session")
def anthropic(gateway: Gateway, loop: asyncio.Runner) -> Iterator[AnthropicClients]:
    clients = AnthropicClients(gateway, loop)
    yield clients
    clients.close()


def ask(*contents: Any) -> list[Any]:
    """A conversation in which user and assistant speak in turns."""
    return [{"role": "assistant" if n % 2 else "user", "content": content} for n, content in enumerate(contents)]


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def back(message: Message) -> dict[str, Any]:
    """An answer as a client sends it back."""
    return {"role": "assistant", "content": [block.to_dict(mode="json") for block in message.content]}


def results(message: Message, *texts: Any, **more: Any) -> dict[str, Any]:
    """The answers to all calls in `message`."""
    calls = [block for block in message.content if block.type == "tool_use"]
    content = [
        {"type": "tool_result", "tool_use_id": call.id, "content": text, **more}
        for call, text in zip(calls, texts, strict=True)
    ]
    return {"role": "user", "content": content}


def test_text(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    answer = anthropic.message(mode, model=source.model("hello"), messages=ask("hi"))
    assert text_of(answer) == HELLO
    assert (answer.stop_reason, answer.stop_sequence, answer.role) == ("end_turn", None, "assistant")
    assert answer.model == source.model("hello")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (25, 12)


def test_instructions_and_several_turns(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    answer = anthropic.message(mode, model=source.model("echo"), system=system, messages=ask("one", "two", "three"))
    assert text_of(answer) == "three"
    assert source.heard.system == "Be brief."


def test_parallel_tools(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    request = {"model": source.model("parallel"), "tools": anthropic_tools("get_weather", "get_time")}
    messages = ask("weather?")
    first = anthropic.message(mode, messages=messages, **request)
    assert first.stop_reason == "tool_use"
    assert source.heard.tools == ("get_weather", "get_time")
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [(call.name, call.input) for call in calls] == [
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "北京"}),
        ("get_time", {}),
    ]
    assert len({call.id for call in calls}) == 3
    messages += [back(first), results(first, "20", [{"type": "text", "text": "30"}], "noon")]
    second = anthropic.message(mode, messages=messages, **request)
    assert text_of(second) == "Both said: 20 | 30 | noon"
    assert second.stop_reason == "end_turn"


def test_thinking_and_its_signatures_over_two_tool_rounds(
    anthropic: AnthropicClients, source: Source, mode: Mode
) -> None:
    request = {
        "model": source.thinker("thinking-loop"),
        "tools": anthropic_tools("list_files", "read_file"),
        **THINK,
    }
    messages = ask("read it")
    for thought in ("First the list.", "Now the file."):
        answer = anthropic.message(mode, messages=messages, **request)
        thinking, call = answer.content
        assert thinking.type == "thinking"
        assert thinking.thinking == thought
        assert thinking.signature
        assert call.type == "tool_use"
        messages += [back(answer), results(answer, f"after {thought}")]
    answer = anthropic.message(mode, messages=messages, **request)
    assert text_of(answer) == "Done after two tools: after First the list. | after Now the file."
    if source.protocol != "ollama":  # which has no signatures
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["thinking-loop"])


def test_secret_thinking(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    request = {"model": source.thinker("secret-thinker"), **THINK}
    messages = ask("how do you know?")
    answer = anthropic.message(mode, messages=messages, **request)
    assert text_of(answer) == "I would rather not say how I know."
    messages += [back(answer), *ask("again")]
    anthropic.message(mode, messages=messages, **request)
    if source.protocol == "gemini":
        return  # it signs the words themselves, for which Anthropic has no place; Google does not insist on it
    if source.protocol != "ollama":
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["secret-thinker"])


def test_pictures_by_data_and_address(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    far = {"type": "image", "source": {"type": "url", "url": source.picture_url}}
    content: list[Any] = [{"type": "text", "text": "What is this?"}, PICTURE, far]
    request: dict[str, Any] = {"model": source.model("sees"), "messages": ask(content)}
    assert text_of(anthropic.message(mode, **request)).startswith("I see 2 image(s), 0 document(s)")


def test_a_document(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    request: dict[str, Any] = {
        "model": source.model("sees"),
        "messages": ask([DOCUMENT, {"type": "text", "text": "Sum it up."}]),
    }
    if source.protocol == "ollama":
        with pytest.raises(BadRequestError, match="documents"):
            anthropic.message(mode, **request)
        return
    assert text_of(anthropic.message(mode, **request)).startswith("I see 0 image(s), 1 document(s)")


def test_a_document_in_plain_text(anthropic: AnthropicClients, source: Source) -> None:
    document = {
        "type": "document",
        "title": "notes",
        "source": {"type": "text", "media_type": "text/plain", "data": "The crawdad is red."},
    }
    anthropic.message("whole", model=source.model("sees"), messages=ask([document, {"type": "text", "text": "So?"}]))
    plain = b"The crawdad is red."
    assert plain in source.last.body or base64.b64encode(plain) in source.last.body


def test_a_picture_in_a_tool_result(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    request = {"model": source.model("sees"), "tools": anthropic_tools("read_file")}
    call = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "dot.png"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "here"}, PICTURE]}
    answer = anthropic.message(mode, messages=ask("look", [call], [result]), **request)
    assert text_of(answer).startswith("I see 1 image(s)")


def test_a_failed_tool(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    request = {"model": source.model("weather"), "tools": anthropic_tools("get_weather")}
    messages = ask("weather?")
    first = anthropic.message(mode, messages=messages, **request)
    assert text_of(first) == "I will look it up."
    messages += [back(first), results(first, "no such city", is_error=True)]
    second = anthropic.message(mode, messages=messages, **request)
    assert "no such city" in text_of(second)
    if source.protocol not in ("anthropic", "gemini"):  # which have a field for it
        assert "rror" in text_of(second)


def test_structured_output(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    schema = {**Weather.model_json_schema(), "additionalProperties": False}
    output = {"format": {"type": "json_schema", "schema": schema}}
    answer = anthropic.message(mode, model=source.model("structured"), messages=ask("hi"), output_config=output)
    assert Weather.model_validate_json(text_of(answer)) == Weather(city="Zürich", degrees=21)
    assert schema_asked(source.protocol, source.last)["required"] == ["city", "degrees"]


def test_parsing_into_a_class(anthropic: AnthropicClients, source: Source) -> None:
    parsed = anthropic.sync.messages.parse(
        model=source.model("structured"), messages=ask("hi"), max_tokens=99, output_format=Weather
    )
    assert parsed.parsed_output == Weather(city="Zürich", degrees=21)


def test_a_refusal(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    answer = anthropic.message(mode, model=source.model("refusal"), messages=ask("hi"))
    assert text_of(answer) == "I cannot help with that."
    assert answer.stop_reason == ("end_turn" if source.protocol == "ollama" else "refusal")


STOPS = [
    ("cut-off", "This answer is too long to", "max_tokens"),
    ("stopped", "One, two, ", "stop_sequence"),
    ("filtered", "As I was about to", "refusal"),
]


@pytest.mark.parametrize(("story", "text", "reason"), STOPS)
def test_reasons_to_stop(
    anthropic: AnthropicClients, source: Source, mode: Mode, story: str, text: str, reason: str
) -> None:
    answer = anthropic.message(mode, model=source.model(story), messages=ask("hi"), stop_sequences=["three"])
    assert text_of(answer) == text
    if source.protocol != "anthropic" and story == "stopped":
        reason = "end_turn"  # the others do not tell this from an ordinary end
    if source.protocol == "ollama" and story == "filtered":
        reason = "end_turn"
    assert answer.stop_reason == reason
    assert answer.stop_sequence == ("three" if reason == "stop_sequence" else None)


def test_cached_tokens(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    usage = anthropic.message(mode, model=source.model("cached"), messages=ask("hi")).usage
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    assert (usage.input_tokens + read + written, usage.output_tokens) == (5000, 5)
    assert read == (0 if source.protocol == "ollama" else 4000)
    assert written == (0 if source.protocol in ("ollama", "gemini") else 600)


def test_counting_tokens(anthropic: AnthropicClients, source: Source) -> None:
    request: dict[str, Any] = {"model": source.model("hello"), "messages": ask("hi"), "system": "Be brief."}
    raw = anthropic.sync.messages.with_raw_response.count_tokens(**request)
    count = raw.parse().input_tokens
    exact = source.protocol in ("anthropic", "gemini")
    assert (count == COUNTED) is exact
    assert raw.headers.get("x-crawdad-estimate") == (None if exact else "true")
    assert count > 0
    assert anthropic.run(anthropic.asynchronous.messages.count_tokens(**request)).input_tokens == count


def test_models(anthropic: AnthropicClients, source: Source) -> None:
    listed = {model.id: model for model in anthropic.sync.models.list(limit=7)}  # the SDK fetches every page
    name = source.model("hello")
    assert listed[name].type == "model"
    assert len(listed) > 7
    assert anthropic.sync.models.retrieve(name) == listed[name]
    with pytest.raises(NotFoundError, match=r"story:hello"):
        anthropic.sync.models.retrieve(f"scripted-{source.protocol}/story:helo")


def test_an_error_of_the_upstream_keeps_its_words(anthropic: AnthropicClients, source: Source, mode: Mode) -> None:
    with pytest.raises(NotFoundError, match="davinci-002") as caught:
        anthropic.message(mode, model=source.other("davinci-002"), messages=ask("hi"))
    assert caught.value.body["error"]["type"] == "not_found_error"  # type: ignore[index]
    assert caught.value.request_id


def test_events_of_a_stream(anthropic: AnthropicClients, source: Source) -> None:
    request: dict[str, Any] = {"model": source.thinker("weather"), "messages": ask("hi"), "max_tokens": 99}
    kinds = [event.type for event in anthropic.sync.messages.create(**request, stream=True)]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    blocks = [kind for kind in kinds if kind in ("content_block_start", "content_block_stop")]
    assert blocks == ["content_block_start", "content_block_stop"] * 2


def test_the_beta_client(anthropic: AnthropicClients, source: Source) -> None:
    answer = anthropic.sync.beta.messages.create(
        model=source.model("hello"), messages=ask("hi"), max_tokens=99, betas=["interleaved-thinking-2025-05-14"]
    )
    assert answer.content[0].to_dict()["text"] == HELLO
    sent = source.last.headers.get("anthropic-beta")
    assert sent == ("interleaved-thinking-2025-05-14" if source.protocol == "anthropic" else None)
    assert ("anthropic-version" in source.last.headers) is (source.protocol == "anthropic")


def test_forcing_and_forbidding_tools(anthropic: AnthropicClients, source: Source) -> None:
    def choice(wanted: Any) -> Any:
        tools = anthropic_tools("get_weather", "get_time")
        anthropic.message("whole", model=source.model("hello"), messages=ask("hi"), tools=tools, tool_choice=wanted)
        path = {"gemini": "toolConfig.functionCallingConfig"}.get(source.protocol, "tool_choice")
        return source.knob(**dict.fromkeys(("chat", "responses", "anthropic", "gemini", "ollama"), path))

    named, required, none = (
        choice({"type": "tool", "name": "get_time"}),
        choice({"type": "any"}),
        choice({"type": "none"}),
    )
    expected = {
        "chat": ({"type": "function", "function": {"name": "get_time"}}, "required", "none"),
        "responses": ({"type": "function", "name": "get_time"}, "required", "none"),
        "anthropic": ({"type": "tool", "name": "get_time"}, {"type": "any"}, {"type": "none"}),
        "gemini": ({"mode": "ANY", "allowedFunctionNames": ["get_time"]}, {"mode": "ANY"}, {"mode": "NONE"}),
        "ollama": (None, None, None),
    }[source.protocol]
    assert (named, required, none) == expected

"""OpenAI's SDK, chat completions: a conversation with an upstream of every protocol, in every manner of asking."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai import BadRequestError, NotFoundError
from openai.types.chat import ChatCompletion, ChatCompletionMessage

from tests.e2e.material import (
    HELLO,
    PDF_URL,
    PNG_URL,
    SIGNATURES,
    Weather,
    opaque_values,
    schema_asked,
)
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import OpenAIClients, function_tools
from tests.e2e.sources import Source
from tests.support.upstreams.stories import tokens_of


def ask(*texts: Any) -> list[Any]:
    """A conversation in which user and assistant speak in turns."""
    return [{"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate(texts)]


def said(answer: ChatCompletion) -> ChatCompletionMessage:
    assert len(answer.choices) == 1
    return answer.choices[0].message


def back(message: ChatCompletionMessage) -> dict[str, Any]:
    """An answer as a client sends it back: everything the SDK gave it."""
    return message.to_dict(mode="json")


def test_text(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.chat(mode, model=source.model("hello"), messages=ask("hi"))
    assert said(answer).content == HELLO
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == source.model("hello")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (25, 12)


def test_instructions_and_several_turns(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    conversation = [
        {"role": "system", "content": "Be brief."},
        *ask("one", "two", "three"),
    ]
    answer = openai.chat(mode, model=source.model("echo"), messages=conversation, max_completion_tokens=77)
    assert said(answer).content == "three"
    assert source.heard.system == "Be brief."
    limit = source.knob(
        chat="max_completion_tokens",
        responses="max_output_tokens",
        anthropic="max_tokens",
        gemini="generationConfig.maxOutputTokens",
        ollama="options.num_predict",
    )
    assert limit == 77


def test_parallel_tools(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request = {"model": source.model("parallel"), "tools": function_tools("get_weather", "get_time")}
    messages = ask("weather?")
    first = openai.chat(mode, messages=messages, **request)
    assert first.choices[0].finish_reason == "tool_calls"
    assert source.heard.tools == ("get_weather", "get_time")
    calls = said(first).tool_calls or []
    told = [(call.function.name, orjson.loads(call.function.arguments)) for call in calls if call.type == "function"]
    assert told == [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "北京"}), ("get_time", {})]
    assert len({call.id for call in calls}) == 3
    messages.append(back(said(first)))
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": text}
        for call, text in zip(calls, ("20", "30", "noon"), strict=True)
    ]
    second = openai.chat(mode, messages=messages, **request)
    assert said(second).content == "Both said: 20 | 30 | noon"
    assert second.choices[0].finish_reason == "stop"


def test_thinking_and_its_signatures_over_two_tool_rounds(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request = {
        "model": source.thinker("thinking-loop"),
        "tools": function_tools("list_files", "read_file"),
        "reasoning_effort": "high",
    }
    messages = ask("read it")
    for thought in ("First the list.", "Now the file."):
        answer = openai.chat(mode, messages=messages, **request)
        message = back(said(answer))
        assert message.get("reasoning") == thought or message.get("reasoning_content") == thought
        assert answer.usage is not None
        assert answer.usage.completion_tokens_details is not None
        reasoned = answer.usage.completion_tokens_details.reasoning_tokens
        assert reasoned == (0 if source.protocol == "ollama" else 12)
        (call,) = message["tool_calls"]
        messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": f"after {thought}"}]
    answer = openai.chat(mode, messages=messages, **request)
    assert said(answer).content == "Done after two tools: after First the list. | after Now the file."
    if source.protocol != "ollama":  # which has no signatures
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["thinking-loop"])


def test_pictures_by_data_and_address(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PNG_URL}},
        {"type": "image_url", "image_url": {"url": source.picture_url}},
    ]
    request: dict[str, Any] = {"model": source.model("sees"), "messages": ask(content)}
    assert (said(openai.chat(mode, **request)).content or "").startswith("I see 2 image(s), 0 document(s)")


def test_a_document(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    content = [
        {"type": "text", "text": "Sum it up."},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF_URL}},
    ]
    request: dict[str, Any] = {"model": source.model("sees"), "messages": ask(content)}
    if source.protocol == "ollama":
        with pytest.raises(BadRequestError, match="documents"):
            openai.chat(mode, **request)
        return
    assert (said(openai.chat(mode, **request)).content or "").startswith("I see 0 image(s), 1 document(s)")


def test_structured_output(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    schema = {**Weather.model_json_schema(), "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema, "strict": True}}
    answer = openai.chat(mode, model=source.model("structured"), messages=ask("hi"), response_format=wanted)
    assert Weather.model_validate_json(said(answer).content or "") == Weather(city="Zürich", degrees=21)
    arrived = schema_asked(source.protocol, source.last)
    assert arrived["properties"].keys() == {"city", "degrees"}
    assert arrived["required"] == ["city", "degrees"]


def test_parsing_into_a_class(openai: OpenAIClients, source: Source) -> None:
    parsed = openai.sync.chat.completions.parse(
        model=source.model("structured"), messages=ask("hi"), response_format=Weather
    )
    assert parsed.choices[0].message.parsed == Weather(city="Zürich", degrees=21)


REFUSED = {  # (content, refusal, finish reason)
    "chat": (None, "I cannot help with that.", "stop"),
    "responses": (None, "I cannot help with that.", "stop"),
    "anthropic": ("I cannot help with that.", None, "content_filter"),
    "gemini": ("I cannot help with that.", None, "content_filter"),
    "ollama": ("I cannot help with that.", None, "stop"),
}


def test_a_refusal(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.chat(mode, model=source.model("refusal"), messages=ask("hi"))
    message = said(answer)
    assert (message.content or None, message.refusal, answer.choices[0].finish_reason) == REFUSED[source.protocol]


STOPS = [
    ("cut-off", "This answer is too long to", "length"),
    ("stopped", "One, two, ", "stop"),
    ("filtered", "As I was about to", "content_filter"),
]


@pytest.mark.parametrize(("story", "text", "reason"), STOPS)
def test_reasons_to_stop(openai: OpenAIClients, source: Source, mode: Mode, story: str, text: str, reason: str) -> None:
    answer = openai.chat(mode, model=source.model(story), messages=ask("hi"), stop=["three"])
    assert said(answer).content == text
    expected = "stop" if source.protocol == "ollama" and story == "filtered" else reason
    assert answer.choices[0].finish_reason == expected


def test_cached_tokens(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    usage = openai.chat(mode, model=source.model("cached"), messages=ask("hi")).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (5000, 5, 5005)
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == (0 if source.protocol == "ollama" else 4000)


def test_log_probabilities(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request: dict[str, Any] = {"model": source.model("hello"), "messages": ask("hi"), "logprobs": True}
    answer = openai.chat(mode, **request, top_logprobs=2)
    assert said(answer).content == HELLO
    logprobs = answer.choices[0].logprobs
    if source.protocol == "anthropic":
        assert logprobs is None
        return
    assert logprobs is not None
    assert logprobs.content is not None
    assert "".join(token.token for token in logprobs.content) == HELLO
    told = [
        (token.token, token.logprob, [(top.token, top.logprob) for top in token.top_logprobs])
        for token in logprobs.content
    ]
    assert told == [(t.text, t.logprob, [(t.text, t.logprob), (t.rival, t.rival_logprob)]) for t in tokens_of(HELLO)]
    spelled = [None if token.bytes is None else bytes(token.bytes).decode() for token in logprobs.content]
    assert spelled == [None if source.protocol == "gemini" else token.text for token in tokens_of(HELLO)]


def test_several_choices(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.chat(mode, model=source.model("hello"), messages=ask("hi"), n=3)
    texts = [choice.message.content for choice in answer.choices]
    able = source.protocol in ("chat", "gemini")
    assert texts == ([HELLO, HELLO + " #2", HELLO + " #3"] if able else [HELLO])
    assert [choice.index for choice in answer.choices] == list(range(len(texts)))


def test_what_is_lost_is_noted(openai: OpenAIClients, source: Source) -> None:
    raw = openai.sync.chat.completions.with_raw_response.create(
        model=source.model("hello"), messages=ask("hi"), n=2, seed=7, logit_bias={"50256": -100}
    )
    notes = raw.headers.get("x-crawdad-notes", "")
    lost = {
        "chat": set(),
        "responses": {"several choices", "seed", "logit bias"},
        "anthropic": {"several choices", "seed", "logit bias"},
        "gemini": {"logit bias"},
        "ollama": {"several choices", "logit bias"},
    }[source.protocol]
    assert {name for name in ("several choices", "seed", "logit bias") if name in notes} == lost
    assert raw.headers["x-crawdad-model"] == source.model("hello")
    assert raw.headers["x-request-id"]


def test_a_long_answer_and_none_at_all(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.chat(mode, model=source.model("long"), messages=ask("hi"))
    assert (said(answer).content or "").count("All work and no play makes a dull day. ") == 200
    answer = openai.chat(mode, model=source.model("silent"), messages=ask("hi"))
    assert not said(answer).content
    assert answer.choices[0].finish_reason == "stop"


def test_an_error_of_the_upstream_keeps_its_words(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    with pytest.raises(NotFoundError, match=r"does not exist|not found") as caught:
        openai.chat(mode, model=source.other("davinci-002"), messages=ask("hi"))
    assert caught.value.request_id


def test_usage_comes_in_a_stream_only_when_asked_for(openai: OpenAIClients, source: Source) -> None:
    chunks = list(openai.sync.chat.completions.create(model=source.model("cached"), messages=ask("hi"), stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {source.model("cached")}
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"


def test_free_text_tools(openai: OpenAIClients, source: Source) -> None:
    tools: Any = [{"type": "custom", "custom": {"name": "apply_patch", "description": "Patch files."}}]
    messages = ask("patch it")
    answer = openai.sync.chat.completions.create(model=source.model("patch"), messages=messages, tools=tools)
    (call,) = said(answer).tool_calls or []
    assert call.type == "custom"
    assert call.custom.input == '*** Begin Patch\n*** Add File: a.txt\n+hi "there"\n*** End Patch'
    messages += [back(said(answer)), {"role": "tool", "tool_call_id": call.id, "content": "Done!"}]
    answer = openai.sync.chat.completions.create(model=source.model("patch"), messages=messages, tools=tools)
    assert said(answer).content == "Patched: Done!"


def test_forcing_and_forbidding_tools(openai: OpenAIClients, source: Source) -> None:
    def choice(wanted: Any) -> Any:
        openai.sync.chat.completions.create(
            model=source.model("weather"),
            messages=ask("hi"),
            tools=function_tools("get_weather", "get_time"),  # type: ignore[arg-type]
            tool_choice=wanted,
        )
        path = {"gemini": "toolConfig.functionCallingConfig"}.get(source.protocol, "tool_choice")
        return source.knob(**dict.fromkeys(("chat", "responses", "anthropic", "gemini", "ollama"), path))

    named = choice({"type": "function", "function": {"name": "get_time"}})
    required, none = choice("required"), choice("none")
    expected = {
        "chat": ({"type": "function", "function": {"name": "get_time"}}, "required", "none"),
        "responses": ({"type": "function", "name": "get_time"}, "required", "none"),
        "anthropic": ({"type": "tool", "name": "get_time"}, {"type": "any"}, {"type": "none"}),
        "gemini": ({"mode": "ANY", "allowedFunctionNames": ["get_time"]}, {"mode": "ANY"}, {"mode": "NONE"}),
        "ollama": (None, None, None),
    }[source.protocol]
    assert (named, required, none) == expected

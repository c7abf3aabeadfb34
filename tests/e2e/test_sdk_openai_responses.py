"""OpenAI's SDK, responses: a conversation with an upstream of every protocol, in every manner of asking."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai import BadRequestError, NotFoundError
from openai.types.responses import Response

from tests.e2e.material import (
    HELLO,
    PDF_URL,
    PNG_URL,
    SIGNATURES,
    TOOLS,
    Weather,
    opaque_values,
    schema_asked,
)
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import Source
from tests.support.upstreams.protocols import asked
from tests.support.upstreams.stories import tokens_of


def tools(*names: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "name": name,
            "description": TOOLS[name][0],
            "parameters": TOOLS[name][1],
            "strict": True,
        }
        for name in names
    ]


def back(response: Response) -> list[Any]:
    """The output as a client sends it back."""
    return [item.to_dict(mode="json") for item in response.output]


def result(call_id: str, output: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def test_text(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.response(mode, model=source.model("hello"), input="hi", metadata={"who": "me"})
    assert answer.output_text == HELLO
    assert (answer.status, answer.model) == ("completed", source.model("hello"))
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (25, 12, 37)
    assert answer.metadata == {"who": "me"}


def test_instructions_and_several_turns(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    conversation = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": [{"type": "input_text", "text": "three"}]},
    ]
    answer = openai.response(
        mode, model=source.model("echo"), input=conversation, instructions="Be brief.", max_output_tokens=77
    )
    assert answer.output_text == "three"
    assert source.heard.system == "Be brief."
    assert answer.instructions == "Be brief."
    assert answer.max_output_tokens == 77


def test_parallel_tools(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request = {"model": source.model("parallel"), "tools": tools("get_weather", "get_time"), "store": False}
    turn: list[Any] = [{"role": "user", "content": "weather?"}]
    first = openai.response(mode, input=turn, **request)
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, orjson.loads(call.arguments)) for call in calls] == [
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "北京"}),
        ("get_time", {}),
    ]
    assert len({call.call_id for call in calls}) == 3
    turn += back(first)
    turn += [result(call.call_id, text) for call, text in zip(calls, ("20", "30", "noon"), strict=True)]
    assert openai.response(mode, input=turn, **request).output_text == "Both said: 20 | 30 | noon"


def test_thinking_and_its_signatures_over_two_tool_rounds(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request = {
        "model": source.thinker("thinking-loop"),
        "tools": tools("list_files", "read_file"),
        "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    turn: list[Any] = [{"role": "user", "content": "read it"}]
    for thought in ("First the list.", "Now the file."):
        answer = openai.response(mode, input=turn, **request)
        reasoning, call = answer.output
        assert reasoning.type == "reasoning"
        assert "".join(part.text for part in reasoning.summary or reasoning.content or ()) == thought
        assert reasoning.encrypted_content
        assert answer.usage is not None
        reasoned = answer.usage.output_tokens_details.reasoning_tokens
        assert reasoned == (0 if source.protocol == "ollama" else 12)
        assert call.type == "function_call"
        turn += [*back(answer), result(call.call_id, f"after {thought}")]
    answer = openai.response(mode, input=turn, **request)
    assert answer.output_text == "Done after two tools: after First the list. | after Now the file."
    if source.protocol != "ollama":
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["thinking-loop"])


def test_pictures_by_data_and_address(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    content: list[Any] = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": PNG_URL, "detail": "auto"},
        {"type": "input_image", "image_url": source.picture_url, "detail": "low"},
    ]
    request: dict[str, Any] = {"model": source.model("sees"), "input": [{"role": "user", "content": content}]}
    assert openai.response(mode, **request).output_text.startswith("I see 2 image(s), 0 document(s)")


def test_a_picture_in_a_tool_result(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    model = source.model("sees")
    turn: list[Any] = [
        {"role": "user", "content": "look"},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        result("call_1", [{"type": "input_text", "text": "here"}, {"type": "input_image", "image_url": PNG_URL}]),
    ]
    assert openai.response(mode, model=model, input=turn).output_text.startswith("I see 1 image(s)")


def test_a_document(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    content = [
        {"type": "input_text", "text": "Sum it up."},
        {"type": "input_file", "filename": "a.pdf", "file_data": PDF_URL},
    ]
    request: dict[str, Any] = {"model": source.model("sees"), "input": [{"role": "user", "content": content}]}
    if source.protocol == "ollama":
        with pytest.raises(BadRequestError, match="documents"):
            openai.response(mode, **request)
        return
    assert openai.response(mode, **request).output_text.startswith("I see 0 image(s), 1 document(s)")


def test_structured_output(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    schema = {**Weather.model_json_schema(), "additionalProperties": False}
    text = {"format": {"type": "json_schema", "name": "weather", "schema": schema, "strict": True}}
    answer = openai.response(mode, model=source.model("structured"), input="hi", text=text)
    assert Weather.model_validate_json(answer.output_text) == Weather(city="Zürich", degrees=21)
    assert answer.text is not None
    assert answer.text.format is not None
    assert answer.text.format.type == "json_schema"
    assert schema_asked(source.protocol, source.last)["required"] == ["city", "degrees"]


def test_parsing_into_a_class(openai: OpenAIClients, source: Source) -> None:
    parsed = openai.sync.responses.parse(model=source.model("structured"), input="hi", text_format=Weather)
    assert parsed.output_parsed == Weather(city="Zürich", degrees=21)


def test_a_refusal(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.response(mode, model=source.model("refusal"), input="hi")
    (message,) = answer.output
    assert message.type == "message"
    (part,) = message.content
    words = "I cannot help with that."
    if source.protocol in ("chat", "responses"):
        assert part.type == "refusal"
        assert (part.refusal, answer.status) == (words, "completed")
        return
    assert part.type == "output_text"
    assert part.text == words
    assert answer.status == ("completed" if source.protocol == "ollama" else "incomplete")


STOPS = [
    ("cut-off", "This answer is too long to", "max_output_tokens"),
    ("stopped", "One, two, ", None),
    ("filtered", "As I was about to", "content_filter"),
]


@pytest.mark.parametrize(("story", "text", "reason"), STOPS)
def test_reasons_to_stop(
    openai: OpenAIClients, source: Source, mode: Mode, story: str, text: str, reason: str | None
) -> None:
    answer = openai.response(mode, model=source.model(story), input="hi")
    assert answer.output_text == text
    if source.protocol == "ollama" and story == "filtered":
        reason = None
    assert answer.status == ("incomplete" if reason else "completed")
    assert (answer.incomplete_details.reason if answer.incomplete_details else None) == reason


def test_cached_tokens(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    usage = openai.response(mode, model=source.model("cached"), input="hi").usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (5000, 5, 5005)
    assert usage.input_tokens_details.cached_tokens == (0 if source.protocol == "ollama" else 4000)


def test_log_probabilities(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    include = ["message.output_text.logprobs"]
    answer = openai.response(mode, model=source.model("hello"), input="hi", include=include, top_logprobs=2)
    (message,) = answer.output
    assert message.type == "message"
    (part,) = message.content
    assert part.type == "output_text"
    if source.protocol == "anthropic":
        assert not part.logprobs
        return
    told = [(token.token, token.logprob, [top.token for top in token.top_logprobs]) for token in part.logprobs or ()]
    assert told == [(token.text, token.logprob, [token.text, token.rival]) for token in tokens_of(HELLO)]


def test_a_drawn_picture(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    answer = openai.response(mode, model=source.model("painter"), input="draw")
    assert answer.output_text == "Here is a dot."
    drawn = [item.result for item in answer.output if item.type == "image_generation_call"]
    able = source.protocol in ("responses", "gemini")
    assert drawn == ([PNG_URL.partition(",")[2]] if able else [])


def test_free_text_tools(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request = {
        "model": source.model("patch"),
        "tools": [{"type": "custom", "name": "apply_patch", "description": "Patch files."}],
    }
    answer = openai.response(mode, input="patch it", **request)
    (call,) = answer.output
    assert call.type == "custom_tool_call"
    assert call.input == '*** Begin Patch\n*** Add File: a.txt\n+hi "there"\n*** End Patch'
    done = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "Done!"}
    turn = [{"role": "user", "content": "patch it"}, *back(answer), done]
    assert openai.response(mode, input=turn, **request).output_text == "Patched: Done!"


def test_tools_in_a_namespace(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    namespace = {
        "type": "namespace",
        "name": "disk",
        "description": "What is on the disk.",
        "tools": [{key: value for key, value in tools("read_file")[0].items()}],
    }
    answer = openai.response(mode, model=source.model("sees"), input="hi", tools=[namespace])
    ask = asked(source.last)
    assert ask is not None
    name = "disk" if source.protocol == "responses" else "disk__read_file"
    assert answer.output_text.endswith(f"these tools: {name}.") or source.protocol == "responses"
    assert answer.tools[0].type == "namespace"


def test_an_error_of_the_upstream_keeps_its_words(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    with pytest.raises(NotFoundError, match=r"does not exist|not found"):
        openai.response(mode, model=source.other("davinci-002"), input="hi")

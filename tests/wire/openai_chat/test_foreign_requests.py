"""Requests of other protocols, written as chat completions for different upstreams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
    CacheMarker,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice
from crawdad.wire.openai_chat import CODEC, NAME, PROFILES
from crawdad.wire.profile import Profile

OPENAI = PROFILES["openai"]


def foreign(*messages: Message, **fields: Any) -> ModelRequest:
    return ModelRequest("m", list(messages) or [Message("user", [TextPart("hi")])], protocol="anthropic", **fields)


def body(request: ModelRequest, profile: Profile = OPENAI) -> dict[str, Any]:
    return CODEC.write_request(request, profile).body


def user(*parts: Part) -> Message:
    return Message("user", list(parts))


def conversation() -> list[Message]:
    """Two parallel calls, whose results come late, out of order, one with an image, one an error."""
    return [
        user(TextPart("go")),
        Message("assistant", [ThinkingPart("hm", signature="sig", origin="anthropic"), TextPart("Calling.")]),
        Message("assistant", [ToolCallPart("a", "f", "{}")]),
        Message("assistant", [ToolCallPart("b", "g", ""), ToolCallPart("c", "g", "")]),
        user(TextPart("meanwhile")),
        Message(
            "tool",
            [
                ToolResultPart("b", [TextPart("boom")], is_error=True),
                ToolResultPart("a", [TextPart("see"), MediaPart("image", data="AAAA", media_type="image/png")]),
            ],
        ),
    ]


def test_results_stand_behind_their_calls() -> None:
    messages = body(foreign(*conversation()))["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "tool", "user", "user"]
    assistant, first, second, third, image, meanwhile = messages[1:]
    assert assistant["content"] == "Calling."
    assert [call["id"] for call in assistant["tool_calls"]] == ["a", "b", "c"]
    assert [call["function"]["arguments"] for call in assistant["tool_calls"]] == ["{}", "{}", "{}"]
    assert (first["tool_call_id"], first["content"]) == ("a", "see")
    assert (second["tool_call_id"], second["content"]) == ("b", "Error: boom")
    assert third["tool_call_id"] == "c"
    assert third["content"].startswith("Error")
    assert image["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert meanwhile["content"] == "meanwhile"
    assert "sig" not in str(messages)


@pytest.mark.parametrize("written", ["{not json", "[1]", '"text"', '{"a": 1}', ""])
def test_arguments_are_an_object_whatever_the_model_wrote(written: str) -> None:
    """Templates of local servers read them: one garbled call would keep a conversation from ever going on."""
    call = Message("assistant", [ToolCallPart("a", "f", written)])
    assistant = body(foreign(user(TextPart("go")), call))["messages"][1]
    said = assistant["tool_calls"][0]["function"]["arguments"]
    told: dict[str, Any] = {"{not json": {"raw_arguments": "{not json"}, "[1]": {"raw_arguments": "[1]"}}
    told |= {'{"a": 1}': {"a": 1}, "": {}, '"text"': {"raw_arguments": '"text"'}}
    assert orjson.loads(said) == told[written]


def test_foreign_thinking_is_noted() -> None:
    notes = CODEC.write_request(foreign(*conversation()), OPENAI).notes
    assert any("thinking of another vendor" in note for note in notes)


def test_images_stay_in_tool_results_where_they_may() -> None:
    messages = body(foreign(*conversation()), replace(OPENAI, tool_images=True))["messages"]
    assert [part["type"] for part in messages[2]["content"]] == ["text", "image_url"]


def test_a_result_of_only_an_image_says_where_it_is() -> None:
    call = Message("assistant", [ToolCallPart("a", "f", "{}")])
    result = Message("tool", [ToolResultPart("a", [MediaPart("image", url="https://example.org/a.png")])])
    tool, image = body(foreign(user(TextPart("x")), call, result))["messages"][2:]
    assert tool["content"]
    assert image["role"] == "user"


HISTORY = Message(
    "assistant",
    [
        ThinkingPart("thought", origin=NAME),
        ThinkingPart("", "c2ln", origin=NAME, extra={"type": "reasoning.text", "index": 1, "format": "x"}),
        TextPart("said"),
        ToolCallPart("a", "f", "{}"),
    ],
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai", {}),
        ("deepseek", {"reasoning_content": "thought"}),
        ("zai", {"reasoning_content": "thought"}),
        ("groq", {"reasoning": "thought"}),
        (
            "openrouter",
            {"reasoning_details": [{"type": "reasoning.text", "index": 1, "format": "x", "signature": "c2ln"}]},
        ),
    ],
)
def test_earlier_reasoning_goes_where_the_vendor_wants_it(name: str, expected: dict[str, Any]) -> None:
    assistant = body(foreign(user(TextPart("x")), HISTORY), PROFILES[name])["messages"][1]
    said = {key: value for key, value in assistant.items() if key.startswith("reasoning")}
    assert said == expected
    assert assistant["content"] == "said"


def test_mistral_gets_reasoning_as_content() -> None:
    assistant = body(foreign(user(TextPart("x")), HISTORY), PROFILES["mistral"])["messages"][1]
    assert assistant["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "thought"}]},
        {"type": "text", "text": "said"},
    ]


def test_deepseek_wants_the_field_even_if_nothing_is_known() -> None:
    history = Message("assistant", [ThinkingPart("x", "s", origin="anthropic"), ToolCallPart("a", "f", "{}")])
    assistant = body(foreign(user(TextPart("x")), history), PROFILES["deepseek"])["messages"][1]
    assert assistant["reasoning_content"] == ""


def test_ids_of_calls_fit_the_upstream() -> None:
    long = "toolu_" + "x" * 60
    messages = [user(TextPart("x")), Message("assistant", [ToolCallPart(long, "f", "{}")])]
    messages.append(Message("tool", [ToolResultPart(long, [TextPart("y")])]))
    for name, fits in (("openai", 37), ("mistral", 9)):
        written = body(foreign(*messages), PROFILES[name])["messages"]
        identifier = written[1]["tool_calls"][0]["id"]
        assert identifier == written[2]["tool_call_id"]
        assert len(identifier) == fits
    assert body(foreign(*messages), PROFILES["ollama"])["messages"][2]["tool_call_id"] == long


CUSTOM = Tool("patch", "applies", kind="custom", format={"type": "grammar", "syntax": "lark", "definition": "x"})


def test_custom_tools_become_functions_where_they_are_unknown() -> None:
    call = Message("assistant", [ToolCallPart("a", "patch", "*** Begin", custom=True)])
    request = foreign(user(TextPart("x")), call, tools=[CUSTOM], tool_choice=ToolChoice("named", ["patch"]))
    own = body(request)
    assert own["tools"][0]["custom"]["format"] == {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}
    assert own["messages"][1]["tool_calls"][0]["custom"] == {"name": "patch", "input": "*** Begin"}
    assert own["tool_choice"] == {"type": "custom", "custom": {"name": "patch"}}
    other = body(request, PROFILES["groq"])
    assert other["tools"][0]["function"]["parameters"]["required"] == ["input"]
    assert other["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"input":"*** Begin"}'
    assert other["tool_choice"] == {"type": "function", "function": {"name": "patch"}}


def test_namespaces_go_into_the_name() -> None:
    tools = [Tool("open", namespace="files"), Tool("web_search", kind="builtin", raw={"type": "web_search"})]
    call = Message("assistant", [ToolCallPart("a", "open", "{}", namespace="files")])
    written = CODEC.write_request(foreign(user(TextPart("x")), call, tools=tools), OPENAI)
    assert [tool["function"]["name"] for tool in written.body["tools"]] == ["files__open"]
    assert written.body["messages"][1]["tool_calls"][0]["function"]["name"] == "files__open"
    assert any("server-side tools" in note for note in written.notes)


def test_allowed_tools_cut_the_list_where_the_choice_is_unknown() -> None:
    tools = [Tool("a"), Tool("b")]
    request = foreign(tools=tools, tool_choice=ToolChoice("allowed", ["b"], required=True))
    assert body(request)["tool_choice"]["allowed_tools"]["tools"] == [{"type": "function", "function": {"name": "b"}}]
    cut = body(request, PROFILES["groq"])
    assert [tool["function"]["name"] for tool in cut["tools"]] == ["b"]
    assert cut["tool_choice"] == "required"


def test_knobs_of_tools_are_left_out_without_tools() -> None:
    written = body(foreign(tool_choice=ToolChoice("auto"), parallel_tool_calls=False))
    assert "tool_choice" not in written
    assert "parallel_tool_calls" not in written


@pytest.mark.parametrize(
    ("name", "reasoning", "expected"),
    [
        ("openai", Reasoning(effort="high"), {"reasoning_effort": "high"}),
        ("openai", Reasoning(budget=5000), {"reasoning_effort": "medium"}),
        ("openai", Reasoning(budget=0), {"reasoning_effort": "none"}),
        ("openai", Reasoning(adaptive=True), {}),
        ("groq", Reasoning(effort="max"), {"reasoning_effort": "high"}),
        ("deepseek", Reasoning(effort="medium"), {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("deepseek", Reasoning(effort="none"), {"thinking": {"type": "disabled"}}),
        ("zai", Reasoning(adaptive=True), {"thinking": {"type": "enabled"}}),
        ("qwen", Reasoning(budget=2000), {"enable_thinking": True, "thinking_budget": 2000}),
        ("qwen", Reasoning(effort="none"), {"enable_thinking": False}),
        (
            "openrouter",
            Reasoning(budget=2000, include_thoughts=False),
            {"reasoning": {"max_tokens": 2000, "exclude": True}},
        ),
        ("openrouter", Reasoning(effort="low", summary="auto"), {"reasoning": {"effort": "low", "summary": "auto"}}),
        ("vllm", Reasoning(effort="none"), {"chat_template_kwargs": {"enable_thinking": False}}),
        ("xai", Reasoning(effort="none"), {"reasoning_effort": "none"}),
    ],
)
def test_reasoning_in_the_upstreams_words(name: str, reasoning: Reasoning, expected: dict[str, Any]) -> None:
    written = body(foreign(reasoning=reasoning), PROFILES[name])
    keys = ("reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget", "chat_template_kwargs")
    assert {key: written[key] for key in keys if key in written} == expected


def test_a_clients_own_switch_is_translated_for_another_vendor() -> None:
    openrouter = {"model": "m", "messages": [{"role": "user", "content": "x"}], "reasoning": {"effort": "low"}}
    request = CODEC.read_request(openrouter)
    assert body(request, PROFILES["openrouter"])["reasoning"] == {"effort": "low"}
    written = body(request)
    assert "reasoning" not in written
    assert written["reasoning_effort"] == "low"


def test_schemas_become_words_where_they_must() -> None:
    form = ResponseFormat("schema", {"type": "object"}, strict=True)
    assert body(foreign(response_format=form))["response_format"]["json_schema"] == {
        "name": "response",
        "schema": {"type": "object"},
        "strict": True,
    }
    system = Message("system", [TextPart("Be brief.")])
    written = body(foreign(system, user(TextPart("x")), response_format=form), PROFILES["deepseek"])
    assert written["response_format"] == {"type": "json_object"}
    assert [message["role"] for message in written["messages"]] == ["system", "system", "user"]
    assert '{"type":"object"}' in written["messages"][1]["content"]


def test_what_the_upstream_rejects_is_left_out_and_noted() -> None:
    request = foreign(verbosity="low", cache_key="k", user="u", sampling=Sampling(max_tokens=5, seed=3, top_k=4))
    written = CODEC.write_request(request, PROFILES["mistral"])
    assert written.body["max_tokens"] == 5
    assert written.body["random_seed"] == 3
    assert not {"verbosity", "prompt_cache_key", "user", "seed", "top_k"} & written.body.keys()
    assert len([note for note in written.notes if "dropped" in note]) == 4


def test_developers_are_system_where_the_role_is_unknown() -> None:
    request = foreign(Message("developer", [TextPart("x")], name="n"))
    assert body(request)["messages"][0] == {"role": "developer", "content": "x", "name": "n"}
    assert body(request, PROFILES["groq"])["messages"][0] == {"role": "system", "content": "x"}


def test_cache_markers_go_where_they_are_understood() -> None:
    request = foreign(user(TextPart("x", cache=CacheMarker("1h"))), tools=[Tool("f", cache=CacheMarker())])
    written = body(request, PROFILES["openrouter"])
    assert written["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert written["tools"][0]["cache_control"] == {"type": "ephemeral"}
    plain = CODEC.write_request(request, OPENAI)
    assert plain.body["messages"][0]["content"] == "x"
    assert any("cache markers" in note for note in plain.notes)


DOCUMENT = MediaPart("document", url="https://example.org/a.pdf")


@pytest.mark.parametrize(
    ("part", "profile"),
    [
        (DOCUMENT, OPENAI),
        (MediaPart("image", file_id="f"), OPENAI),
        (MediaPart("video", data="AA"), OPENAI),
        (MediaPart("audio", url="https://example.org/a.mp3"), OPENAI),
        (MediaPart("audio", data="AA"), PROFILES["groq"]),
        (MediaPart("document", data="AA"), PROFILES["deepseek"]),
    ],
)
def test_content_that_cannot_be_said_is_a_clear_400(part: Part, profile: Profile) -> None:
    with pytest.raises(GatewayError) as caught:
        body(foreign(user(part)), profile)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_documents_in_each_vendors_form() -> None:
    data = MediaPart("document", data="AAAA", media_type="application/pdf", name="a.pdf")
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}
    assert body(foreign(user(data)))["messages"][0]["content"] == [{"type": "file", "file": file}]
    by_url = body(foreign(user(DOCUMENT)), PROFILES["openrouter"])["messages"][0]["content"][0]
    assert by_url["file"]["file_data"] == DOCUMENT.url
    by_url = body(foreign(user(DOCUMENT)), PROFILES["mistral"])["messages"][0]["content"][0]
    assert by_url == {"type": "document_url", "document_url": DOCUMENT.url}
    text = MediaPart("document", text="Lorem", name="a.txt")
    assert body(foreign(user(text)))["messages"][0]["content"] == "a.txt\n\nLorem"


def test_opaque_items_of_others_are_told_by_their_text_alone() -> None:
    parts = [OpaquePart("anthropic", "server_tool_use", {"x": 1}, "searched"), OpaquePart("anthropic", "y", {"z": 1})]
    history = Message("assistant", [*parts, RefusalPart("no")])
    assistant = body(foreign(user(TextPart("x")), history))["messages"][1]
    assert assistant == {"role": "assistant", "content": "searched", "refusal": "no"}


def test_a_turn_of_nothing_but_foreign_thinking_is_left_out() -> None:
    history = Message("assistant", [ThinkingPart("x", "s", origin="anthropic")])
    messages = body(foreign(user(TextPart("x")), history, user(TextPart("y"))))["messages"]
    assert [message["content"] for message in messages] == ["x", "y"]


def test_texts_are_joined_where_lists_are_unknown() -> None:
    request = foreign(user(TextPart("a"), TextPart("b")))
    assert body(request)["messages"][0]["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert body(request, PROFILES["deepseek"])["messages"][0]["content"] == "a\nb"


def test_the_path() -> None:
    assert CODEC.path("m", True) == "/chat/completions"


def test_results_without_a_call_are_told_in_words() -> None:
    results = [ToolResultPart("c1", [TextPart("a")]), ToolResultPart("c1", [TextPart("again")])]
    called = Message("assistant", [ToolCallPart("c1", "f", "{}")])
    forgotten = Message("tool", [ToolResultPart("c9", [TextPart("b")])])
    messages = body(foreign(user(TextPart("go")), called, Message("tool", [*results]), forgotten))["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user", "user"]
    assert [part["text"] for part in messages[3]["content"]] == ["Result of tool call c1:", "again"]
    assert [part["text"] for part in messages[4]["content"]] == ["Result of tool call c9:", "b"]

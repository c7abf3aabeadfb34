"""Requests of other protocols, written so that the vendor takes them: conversation, tools, knobs, and notes on losses."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
    CacheMarker,
    MediaPart,
    Message,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice
from crawdad.wire.anthropic import CODEC
from crawdad.wire.anthropic.conversation import NO_RESULT
from crawdad.wire.profile import DEFAULT, Profile

BUDGETS = Profile(name="budgets", adaptive_thinking=False)


def ask(*messages: Message, **fields: Any) -> ModelRequest:
    return ModelRequest("claude", list(messages) or [user("hi")], protocol="openai-chat", **fields)


def write(request: ModelRequest, profile: Profile = DEFAULT) -> tuple[dict[str, Any], list[str]]:
    written = CODEC.write_request(request, profile)
    return written.body, written.notes


def user(*parts: Any) -> Message:
    return Message("user", [TextPart(part) if isinstance(part, str) else part for part in parts])


def assistant(*parts: Any) -> Message:
    return Message("assistant", [TextPart(part) if isinstance(part, str) else part for part in parts])


def call(call_id: str = "c1", name: str = "look", arguments: str = "{}") -> ToolCallPart:
    return ToolCallPart(call_id, name, arguments)


def result(call_id: str = "c1", *content: Any) -> Message:
    parts = [TextPart(item) if isinstance(item, str) else item for item in content]
    return Message("tool", [ToolResultPart(call_id, list(parts))])


def shape(body: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(message["role"], [block["type"] for block in message["content"]]) for message in body["messages"]]


def text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def test_the_version_goes_in_a_header() -> None:
    assert CODEC.write_request(ask(), DEFAULT).headers == {"anthropic-version": "2023-06-01"}


# The conversation


def test_instructions_move_into_system_and_late_ones_are_noted() -> None:
    body, notes = write(ask(Message("developer", [TextPart("a")]), user("hi"), Message("system", [TextPart("b")])))
    assert body["system"] == [text("a"), text("b")]
    assert body["messages"] == [{"role": "user", "content": [text("hi")]}]
    assert any("mid-conversation" in note for note in notes)


def test_instructions_alone_become_the_question() -> None:
    body, _ = write(ask(Message("system", [TextPart("Say hi.")])))
    assert body["messages"] == [{"role": "user", "content": [text("Say hi.")]}] and "system" not in body


def test_nothing_at_all_is_a_clear_error() -> None:
    with pytest.raises(GatewayError, match="messages"):
        write(ask(user("  ")))


def test_roles_alternate_and_the_user_begins() -> None:
    body, _ = write(ask(assistant("one"), assistant("two"), user("three"), user("four"), assistant("")))
    assert shape(body) == [("user", ["text"]), ("assistant", ["text", "text"]), ("user", ["text", "text"])]


def test_white_space_is_left_out_and_does_not_hang_from_the_end() -> None:
    body, _ = write(ask(user("a", " \n"), assistant("begin: ")))
    assert body["messages"][0]["content"] == [text("a")]
    assert body["messages"][1]["content"] == [text("begin:")]


def test_results_follow_their_calls_wherever_the_client_put_them() -> None:
    body, _ = write(
        ask(user("go"), assistant(call("a"), call("b")), user("wait"), result("b", "B"), user("and"), result("a", "A"))
    )
    assert shape(body) == [
        ("user", ["text"]),
        ("assistant", ["tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result", "text", "text"]),
    ]
    answers = body["messages"][2]["content"]
    assert [(block["tool_use_id"], block["content"][0]["text"]) for block in answers[:2]] == [("a", "A"), ("b", "B")]


def test_calls_in_separate_messages_are_one_turn() -> None:
    body, _ = write(ask(user("go"), assistant(call("a")), assistant(call("b")), result("a", "A"), result("b", "B")))
    assert shape(body)[1:] == [("assistant", ["tool_use", "tool_use"]), ("user", ["tool_result", "tool_result"])]


def test_a_call_without_result_gets_one_that_says_so() -> None:
    body, _ = write(ask(user("go"), assistant(call("a")), user("never mind")))
    answer = body["messages"][2]["content"][0]
    assert answer == {"type": "tool_result", "tool_use_id": "a", "content": [text(NO_RESULT)], "is_error": True}


def test_a_result_without_call_is_told_as_text() -> None:
    body, _ = write(ask(user("go"), result("gone", "42")))
    assert shape(body) == [("user", ["text", "text", "text"])]
    assert body["messages"][0]["content"][2] == text("42")


def test_ids_used_again_or_missing_stay_paired() -> None:
    body, _ = write(
        ask(
            user("go"),
            assistant(call("x")),
            result("x", "1"),
            assistant(call("x"), call("")),
            result("x", "2"),
            result("", "3"),
        )
    )
    calls = [block for message in body["messages"] for block in message["content"] if block["type"] == "tool_use"]
    results = [block for message in body["messages"] for block in message["content"] if block["type"] == "tool_result"]
    assert len({block["id"] for block in calls}) == 3
    assert [block["tool_use_id"] for block in results] == [block["id"] for block in calls]
    assert [block["content"][0]["text"] for block in results] == ["1", "2", "3"]


def test_pictures_of_the_assistant_are_shown_by_the_user() -> None:
    body, _ = write(ask(user("draw"), assistant("here", MediaPart("image", data="aGk=")), user("nice")))
    assert shape(body) == [("user", ["text"]), ("assistant", ["text"]), ("user", ["image", "text"])]


def test_content_of_every_kind() -> None:
    body, _ = write(
        ask(
            user(
                MediaPart("image", data="aGk=", media_type="image/webp", cache=CacheMarker("1h")),
                MediaPart("image", url="https://a.example/i.png", detail="high"),
                MediaPart("document", data="JVBERi0=", media_type="application/pdf", name="r.pdf"),
                MediaPart("document", data=base64.b64encode(b"a,b").decode(), media_type="text/csv"),
                MediaPart("document", url="https://a.example/r.pdf"),
                MediaPart("document", text="plain"),
                RefusalPart("no"),
                OpaquePart("gemini", "code", {}, "print(1)"),
                OpaquePart("gemini", "mystery", {}),
            )
        )
    )
    assert body["messages"][0]["content"] == [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/webp", "data": "aGk="},
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        },
        {"type": "image", "source": {"type": "url", "url": "https://a.example/i.png"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            "title": "r.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}},
        {"type": "document", "source": {"type": "url", "url": "https://a.example/r.pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
        text("no"),
        text("print(1)"),
    ]


@pytest.mark.parametrize(
    "part",
    [
        MediaPart("audio", data="aGk=", media_type="audio/wav"),
        MediaPart("video", url="https://a.example/v.mp4"),
        MediaPart("image", file_id="file-1"),
        MediaPart("document", file_id="file-1"),
        MediaPart("document", data="aGk=", media_type="application/msword"),
        MediaPart("document", data="/w==", media_type="text/plain"),
    ],
)
def test_content_that_cannot_be_said_is_a_clear_error(part: MediaPart) -> None:
    with pytest.raises(GatewayError) as raised:
        write(ask(user("hi", part)))
    assert raised.value.kind is ErrorKind.BAD_REQUEST and raised.value.details["code"] == "unsupported_content"


def test_tool_results_carry_pictures_and_errors() -> None:
    failed = Message("tool", [ToolResultPart("a", [TextPart("no"), MediaPart("image", data="aGk=")], is_error=True)])
    body, _ = write(ask(user("go"), assistant(call("a")), failed))
    block = body["messages"][2]["content"][0]
    assert block["is_error"] is True and [item["type"] for item in block["content"]] == ["text", "image"]


def test_thinking_of_this_vendor_goes_back_and_comes_first_and_other_thinking_is_left_out() -> None:
    own = ThinkingPart("hm", "sig", origin=CODEC.name)
    veiled = ThinkingPart(encrypted="data", redacted=True, origin=CODEC.name)
    other = ThinkingPart("hm", encrypted="enc", origin="openai-responses")
    body, notes = write(ask(user("go"), assistant("so", own, veiled, other, call()), result("c1", "x")))
    assert body["messages"][1]["content"][:2] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
    ]
    assert [block["type"] for block in body["messages"][1]["content"][2:]] == ["text", "tool_use"]
    assert any(note.startswith("thinking of another vendor") for note in notes)


# Tools


def test_tools_of_every_kind() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    tools = [
        Tool("look", "Looks.", {"properties": {}}),
        Tool("exact", parameters=schema, strict=True),
        Tool("patch", "Patches.", kind="custom", format={"type": "grammar", "definition": "start: /x/"}),
        Tool("read", namespace="files", parameters=schema),
        Tool("fs.list", parameters=None),
        Tool("web_search", kind="builtin", raw={"type": "web_search"}),
    ]
    body, notes = write(ask(tools=tools))
    loose, exact, patch, read, listing = body["tools"]
    assert loose == {
        "name": "look",
        "description": "Looks.",
        "input_schema": {"type": "object", "properties": {}},
    }
    assert exact["strict"] is True and exact["input_schema"]["additionalProperties"] is False
    assert exact["input_schema"]["properties"]["n"] == {"type": "integer", "description": "{minimum: 1}"}
    assert patch["input_schema"]["required"] == ["input"] and "start: /x/" in patch["description"]
    assert read["name"] == "files__read" and read["input_schema"] == schema
    assert listing["name"] == "fs_cx2e_list" and listing["input_schema"] == {"type": "object", "properties": {}}
    assert any("server-side tools: dropped" in note for note in notes)


def test_a_name_of_our_spelling_comes_back_as_the_clients() -> None:
    body = {"content": [{"type": "tool_use", "id": "t", "name": "fs_cx2e_list", "input": {}}]}
    part = CODEC.read_response(body, DEFAULT)[1].part  # type: ignore[union-attr]
    assert part.name == "fs.list"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("named", ["b"]), None, {"type": "tool", "name": "b"}),
        (ToolChoice("named", ["ns__c"]), None, {"type": "tool", "name": "ns__c"}),
        (ToolChoice("named", ["web"]), None, {"type": "auto"}),
    ],
)
def test_tool_choice(choice: ToolChoice | None, parallel: bool | None, written: Any) -> None:
    tools = [Tool("a"), Tool("b"), Tool("c", namespace="ns"), Tool("web", kind="builtin", raw={})]
    body, _ = write(ask(tools=tools, tool_choice=choice, parallel_tool_calls=parallel))
    assert body.get("tool_choice") == written


def test_allowed_tools_are_the_only_ones_declared() -> None:
    choice = ToolChoice("allowed", ["b"], required=True)
    body, notes = write(ask(tools=[Tool("a"), Tool("b")], tool_choice=choice))
    assert [tool["name"] for tool in body["tools"]] == ["b"] and body["tool_choice"] == {"type": "any"}
    assert notes == []


def test_a_choice_without_tools_is_left_out() -> None:
    assert "tool_choice" not in write(ask(tool_choice=ToolChoice("required")))[0]


# Knobs


def test_knobs_within_the_vendors_limits() -> None:
    sampling = Sampling(temperature=1.7, top_k=5, stop=["END", "\n"], seed=1, n=2, logprobs=True, presence_penalty=1)
    body, notes = write(ask(sampling=sampling, user="u1", metadata={"a": "b"}, service_tier="default", stream=True))
    assert body["temperature"] == 1 and body["top_k"] == 5 and body["stop_sequences"] == ["END"]
    assert body["metadata"] == {"user_id": "u1"} and body["service_tier"] == "standard_only" and body["stream"] is True
    assert body["max_tokens"] == DEFAULT.default_max_tokens
    for word in ("temperature: approximated", "stop sequences: dropped", "seed: dropped", "several choices: dropped"):
        assert any(note.startswith(word) for note in notes), word


def test_temperature_goes_before_top_p() -> None:
    body, notes = write(ask(sampling=Sampling(temperature=0.5, top_p=0.9)))
    assert body["temperature"] == 0.5 and "top_p" not in body and any(note.startswith("top_p") for note in notes)
    assert write(ask(sampling=Sampling(top_p=0.9)))[0]["top_p"] == 0.9


def test_fields_that_an_upstream_rejects_are_dropped() -> None:
    profile = Profile(name="picky", drop_fields=frozenset({"temperature", "nothing"}))
    body, notes = write(ask(sampling=Sampling(temperature=0.5)), profile)
    assert "temperature" not in body and notes == ["temperature: dropped, picky rejects it (anthropic-messages)"]


@pytest.mark.parametrize(
    ("reasoning", "thinking", "effort"),
    [
        (Reasoning("none"), {"type": "disabled"}, None),
        (Reasoning(budget=0), {"type": "disabled"}, None),
        (Reasoning("minimal"), {"type": "adaptive"}, "low"),
        (Reasoning("high"), {"type": "adaptive"}, "high"),
        (Reasoning("max", summary="auto"), {"type": "adaptive", "display": "summarized"}, "max"),
        (Reasoning(budget=8000, include_thoughts=False), {"type": "adaptive", "display": "omitted"}, "medium"),
        (Reasoning(budget=-1), {"type": "adaptive"}, None),
        (Reasoning(budget=10**6), {"type": "adaptive"}, "max"),
        (Reasoning(summary="auto"), None, None),
    ],
)
def test_thinking_for_models_that_decide_themselves(reasoning: Reasoning, thinking: Any, effort: str | None) -> None:
    body, _ = write(ask(reasoning=reasoning))
    assert body.get("thinking") == thinking
    assert body.get("output_config") == (None if effort is None else {"effort": effort})


@pytest.mark.parametrize(
    ("reasoning", "limit", "budget", "max_tokens"),
    [
        (Reasoning("low"), 4096, 2048, 4096),
        (Reasoning("high"), 4096, 16384, 16384 + 4096),
        (Reasoning("high"), None, 16384, 16384 + 8192),
        (Reasoning(budget=5), 4096, 1024, 4096),
        (Reasoning(budget=4096), 4096, 4096, 8192),
        (Reasoning(budget=-1), 50_000, 16384, 50_000),
    ],
)
def test_thinking_for_models_with_a_budget(
    reasoning: Reasoning, limit: int | None, budget: int, max_tokens: int
) -> None:
    body, _ = write(ask(reasoning=reasoning, sampling=Sampling(max_tokens=limit)), BUDGETS)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["max_tokens"] == max_tokens and "output_config" not in body


@pytest.mark.parametrize("profile", [DEFAULT, BUDGETS])
def test_thinking_leaves_no_room_for_other_knobs(profile: Profile) -> None:
    sampling = Sampling(temperature=0.2, top_p=0.5, top_k=3)
    choice = ToolChoice("named", ["a"])
    body, notes = write(
        ask(
            reasoning=Reasoning("low"),
            sampling=sampling,
            tools=[Tool("a")],
            tool_choice=choice,
            parallel_tool_calls=False,
        ),
        profile,
    )
    assert not body.keys() & {"temperature", "top_p", "top_k"}
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    for word in ("temperature", "top_p", "top_k", "forcing one tool"):
        assert any(note.startswith(f"{word}: dropped") for note in notes), word
    kept, _ = write(ask(reasoning=Reasoning("low"), sampling=Sampling(temperature=1, top_p=0.97)), profile)
    assert kept["top_p"] == 0.97


def test_a_budget_is_not_asked_for_where_the_turn_began_without_thinking() -> None:
    loop = [user("go"), assistant(call()), result("c1", "x")]
    body, notes = write(ask(*loop, reasoning=Reasoning("low")), BUDGETS)
    assert "thinking" not in body and any("began without thinking" in note for note in notes)
    thought = [user("go"), assistant(ThinkingPart("hm", "sig", origin=CODEC.name), call()), result("c1", "x")]
    assert "thinking" in write(ask(*thought, reasoning=Reasoning("low")), BUDGETS)[0]
    assert "thinking" in write(ask(*loop, reasoning=Reasoning("low")), DEFAULT)[0]
    assert "thinking" in write(ask(*loop, assistant("done"), user("more"), reasoning=Reasoning("low")), BUDGETS)[0]


# Structured output


def test_json_is_asked_for_in_words() -> None:
    body, notes = write(
        ask(Message("system", [TextPart("Be brief.")]), user("hi"), response_format=ResponseFormat("json"))
    )
    assert body["system"][0] == text("Be brief.") and "JSON" in body["system"][1]["text"]
    assert any(note.startswith("JSON output: approximated") for note in notes)


def test_a_schema_is_enforced_with_its_constraints_as_description() -> None:
    schema = {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 0, "description": "In years."},
            "tags": {"type": "array", "items": {"type": "string", "format": "color"}, "minItems": 3},
            "kind": {"oneOf": [{"const": "a"}, {"$ref": "#/$defs/other"}]},
        },
        "required": ["age"],
        "$defs": {"other": {"enum": ["b", None]}},
    }
    body, notes = write(ask(response_format=ResponseFormat("schema", schema, "person", strict=True)))
    written = body["output_config"]["format"]["schema"]
    assert body["output_config"]["format"]["type"] == "json_schema" and notes == []
    assert written["additionalProperties"] is False and written["required"] == ["age"]
    assert written["properties"]["age"] == {"type": "integer", "description": "In years.\n\n{minimum: 0}"}
    assert written["properties"]["tags"]["description"] == "{minItems: 3}"
    assert written["properties"]["tags"]["items"] == {"type": "string", "description": '{format: "color"}'}
    assert written["properties"]["kind"] == {"anyOf": [{"const": "a"}, {"$ref": "#/$defs/other"}]}


NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"$ref": "https://a.example/schema"},
        {"$ref": "#"},
        {"type": "array", "items": True},
    ],
)
def test_a_schema_that_cannot_be_enforced_is_asked_for_in_words(schema: dict[str, Any]) -> None:
    body, notes = write(ask(response_format=ResponseFormat("schema", schema)))
    assert "output_config" not in body and '"' in body["system"][0]["text"]
    assert any(note.startswith("JSON-schema output: approximated") for note in notes)
    strict, _ = write(ask(tools=[Tool("t", parameters={"type": "object", "properties": {"x": schema}}, strict=True)]))
    assert "strict" not in strict["tools"][0]


def test_an_upstream_without_schemas_is_asked_in_words() -> None:
    output = ResponseFormat("schema", {"type": "object", "properties": {}})
    body, _ = write(ask(response_format=output), Profile(json_schema=False))
    assert "output_config" not in body and "JSON Schema" in body["system"][0]["text"]

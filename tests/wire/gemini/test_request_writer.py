"""Requests of other protocols as Google wants them."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
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
from crawdad.wire.gemini import GEMINI
from crawdad.wire.gemini.part_writer import SKIP_SIGNATURE
from crawdad.wire.profile import DEFAULT, Profile
from tests.wire.gemini.support import GEMINI3, LEGACY

WEATHER = Tool("weather", "w", {"type": "object", "properties": {"city": {"type": "string"}}})


def _user(*parts: Part) -> Message:
    return Message("user", list(parts) or [TextPart("hi")])


def _request(*messages: Message, **fields: Any) -> ModelRequest:
    return ModelRequest("m", list(messages) or [_user()], protocol="openai-chat", **fields)


def _body(request: ModelRequest, profile: Profile = DEFAULT) -> dict[str, Any]:
    body = GEMINI.write_request(request, profile).body
    for content in body["contents"]:
        types.Content.model_validate(content)  # forbids what Google does not know
    return body


def _contents(*messages: Message, profile: Profile = DEFAULT) -> list[Any]:
    contents: list[Any] = _body(_request(*messages), profile)["contents"]
    return contents


def test_instructions() -> None:
    body = _body(
        _request(
            Message("system", [TextPart("a")]),
            Message("developer", [TextPart("b")]),
            _user(),
            Message("system", [TextPart("later")]),
        )
    )
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert body["contents"][1] == {"role": "user", "parts": [{"text": "later"}]}
    notes = GEMINI.write_request(_request(_user(), Message("system", [TextPart("x")])), DEFAULT).notes
    assert any("mid-conversation" in note for note in notes)


def test_instructions_alone_are_said_by_the_user() -> None:
    body = _body(_request(Message("system", [TextPart("a")])))
    assert body == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}


def test_a_tool_loop() -> None:
    contents = _contents(
        _user(),
        Message("assistant", [TextPart("let me see"), ToolCallPart("1", "weather", '{"city":"SF"}')]),
        Message("assistant", [ToolCallPart("2", "clock", "")]),
        Message("tool", [ToolResultPart("2", [TextPart("noon")])]),
        Message("tool", [ToolResultPart("1", [TextPart("broken")], is_error=True)]),
        Message("assistant", [TextPart("done")]),
    )
    assert contents[1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "let me see"},
                {"functionCall": {"id": "1", "name": "weather", "args": {"city": "SF"}}},
                {"functionCall": {"id": "2", "name": "clock", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "1", "name": "weather", "response": {"error": "broken"}}},
                {"functionResponse": {"id": "2", "name": "clock", "response": {"result": "noon"}}},
            ],
        },
        {"role": "model", "parts": [{"text": "done"}]},
    ]


def test_results_stand_directly_behind_their_calls_whatever_came_between() -> None:
    contents = _contents(
        _user(),
        Message("assistant", [ToolCallPart("1", "f", "{}"), ToolCallPart("2", "f", "{}")]),
        _user(TextPart("hurry")),
        Message("tool", [ToolResultPart("2", [TextPart("two")])]),
        _user(TextPart("well?")),
    )
    responses = contents[2]["parts"]
    assert [part["functionResponse"]["id"] for part in responses] == ["1", "2"]
    assert "error" in responses[0]["functionResponse"]["response"]
    assert [content["parts"][0].get("text") for content in contents[3:]] == ["hurry", "well?"]


def test_calls_without_answers_at_the_end_stay_alone() -> None:
    assert len(_contents(_user(), Message("assistant", [ToolCallPart("1", "f", "{}")]))) == 2


def test_a_result_without_its_call_is_told_in_words() -> None:
    contents = _contents(_user(), Message("tool", [ToolResultPart("9", [TextPart("x")], name="f")]))
    assert contents[1] == {"role": "user", "parts": [{"text": "Result of tool call 9:"}, {"text": "x"}]}


def test_a_second_result_of_the_same_call_is_told_in_words() -> None:
    contents = _contents(
        _user(),
        Message("assistant", [ToolCallPart("1", "f", "{}")]),
        Message("tool", [ToolResultPart("1", [TextPart("x")]), ToolResultPart("1", [TextPart("y")])]),
    )
    assert contents[2]["parts"][0]["functionResponse"]["response"] == {"result": "x"}
    assert contents[3]["parts"] == [{"text": "Result of tool call 1:"}, {"text": "y"}]


def test_the_user_begins() -> None:
    contents = _contents(Message("assistant", [TextPart("hello")]), _user())
    assert [content["role"] for content in contents] == ["user", "model", "user"]


def test_gemini_3_gets_the_skip_sentinel_on_the_first_unsigned_call_of_each_step() -> None:
    messages = (
        _user(),
        Message("assistant", [ToolCallPart("1", "f", "{}"), ToolCallPart("2", "f", "{}")]),
        Message("tool", [ToolResultPart("1", []), ToolResultPart("2", [])]),
        Message("assistant", [ToolCallPart("3", "f", "{}", signature="U0lH", origin="gemini")]),
        Message("tool", [ToolResultPart("3", [])]),
        Message("assistant", [ToolCallPart("4", "f", "{}", signature="xxxx", origin="anthropic")]),
        Message("tool", [ToolResultPart("4", [])]),
    )
    signatures = [
        part.get("thoughtSignature")
        for content in _contents(*messages, profile=GEMINI3)
        for part in content["parts"]
        if "functionCall" in part
    ]
    assert signatures == [SKIP_SIGNATURE, None, "U0lH", SKIP_SIGNATURE]
    assert "thoughtSignature" not in _contents(*messages)[1]["parts"][0]


def test_own_thoughts_go_back_and_foreign_ones_are_left_out_with_a_note() -> None:
    request = _request(
        _user(),
        Message(
            "assistant",
            [
                ThinkingPart("mine", signature="c2ln", origin="gemini"),
                ThinkingPart("theirs", signature="s", origin="anthropic"),
                TextPart("so"),
            ],
        ),
    )
    written = GEMINI.write_request(request, DEFAULT)
    assert written.body["contents"][1]["parts"] == [
        {"text": "mine", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "so"},
    ]
    assert any("thinking of another vendor" in note for note in written.notes)


def test_a_turn_with_nothing_left_is_left_out() -> None:
    assert len(_contents(_user(), Message("assistant", [ThinkingPart("x", origin="anthropic")]), _user())) == 2


def test_media() -> None:
    parts = _contents(
        _user(
            MediaPart("image", data="AA", media_type="image/png", name="n"),
            MediaPart("image", url="https://x/y.webp"),
            MediaPart("document", url="https://x/y"),
            MediaPart("document", text="é", media_type="text/markdown"),
            MediaPart("audio", data="BBBB", media_type="audio/wav"),
            MediaPart("video", url="https://x/v.webm"),
        )
    )[0]["parts"]
    assert parts == [
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        {"fileData": {"mimeType": "image/webp", "fileUri": "https://x/y.webp"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x/y"}},
        {"inlineData": {"mimeType": "text/markdown", "data": "w6k="}},
        {"inlineData": {"mimeType": "audio/wav", "data": "BBBB"}},
        {"fileData": {"mimeType": "video/webm", "fileUri": "https://x/v.webm"}},
    ]


@pytest.mark.parametrize("kind", ["image", "document", "audio", "video"])
def test_files_of_other_vendors_are_refused(kind: Any) -> None:
    with pytest.raises(GatewayError) as caught:
        _body(_request(_user(MediaPart(kind, file_id="file-1"))))
    assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_pictures_in_tool_results() -> None:
    messages = (
        _user(),
        Message("assistant", [ToolCallPart("1", "f", "{}")]),
        Message(
            "tool", [ToolResultPart("1", [TextPart("see"), MediaPart("image", data="AA", media_type="image/png")])]
        ),
    )
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA"}}
    response = {"id": "1", "name": "f", "response": {"result": "see"}}
    assert _contents(*messages)[2]["parts"] == [{"functionResponse": response}, picture]
    assert _contents(*messages, profile=GEMINI3)[2]["parts"] == [{"functionResponse": {**response, "parts": [picture]}}]


def test_the_rest_of_the_history() -> None:
    contents = _contents(
        Message(
            "assistant",
            [
                RefusalPart("no"),
                OpaquePart("anthropic", "server_tool_use", {"x": 1}),
                OpaquePart("anthropic", "code", {}, text="as text"),
                OpaquePart("gemini", "executableCode", {"executableCode": {"code": "1"}}),
                TextPart(""),
            ],
        )
    )
    assert contents[1]["parts"] == [{"text": "no"}, {"text": "as text"}, {"executableCode": {"code": "1"}}]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("", {}), ("  ", {}), ('{"a":1}', {"a": 1}), ("[1]", {"input": "[1]"}), ('{"a":', {"input": '{"a":'})],
)
def test_arguments_are_always_an_object(arguments: str, expected: Any) -> None:
    contents = _contents(_user(), Message("assistant", [ToolCallPart("1", "f", arguments)]))
    assert contents[1]["parts"][0]["functionCall"]["args"] == expected


def test_free_text_tools_become_functions_with_one_input() -> None:
    tool = Tool("patch", "p", kind="custom", format={"type": "grammar", "syntax": "lark", "definition": "start: x"})
    body = _body(
        _request(
            _user(),
            Message("assistant", [ToolCallPart("1", "patch", "*** {free", custom=True)]),
            Message("tool", [ToolResultPart("1", [TextPart("ok")], custom=True)]),
            tools=[tool],
        )
    )
    schema = body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
    assert schema["required"] == ["input"]
    assert "lark grammar:\nstart: x" in schema["properties"]["input"]["description"]
    assert body["contents"][1]["parts"][0]["functionCall"]["args"] == {"input": "*** {free"}


def test_names_google_would_reject() -> None:
    tools = [Tool("get", namespace="mail"), Tool("2nd tool/é"), Tool("fine.name:x-1")]
    body = _body(
        _request(
            _user(),
            Message("assistant", [ToolCallPart("1", "get", "{}", namespace="mail")]),
            tools=tools,
            tool_choice=ToolChoice("allowed", ["get", "2nd tool/é"]),
        )
    )
    names = [declaration["name"] for declaration in body["tools"][0]["functionDeclarations"]]
    assert names == ["mail__get", "_cd:2nd:20tool:2f:c3:a9", "fine.name:x-1"]
    assert body["contents"][1]["parts"][0]["functionCall"]["name"] == "mail__get"
    assert body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] == names[:2]
    with pytest.raises(GatewayError, match="bad_request"):
        _body(_request(tools=[Tool("x" * 129)]))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", ["weather"]), {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
        (ToolChoice("allowed", ["weather"], required=True), {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
        (ToolChoice("allowed", ["weather"]), {"mode": "VALIDATED", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_tool_choices(choice: ToolChoice, expected: Any) -> None:
    body = _body(_request(tools=[WEATHER], tool_choice=choice))
    assert body["toolConfig"]["functionCallingConfig"] == expected
    assert "toolConfig" not in _body(_request(tool_choice=choice))


def test_builtin_tools_of_others_are_left_out() -> None:
    builtin = Tool("web_search", kind="builtin", raw={"type": "web_search"})
    written = GEMINI.write_request(_request(tools=[builtin, WEATHER]), DEFAULT)
    assert len(written.body["tools"]) == 1
    assert written.notes == ["server-side tools: dropped (gemini)"]


@pytest.mark.parametrize(
    ("reasoning", "old", "new"),
    [
        (Reasoning(effort="none"), {"thinkingBudget": 0}, {"thinkingLevel": "LOW"}),
        (
            Reasoning(effort="minimal"),
            {"thinkingBudget": 512, "includeThoughts": True},
            {"thinkingLevel": "LOW", "includeThoughts": True},
        ),
        (
            Reasoning(effort="high", summary="none"),
            {"thinkingBudget": 24576},
            {"thinkingLevel": "HIGH"},
        ),
        (
            Reasoning(budget=32000),
            {"thinkingBudget": 24576, "includeThoughts": True},
            {"thinkingLevel": "HIGH", "includeThoughts": True},
        ),
        (
            Reasoning(budget=1024, include_thoughts=False),
            {"thinkingBudget": 1024},
            {"thinkingLevel": "LOW"},
        ),
        (Reasoning(adaptive=True), {"thinkingBudget": -1, "includeThoughts": True}, {"includeThoughts": True}),
        (Reasoning(budget=0), {"thinkingBudget": 0}, {"thinkingLevel": "LOW"}),
        (Reasoning(budget=-1), {"thinkingBudget": -1, "includeThoughts": True}, {"includeThoughts": True}),
    ],
)
def test_thinking(reasoning: Reasoning, old: Any, new: Any) -> None:
    assert _body(_request(reasoning=reasoning))["generationConfig"]["thinkingConfig"] == old
    assert _body(_request(reasoning=reasoning), GEMINI3)["generationConfig"]["thinkingConfig"] == new


@pytest.mark.parametrize(
    ("names", "effort", "level"),
    [
        (("MINIMAL", "LOW", "MEDIUM", "HIGH"), "none", "MINIMAL"),
        (("LOW", "HIGH"), "minimal", "LOW"),
        (("LOW", "HIGH"), "medium", "HIGH"),
        (("LOW",), "high", "LOW"),
        (("LOW", "MEDIUM", "HIGH"), "max", "HIGH"),
        (("LOW", "MEDIUM", "HIGH"), "unheard of", None),
    ],
)
def test_levels_a_model_lacks(names: tuple[str, ...], effort: str, level: str | None) -> None:
    profile = Profile(thinking_levels=True, thinking_level_names=names)
    config = _body(_request(reasoning=Reasoning(effort=effort)), profile)["generationConfig"]["thinkingConfig"]
    assert config.get("thinkingLevel") == level


def test_output_formats() -> None:
    schema = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "additionalProperties": False}
    wanted = ResponseFormat("schema", schema, "name", strict=True)
    assert _body(_request(response_format=wanted))["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": schema,
    }
    assert _body(_request(response_format=wanted), LEGACY)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}},
    }
    assert _body(_request(response_format=ResponseFormat("json")))["generationConfig"] == {
        "responseMimeType": "application/json"
    }


def test_legacy_models_get_reduced_tools() -> None:
    tools = [WEATHER, Tool("nothing", parameters={"type": "object", "properties": {}})]
    declarations = _body(_request(tools=tools), LEGACY)["tools"][0]["functionDeclarations"]
    assert declarations[0]["parameters"] == {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}
    assert declarations[1] == {"name": "nothing"}


def test_knobs_and_notes() -> None:
    sampling = Sampling(0.5, 0.9, 40, 100, ["x"], 7, 0.1, 0.2, 1, True, 3, {"50256": -100})
    written = GEMINI.write_request(
        _request(
            sampling=sampling,
            modalities=["text", "image"],
            service_tier="default",
            user="u",
            metadata={"a": "b"},
            verbosity="low",
            parallel_tool_calls=False,
            extra={"unknown": 1},
        ),
        DEFAULT,
    )
    assert written.body["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "maxOutputTokens": 100,
        "stopSequences": ["x"],
        "seed": 7,
        "frequencyPenalty": 0.1,
        "presencePenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
        "responseModalities": ["TEXT", "IMAGE"],
    }
    assert written.body["serviceTier"] == "standard"
    dropped = {note.partition(":")[0] for note in written.notes}
    assert dropped == {
        "logit bias",
        "end-user id",
        "metadata",
        "verbosity",
        "switching parallel tool calls",
        "fields only the client's protocol knows",
    }


def test_unknown_service_tiers_and_rejected_fields_are_noted() -> None:
    assert GEMINI.write_request(_request(service_tier="scale"), DEFAULT).notes == ["service tier: dropped (gemini)"]
    strict = Profile(name="strict", drop_fields=frozenset({"serviceTier", "labels"}))
    written = GEMINI.write_request(_request(service_tier="flex"), strict)
    assert "serviceTier" not in written.body
    assert written.notes == ["serviceTier: dropped (strict)"]


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-3-pro", "/models/gemini-3-pro:generateContent"),
        ("models/gemini-3-pro", "/models/gemini-3-pro:generateContent"),
        ("tunedModels/mine-1", "/tunedModels/mine-1:generateContent"),
        ("gemini@001", "/models/gemini@001:generateContent"),
        ("a/../b?x=1#y\r\nHost: z", "/models/a%2F..%2Fb%3Fx%3D1%23y%0D%0AHost%3A%20z:generateContent"),
        ("é", "/models/%C3%A9:generateContent"),
    ],
)
def test_paths(model: str, path: str) -> None:
    assert GEMINI.path(model, False) == path
    assert GEMINI.path(model, True) == path.replace("generateContent", "streamGenerateContent?alt=sse")

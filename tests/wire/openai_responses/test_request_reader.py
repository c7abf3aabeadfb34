"""Requests, read: every form that clients send, what it means, and the field that an error names."""

from __future__ import annotations

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.wire.openai_responses import CODEC
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import DEFAULT
from tests.wire.openai_responses.speech import request, round_trip

ITEMS: list[JsonObject] = [
    {"role": "user", "content": "short"},
    {"type": "message", "role": "user", "content": "with a type"},
    {"type": "message", "id": "msg_1", "role": "developer", "content": [{"type": "input_text", "text": "be brief"}]},
    {"role": "system", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
    {"role": "user", "content": []},
    {"role": "assistant", "content": ""},
    {"role": "assistant", "content": [], "type": "message", "id": "msg_2", "status": "completed"},
    {"role": "assistant", "content": "spoken", "phase": "commentary"},
    {
        "type": "message",
        "role": "assistant",
        "id": "msg_3",
        "status": "completed",
        "phase": "final_answer",
        "content": [
            {
                "type": "output_text",
                "text": "Paris",
                "annotations": [
                    {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 5}
                ],
                "logprobs": [{"token": "Paris", "logprob": -0.5, "bytes": [80], "top_logprobs": []}],
            },
            {"type": "refusal", "refusal": "no more"},
        ],
    },
    {"role": "user", "content": [{"type": "input_image", "image_url": "https://a.example/i.png", "detail": "high"}]},
    {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
    {"role": "user", "content": [{"type": "input_image", "file_id": "file-1", "detail": "original"}]},
    {"role": "user", "content": [{"type": "input_file", "file_id": "file-2"}]},
    {"role": "user", "content": [{"type": "input_file", "file_url": "https://a.example/d.pdf", "detail": "low"}]},
    {
        "role": "user",
        "content": [
            {"type": "input_file", "filename": "d.pdf", "file_data": "data:application/pdf;base64,JVBE"},
            {"type": "input_file", "filename": "d.csv", "file_data": "YSxi"},
        ],
    },
    {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}]},
    {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}}]},
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
            {"type": "input_hologram", "data": {"what": "ever"}},
        ],
    },
    {"role": "assistant", "content": [{"type": "output_text", "text": "see"}, {"type": "output_sketch", "of": 1}]},
    {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"},
    {"type": "function_call", "call_id": "c2", "name": "f", "namespace": "n", "arguments": "", "status": None},
    {"type": "function_call_output", "call_id": "c1", "output": "done", "id": "fco_1", "status": "completed"},
    {"type": "function_call_output", "call_id": "c2", "output": ""},
    {
        "type": "function_call_output",
        "call_id": "c3",
        "name": "f",
        "output": [
            {"type": "input_text", "text": "look"},
            {"type": "input_image", "image_url": "data:image/jpeg;base64,BBBB"},
            {"type": "input_file", "file_id": "file-3"},
        ],
    },
    {"type": "function_call_output", "call_id": "c4", "output": [{"type": "input_text", "text": "alone"}]},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c5", "name": "apply_patch", "input": "*** Begin Patch"},
    {"type": "custom_tool_call_output", "call_id": "c5", "output": "Done!"},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA+/="},
    {"type": "reasoning", "id": "rs_2", "summary": [], "content": None, "encrypted_content": None},
    {
        "type": "reasoning",
        "id": "rs_3",
        "status": "completed",
        "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
        "content": [{"type": "reasoning_text", "text": "in full"}],
    },
    {"type": "item_reference", "id": "msg_9"},
    {"id": "msg_10"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["q"], "results": None},
    {
        "type": "computer_call",
        "id": "cu_1",
        "call_id": "c6",
        "status": "completed",
        "pending_safety_checks": [],
        "action": {"type": "screenshot"},
    },
    {
        "type": "computer_call_output",
        "call_id": "c6",
        "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,CCCC"},
    },
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "code": "1+1",
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": "2"}],
        "status": "completed",
    },
    {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "iVBO", "output_format": "webp"},
    {"type": "image_generation_call", "id": "ig_2", "status": "generating", "result": None},
    {
        "type": "local_shell_call",
        "id": "lsh_1",
        "call_id": "c7",
        "status": "completed",
        "action": {"type": "exec", "command": ["ls"], "env": {}},
    },
    {"type": "local_shell_call_output", "id": "c7", "output": "{}"},
    {"type": "shell_call", "call_id": "c8", "action": {"commands": ["ls"]}, "status": "completed"},
    {"type": "shell_call_output", "call_id": "c8", "output": []},
    {
        "type": "apply_patch_call",
        "call_id": "c9",
        "status": "completed",
        "operation": {"type": "delete_file", "path": "x"},
    },
    {"type": "apply_patch_call_output", "call_id": "c9", "status": "completed"},
    {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": []},
    {"type": "mcp_approval_request", "id": "mcpr_1", "arguments": "{}", "name": "t", "server_label": "s"},
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    {"type": "mcp_call", "id": "mcp_1", "arguments": "{}", "name": "t", "server_label": "s", "output": "o"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "gBBBB"},
    {"type": "tool_search_call", "call_id": None, "execution": "server", "arguments": {}, "status": "completed"},
    {"type": "tool_search_output", "call_id": None, "execution": "server", "status": "completed", "tools": []},
    {"type": "something_new", "payload": {"deep": [1, 2, {"x": None}]}},
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item.get("type") or item.get("role") or "bare"))
def test_every_item_goes_back_as_it_came(item: JsonObject) -> None:
    body = {"model": "m", "input": [item]}
    assert round_trip(body) == body


def test_a_whole_conversation_goes_back_as_it_came() -> None:
    body = {"model": "m", "input": ITEMS + ITEMS}
    assert round_trip(body) == body


def test_items_of_the_model_become_one_message_and_outputs_another() -> None:
    asked = request(
        input=[
            {"role": "user", "content": "weather in two cities?"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"role": "assistant", "content": "Let me look."},
            {"type": "function_call", "call_id": "a", "name": "weather", "arguments": '{"city":"A"}'},
            {"type": "function_call", "call_id": "b", "name": "weather", "arguments": '{"city":"B"}'},
            {"type": "function_call_output", "call_id": "a", "output": "sun"},
            {"type": "function_call_output", "call_id": "b", "output": "rain"},
        ]
    )
    assert [message.role for message in asked.messages] == ["user", "assistant", "tool"]
    thinking, text, first, second = asked.messages[1].parts
    assert isinstance(thinking, ThinkingPart) and thinking.text == "hm" and thinking.summary
    assert isinstance(text, TextPart) and text.text == "Let me look."
    assert isinstance(first, ToolCallPart) and (first.id, first.arguments) == ("a", '{"city":"A"}')
    assert isinstance(second, ToolCallPart) and second.id == "b"
    assert [part.call_id for part in asked.messages[2].parts if isinstance(part, ToolResultPart)] == ["a", "b"]


def test_two_messages_of_the_assistant_stay_two() -> None:
    items = [{"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two", "phase": "final_answer"}]
    assert len(request(input=items).messages) == 1
    assert round_trip({"model": "m", "input": items})["input"] == items


def test_content_means_what_it_says() -> None:
    image, file, bare, audio = (
        request(
            input=[
                {
                    "role": "user",
                    "content": [
                        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
                        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
                        {"type": "input_file", "filename": "a.csv", "file_data": "YSxi"},
                        {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}},
                    ],
                }
            ]
        )
        .messages[0]
        .parts
    )
    assert isinstance(image, MediaPart)
    assert (image.kind, image.media_type, image.data, image.detail) == ("image", "image/png", "AAAA", "low")
    assert isinstance(file, MediaPart)
    assert (file.kind, file.media_type, file.data, file.name) == ("document", "application/pdf", "JVBE", "a.pdf")
    assert isinstance(bare, MediaPart) and (bare.media_type, bare.data) == ("text/csv", "YSxi")
    assert isinstance(audio, MediaPart) and (audio.kind, audio.media_type) == ("audio", "audio/mpeg")


def test_cache_breakpoints_are_markers_elsewhere() -> None:
    content = [
        {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_text", "text": "b", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
        {"type": "input_text", "text": "c"},
    ]
    parts = request(input=[{"role": "user", "content": content}]).messages[0].parts
    markers = [part.cache for part in parts if isinstance(part, TextPart)]
    assert [marker and marker.ttl for marker in markers] == [None, "1h", None]
    assert [marker is None for marker in markers] == [False, False, True]


def test_annotations_and_refusals_in_the_history() -> None:
    annotation = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 1, "end_index": 4}
    parts = (
        request(
            input=[
                {
                    "role": "assistant",
                    "content": [
                        {"type": "output_text", "text": "text", "annotations": [annotation]},
                        {"type": "refusal", "refusal": "no"},
                    ],
                }
            ]
        )
        .messages[0]
        .parts
    )
    assert isinstance(parts[0], TextPart) and isinstance(parts[1], RefusalPart)
    citation = parts[0].citations[0]
    assert (citation.kind, citation.url, citation.title, citation.start, citation.end) == (
        "url",
        "https://a.example",
        "A",
        1,
        4,
    )


def test_a_picture_made_by_a_tool_is_a_picture() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "iVBO"}
    part = request(input=[item]).messages[0].parts[0]
    assert isinstance(part, MediaPart)
    assert (part.kind, part.data, part.media_type) == ("image", "iVBO", "image/png")


@pytest.mark.parametrize(
    ("item", "kind", "text"),
    [
        ({"type": "web_search_call", "id": "ws"}, "web_search_call", None),
        ({"id": "msg_1"}, "item_reference", None),
        ({"role": "assistant", "content": [{"type": "output_text", "text": "t"}, {"type": "new"}]}, "message", "t"),
    ],
)
def test_what_has_no_place_is_opaque(item: JsonObject, kind: str, text: str | None) -> None:
    part = request(input=[item]).messages[0].parts[0]
    assert part == OpaquePart(NAME, kind, item, text)


def test_knobs() -> None:
    asked = request(
        instructions="Be brief.",
        temperature=0.5,
        top_p=0.9,
        max_output_tokens=100,
        top_logprobs=3,
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        reasoning={"effort": "high", "summary": "detailed", "mode": "pro"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
        service_tier="flex",
        metadata={"a": "b"},
        prompt_cache_key="key",
        store=False,
        stream=True,
        parallel_tool_calls=False,
        safety_identifier="person",
        background=True,
        truncation="auto",
        max_tool_calls=2,
        client_metadata={"x": "y"},
    )
    system = asked.messages[0]
    assert (system.role, system.extra) == ("system", {"top_level": True})
    sampling, reasoning, wanted = asked.sampling, asked.reasoning, asked.response_format
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0.5, 0.9, 100)
    assert (sampling.logprobs, sampling.top_logprobs) == (True, 3)
    assert reasoning is not None and (reasoning.effort, reasoning.summary) == ("high", "detailed")
    assert wanted is not None and (wanted.kind, wanted.name, wanted.strict) == ("schema", "n", True)
    assert (asked.service_tier, asked.metadata, asked.cache_key, asked.store) == ("flex", {"a": "b"}, "key", False)
    assert (asked.stream, asked.parallel_tool_calls, asked.user) == (True, False, "person")
    assert set(asked.extra) == {
        "include",
        "safety_identifier",
        "background",
        "truncation",
        "max_tool_calls",
        "client_metadata",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"text": {"verbosity": "low"}},
        {"text": {"format": {"type": "text"}}},
        {"text": {"format": {"type": "json_object"}, "verbosity": "high"}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "description": "d", "new": 1}}},
        {"text": {"format": {"type": "haiku", "syllables": 17}, "tone": "dry"}},
        {"reasoning": {"effort": "xhigh", "generate_summary": "concise", "context": "all_turns"}},
        {"reasoning": {"effort": None, "summary": None}},
        {"reasoning": {}},
        {"prompt": {"id": "pmpt_1", "variables": {"a": "b"}}},
        {"conversation": "conv_1"},
        {"conversation": {"id": "conv_1"}},
        {"previous_response_id": "resp_1", "store": True},
        {"user": "someone", "safety_identifier": "someone else"},
        {"presence_penalty": 0.5, "frequency_penalty": 0.25},
        {"stream": True, "stream_options": {"include_obfuscation": False}},
        {"prompt_cache_retention": "24h", "prompt_cache_options": {"mode": "explicit"}},
        {"include": ["reasoning.encrypted_content"], "truncation": "auto", "max_tool_calls": 3, "background": True},
        {"tool_choice": {"type": "mcp", "server_label": "s", "name": "t"}},
        {"something_new": {"nested": [1]}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_every_field_goes_back_as_it_came(fields: JsonObject) -> None:
    body = {"model": "m", "input": "hi", **fields}
    assert round_trip(body) == body


def test_the_input_may_be_left_out_where_something_else_says_it() -> None:
    for fields in ({"previous_response_id": "resp_1"}, {"conversation": "c"}, {"prompt": {"id": "p"}}):
        body: JsonObject = {"model": "m", **fields}
        assert round_trip(body) == body


def test_an_input_string_that_got_company_becomes_a_message() -> None:
    asked = request(input="and now?")
    asked.messages = request(input=[{"role": "user", "content": "before"}]).messages + asked.messages
    items = CODEC.write_request(asked, DEFAULT).body["input"]
    assert items == [
        {"role": "user", "content": "before"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and now?"}]},
    ]


def test_lenient_forms() -> None:
    """What clients of other habits send means the same, and goes out in the protocol's own form."""
    body = {
        "model": "m",
        "input": {
            "role": "user",
            "content": [
                "words",
                {"type": "text", "text": "t"},
                {"type": "image_url", "image_url": {"url": "https://a.example/i.png", "detail": "low"}},
            ],
        },
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}, {"name": "g"}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "text": {"format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
    }
    out = round_trip(body)
    assert out["input"] == [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "words"},
                {"type": "input_text", "text": "t"},
                {"type": "input_image", "image_url": "https://a.example/i.png", "detail": "low"},
            ],
        }
    ]
    assert out["tools"] == [{"type": "function", "name": "f", "parameters": {}}, {"type": "function", "name": "g"}]
    assert out["tool_choice"] == {"type": "function", "name": "f"}
    assert out["text"] == {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}


def test_early_command_line_clients_wrap_tool_output() -> None:
    output = {"content": "no such file", "success": False}
    item = {"type": "function_call_output", "call_id": "c", "output": output}
    part = request(input=[item]).messages[0].parts[0]
    assert isinstance(part, ToolResultPart)
    assert part.is_error and part.content == [TextPart("no such file")]
    assert round_trip({"model": "m", "input": [item]})["input"] == [item]


def test_arguments_given_as_an_object_become_text() -> None:
    item = {"type": "function_call", "call_id": "c", "name": "f", "arguments": {"a": 1}}
    part = request(input=[item]).messages[0].parts[0]
    assert isinstance(part, ToolCallPart) and part.arguments == '{"a":1}'


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": 3}, "model"),
        ({"model": "m"}, "input"),
        ({"model": "m", "input": 7}, "input"),
        ({"model": "m", "input": [7]}, "input[0]"),
        ({"model": "m", "input": [{}]}, "input[0].type"),
        ({"model": "m", "input": [{"type": 1}]}, "input[0].type"),
        ({"model": "m", "input": [{"role": "king", "content": ""}]}, "input[0].role"),
        ({"model": "m", "input": [{"role": "user", "content": 1}]}, "input[0].content"),
        ({"model": "m", "input": [{"role": "user", "content": [{}]}]}, "input[0].content[0].type"),
        ({"model": "m", "input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        (
            {"model": "m", "input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "input[0].content[0].image_url",
        ),
        (
            {"model": "m", "input": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
            "input[0].content[0].input_audio.format",
        ),
        ({"model": "m", "input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
        ({"model": "m", "input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
        ({"model": "m", "input": [{"type": "reasoning", "summary": [{}]}]}, "input[0].summary[0].text"),
        ({"model": "m", "input": "", "tools": {}}, "tools"),
        ({"model": "m", "input": "", "tools": [{}]}, "tools[0].type"),
        ({"model": "m", "input": "", "tools": [{"type": "function"}]}, "tools[0].name"),
        (
            {"model": "m", "input": "", "tools": [{"type": "namespace", "name": "n", "tools": [{"type": "custom"}]}]},
            "tools[0].tools[0].name",
        ),
        ({"model": "m", "input": "", "tool_choice": "perhaps"}, "tool_choice"),
        ({"model": "m", "input": "", "tool_choice": {"type": "allowed_tools"}}, "tool_choice.tools"),
        ({"model": "m", "input": "", "temperature": "hot"}, "temperature"),
        ({"model": "m", "input": "", "reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"model": "m", "input": "", "text": {"format": {}}}, "text.format.type"),
        ({"model": "m", "input": "", "text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        ({"model": "m", "input": "", "max_output_tokens": 1.5}, "max_output_tokens"),
        ({"model": "m", "input": "", "include": "all"}, "include"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_name_the_field(body: JsonObject, param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        CODEC.read_request(body)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.details["param"] == param
    status, answer = CODEC.write_error(caught.value)
    assert status == 400 and answer["error"]["param"] == param


def test_model_and_stream_may_be_given_from_outside() -> None:
    asked = CODEC.read_request({"input": "x", "stream": False}, model="other", stream=True)
    assert (asked.model, asked.stream) == ("other", True)

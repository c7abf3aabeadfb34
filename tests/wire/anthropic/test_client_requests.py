"""What clients of this protocol send: everything is kept for the same protocol, and understood for the others."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import CacheMarker, MediaPart, OpaquePart, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.request import ModelRequest, Reasoning
from crawdad.wire.anthropic import CODEC
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.seals import seal_id


def body(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "claude", "max_tokens": 100, "messages": list(messages) or [user("hi")], **fields}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": [said(block) for block in blocks]}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [said(block) for block in blocks]}


def said(block: Any) -> Any:
    return {"type": "text", "text": block} if isinstance(block, str) else block


def read(raw: dict[str, Any]) -> ModelRequest:
    return CODEC.read_request(raw)


def again(raw: dict[str, Any], profile: Profile = DEFAULT) -> dict[str, Any]:
    return CODEC.write_request(read(raw), profile).body


EVERYTHING = body(
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [said("ok")], "is_error": True, "toolset_name": "x"},
            {"type": "tool_result", "tool_use_id": "t2", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {
                "type": "tool_result",
                "tool_use_id": "t3",
                "content": [
                    {"type": "search_result", "source": "s", "title": "t", "content": [said("found")]},
                    {"type": "tool_reference", "tool_name": "look"},
                    {"type": "image", "source": {"type": "file", "file_id": "f"}, "transformations": {"a": 1}},
                    {"type": "document", "source": {"type": "url", "url": "https://a.example"}, "context": "c"},
                ],
            },
            {"type": "text", "text": "and", "cache_control": {"type": "ephemeral", "scope": "global"}, "new": 1},
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "d"},
                "title": "T",
                "citations": {"enabled": True},
            },
            {"type": "document", "source": {"type": "content", "content": [said("chunk")]}, "title": "T"},
            {"type": "image", "source": {"type": "carrier_pigeon", "loft": 7}},
            {"type": "container_upload", "file_id": "f"},
            {"type": "never_heard_of", "deep": {"er": [1]}},
        ],
    },
    assistant(
        {"type": "thinking", "thinking": "hm", "signature": "sig", "extra": 1},
        {"type": "redacted_thinking", "data": "xyz"},
        {
            "type": "text",
            "text": "see",
            "citations": [
                {"type": "char_location", "cited_text": "d", "document_index": 0, "document_title": "T",
                 "start_char_index": 0, "end_char_index": 1},
                {"type": "web_search_result_location", "cited_text": "c", "url": "https://a.example", "title": None,
                 "encrypted_index": "opaque"},
            ],
        },
        {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "srv", "content": [{"type": "web_search_result"}]},
        {"type": "mcp_tool_use", "id": "m", "name": "n", "server_name": "s", "input": {}},
        {"type": "mcp_tool_result", "tool_use_id": "m", "content": "x", "is_error": False},
        {"type": "compaction", "content": "so far"},
        {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}},
        {"type": "tool_result", "tool_use_id": "odd"},
        {"type": "tool_use", "id": "t9", "name": "look", "input": {"a": [1, 2.5, "é"]}, "caller": {"type": "direct"}},
    ),
    {"role": "system", "content": [said("mind"), {"type": "tool_addition", "tool": {}}], "clear_at": "never"},
    system=[{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}],
    tools=[
        {"name": "look", "description": "d", "input_schema": {"type": "object"}, "strict": False, "defer_loading": True,
         "input_examples": [{}], "eager_input_streaming": True, "cache_control": {"type": "ephemeral"}},
        {"type": "custom", "name": "two", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "cache_control": {"type": "ephemeral"}},
        {"type": "mcp_toolset", "mcp_server_name": "s"},
    ],
    tool_choice={"type": "tool", "name": "web_search", "disable_parallel_tool_use": False, "new": 1},
    thinking={"type": "enabled", "budget_tokens": 10, "display": "omitted", "block_binding": {"x": 1}},
    output_config={"effort": "xhigh", "format": {"type": "json_schema", "schema": {"a": 1}}, "task_budget": {"t": 1}},
    metadata={"user_id": "u", "more": 1},
    temperature=0.3, top_p=0.9, top_k=4, stop_sequences=["\n"], service_tier="standard_only", stream=True,
    context_management={"edits": []}, container={"id": "c"}, mcp_servers=[{"name": "s"}], betas=["b"], speed="fast",
    inference_geo="eu", never_heard_of=[1],
)  # fmt: skip


def test_everything_comes_back_as_it_was_sent() -> None:
    written = CODEC.write_request(read(EVERYTHING), DEFAULT)
    assert written.notes == [] and written.body == EVERYTHING


@pytest.mark.parametrize("older", [{"type": "json_schema", "schema": {"x": 1}}, {"type": "riddle"}])
def test_the_older_spelling_of_output_formats_is_kept(older: dict[str, Any]) -> None:
    raw = body(output_format=older)
    assert again(raw) == raw
    assert (read(raw).response_format is not None) == (older["type"] == "json_schema")


def test_a_format_of_tomorrow_is_kept() -> None:
    raw = body(output_config={"format": {"type": "grammar", "grammar": "x"}})
    assert again(raw) == raw and read(raw).response_format is None


@pytest.mark.parametrize("choice", [{"type": "auto"}, {"type": "any"}, {"type": "none"}, {"type": "oracle", "x": 1}])
def test_every_tool_choice_comes_back(choice: dict[str, Any]) -> None:
    raw = body(tools=[{"name": "t", "input_schema": {}}], tool_choice=choice)
    assert again(raw) == raw


def test_what_others_need_to_know_is_understood() -> None:
    request = read(EVERYTHING)
    assert [message.role for message in request.messages] == ["system", "tool", "user", "assistant", "system"]
    assert request.messages[0].parts[0] == TextPart("S", cache=CacheMarker())
    first, _, third = request.messages[1].parts
    assert isinstance(first, ToolResultPart) and first.is_error and first.content == [TextPart("ok")]
    assert isinstance(third, ToolResultPart)
    assert [getattr(part, "text", None) for part in third.content[:2]] == ["t\ns\nfound", "look"]
    document = request.messages[2].parts[1]
    assert isinstance(document, MediaPart) and (document.text, document.name) == ("d", "T")
    thinking, veiled = request.messages[3].parts[:2]
    assert isinstance(thinking, ThinkingPart) and thinking.signature == "sig" and thinking.origin == CODEC.name
    assert isinstance(veiled, ThinkingPart) and veiled.redacted and veiled.encrypted == "xyz"
    compaction = next(
        part for part in request.messages[3].parts if isinstance(part, OpaquePart) and part.kind == "compaction"
    )
    assert compaction.text == "so far"
    call = request.messages[3].parts[-1]
    assert isinstance(call, ToolCallPart) and call.arguments == '{"a":[1,2.5,"é"]}'
    assert request.tool_choice is not None and request.tool_choice.names == ["web_search_20250305"]
    assert request.parallel_tool_calls is True and request.user == "u" and request.metadata == {"more": 1}
    assert request.reasoning is not None and request.reasoning.budget == 10 and request.reasoning.effort == "xhigh"
    assert request.response_format is not None and request.response_format.schema == {"a": 1}
    assert [tool.kind for tool in request.tools] == ["function", "function", "builtin", "builtin"]


@pytest.mark.parametrize(
    ("thinking", "off", "adaptive", "shown"),
    [
        ({"type": "disabled"}, True, False, None),
        ({"type": "adaptive"}, False, True, True),
        ({"type": "adaptive", "display": "summarized"}, False, True, True),
        ({"type": "adaptive", "display": "omitted"}, False, True, False),
        ({"type": "between_tools"}, False, True, True),
        ({"type": "enabled", "budget_tokens": 2000}, False, False, True),
    ],
)
def test_every_kind_of_thinking(thinking: dict[str, Any], off: bool, adaptive: bool, shown: bool | None) -> None:
    raw = body(thinking=thinking)
    reasoning = read(raw).reasoning
    assert reasoning is not None
    assert (reasoning.off, reasoning.adaptive, reasoning.include_thoughts) == (off, adaptive, shown)
    assert again(raw) == raw


def test_thinking_that_was_changed_is_written_anew() -> None:
    request = read(body(thinking={"type": "enabled", "budget_tokens": 2000}))
    assert request.reasoning is not None
    request.reasoning.budget = 0
    assert CODEC.write_request(request, DEFAULT).body["thinking"] == {"type": "disabled"}
    request.reasoning = Reasoning("high")
    assert CODEC.write_request(request, DEFAULT).body["output_config"] == {"effort": "high"}


def test_an_upstream_that_cannot_adapt_gets_a_budget() -> None:
    raw = body(thinking={"type": "adaptive"}, output_config={"effort": "low"})
    written = again(raw, Profile(adaptive_thinking=False))
    assert written["thinking"] == {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}
    assert written["max_tokens"] == 2148 and "output_config" not in written


def test_a_signature_in_a_call_id_is_restored_on_call_and_result() -> None:
    sealed = seal_id("call_1", "gemini", "c2ln")
    request = read(
        body(
            user("go"),
            assistant({"type": "tool_use", "id": sealed, "name": "look", "input": {}}),
            user({"type": "tool_result", "tool_use_id": sealed, "content": "x"}),
        )
    )
    call, result = request.messages[1].parts[0], request.messages[2].parts[0]
    assert isinstance(call, ToolCallPart) and isinstance(result, ToolResultPart)
    assert (call.id, call.signature, call.origin) == ("call_1", "c2ln", "gemini")
    assert result.call_id == "call_1"


def test_model_and_stream_may_be_given_from_outside() -> None:
    request = CODEC.read_request({"messages": []}, model="m", stream=True)
    assert (request.model, request.stream, request.sampling.max_tokens) == ("m", True, None)
    assert CODEC.write_request(request, DEFAULT).body["max_tokens"] == DEFAULT.default_max_tokens


def test_marks_of_our_own_cannot_be_sent() -> None:
    request = read(body(user("a") | {"top_level": True}, user("b") | {"continued": True}))
    assert [message.extra for message in request.messages] == [{}, {}]


DEEP: Any = []
for _ in range(300):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ({"model": "m"}, "messages"),
        ({"messages": []}, "model"),
        (body("hi"), "messages[0]"),  # type: ignore[arg-type]
        (body({"role": "robot", "content": "x"}), "messages[0].role"),
        (body({"role": "user", "content": 7}), "messages[0].content"),
        (body(user("a"), assistant({"text": "x"})), "messages[1].content[0].type"),
        (body(user({"type": "text"})), "messages[0].content[0].text"),
        (body(user({"type": "image"})), "messages[0].content[0].source"),
        (body(user({"type": "image", "source": {"type": "url"}})), "messages[0].content[0].source.url"),
        (body(user({"type": "tool_result", "content": "x"})), "messages[0].content[0].tool_use_id"),
        (
            body(user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]})),
            "messages[0].content[0].content[0].text",
        ),
        (body(assistant({"type": "tool_use", "id": "t", "name": "n", "input": 3})), "messages[0].content[0].input"),
        (
            body(assistant({"type": "tool_use", "id": "t", "name": "n", "input": {"x": DEEP}})),
            "messages[0].content[0].input",
        ),
        (body(user({"type": "text", "text": "x", "cache_control": 1})), "messages[0].content[0].cache_control"),
        (body(system=[1]), "system[0]"),
        (body(tools=[{"input_schema": {}}]), "tools[0].name"),
        (body(tools={}), "tools"),
        (body(tool_choice={"type": "tool"}), "tool_choice.name"),
        (body(thinking={"budget_tokens": 3}), "thinking.type"),
        (body(thinking={"type": "enabled", "budget_tokens": "x"}), "thinking.budget_tokens"),
        (body(output_config={"effort": 3}), "output_config.effort"),
        (body(stop_sequences=["a", 1]), "stop_sequences[1]"),
        (body(metadata={"user_id": 3}), "metadata.user_id"),
        (body(temperature="hot"), "temperature"),
    ],
)
def test_what_is_wrong_is_named(raw: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as raised:
        read(raw)
    assert raised.value.kind is ErrorKind.BAD_REQUEST
    assert raised.value.details["param"] == param

"""Requests of other protocols, written in this one: nothing lost, nothing that the vendor would reject."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
    CacheMarker,
    Citation,
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling, Tool
from crawdad.wire.openai_responses import CODEC
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.seals import seal, seal_id
from tests.wire.openai_responses.speech import round_trip


def foreign(*messages: Message, **fields: Any) -> ModelRequest:
    return ModelRequest("gpt-test", list(messages), protocol="anthropic", **fields)


def user(*parts: Any) -> Message:
    return Message("user", [TextPart(part) if isinstance(part, str) else part for part in parts])


def assistant(*parts: Any) -> Message:
    return Message("assistant", [TextPart(part) if isinstance(part, str) else part for part in parts])


def items(*messages: Message, **fields: Any) -> list[JsonObject]:
    written: list[JsonObject] = CODEC.write_request(foreign(*messages, **fields), DEFAULT).body["input"]
    return written


def test_a_plain_turn() -> None:
    out = CODEC.write_request(
        foreign(
            Message("system", [TextPart("Be brief."), TextPart("Be kind.")], extra={"top_level": True}),
            user("hi"),
            assistant("hello"),
            user("and now?"),
            stream=True,
        ),
        DEFAULT,
    )
    assert out.body == {
        "model": "gpt-test",
        "instructions": "Be brief.\n\nBe kind.",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "message", "role": "assistant", "content": "hello"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and now?"}]},
        ],
        "store": False,
        "stream": True,
    }
    assert out.notes == []


def test_instructions_in_mid_conversation_stay_there() -> None:
    written = items(user("a"), Message("developer", [TextPart("now in French")]), user("b"))
    assert [item["role"] for item in written] == ["user", "developer", "user"]
    out = CODEC.write_request(foreign(Message("developer", [TextPart("x")])), Profile(developer_role=False))
    assert out.body["input"][0]["role"] == "system"


def test_media() -> None:
    written = items(
        user(
            MediaPart("image", data="AAAA", media_type="image/png"),
            MediaPart("image", url="https://a.example/i.png", detail="high"),
            MediaPart("document", data="JVBE", media_type="application/pdf"),
            MediaPart("document", data="YQ==", media_type="text/csv", name="a.csv"),
            MediaPart("document", url="https://a.example/d.pdf"),
            MediaPart("document", text="plain words", name="notes.txt"),
            MediaPart("audio", data="UklG", media_type="audio/wav"),
        )
    )
    assert written[0]["content"] == [
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"},
        {"type": "input_image", "detail": "high", "image_url": "https://a.example/i.png"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,JVBE", "filename": "document.pdf"},
        {"type": "input_file", "file_data": "data:text/csv;base64,YQ==", "filename": "a.csv"},
        {"type": "input_file", "file_url": "https://a.example/d.pdf"},
        {"type": "input_text", "text": "notes.txt:\nplain words"},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
    ]


@pytest.mark.parametrize("part", [MediaPart("video", url="https://a.example/v.mp4"), MediaPart("audio", file_id="f")])
def test_media_it_cannot_say_is_refused(part: MediaPart) -> None:
    with pytest.raises(GatewayError) as caught:
        CODEC.write_request(foreign(user(part)), DEFAULT)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_a_tool_loop() -> None:
    written = items(
        user("weather?"),
        assistant(
            "Let me look.",
            ToolCallPart("toolu_1", "weather", '{"city":"A"}'),
            ToolCallPart("toolu_2", "weather", ""),
        ),
        Message(
            "tool",
            [
                ToolResultPart("toolu_1", [TextPart("sun"), MediaPart("image", data="AAAA", media_type="image/png")]),
                ToolResultPart("toolu_2", [TextPart("no such city")], is_error=True),
            ],
        ),
        user("thanks"),
    )
    assert written[1:6] == [
        {"type": "message", "role": "assistant", "content": "Let me look."},
        {"type": "function_call", "call_id": "toolu_1", "name": "weather", "arguments": '{"city":"A"}'},
        {"type": "function_call", "call_id": "toolu_2", "name": "weather", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "toolu_1",
            "output": [
                {"type": "input_text", "text": "sun"},
                {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"},
            ],
        },
        {"type": "function_call_output", "call_id": "toolu_2", "output": "Error: no such city"},
    ]


def test_results_among_the_words_of_a_user_come_first() -> None:
    written = items(assistant(ToolCallPart("a", "f")), user("go on", ToolResultPart("a", [TextPart("done")])))
    assert [item["type"] for item in written] == ["function_call", "function_call_output", "message"]


def test_a_call_without_a_result_gets_one() -> None:
    written = items(user("x"), assistant(ToolCallPart("a", "f"), ToolCallPart("b", "f")), user("never mind"))
    assert [item.get("call_id") for item in written] == [None, "a", "b", "a", "b", None]
    assert all("no result" in item["output"] for item in written if item["type"] == "function_call_output")


def test_errors_say_so_once() -> None:
    def said(*content: Any) -> Any:
        return items(
            assistant(ToolCallPart("a", "f")), Message("tool", [ToolResultPart("a", list(content), None, True)])
        )

    assert said(TextPart("Error: gone"))[1]["output"] == "Error: gone"
    assert said()[1]["output"] == "Error: the tool failed."
    picture = MediaPart("image", data="A", media_type="image/png")
    assert [part["type"] for part in said(picture)[1]["output"]] == ["input_text", "input_image"]


def test_long_ids_are_cut_alike_in_call_and_result() -> None:
    long = "call_" + "x" * 100
    written = items(assistant(ToolCallPart(long, "f")), Message("tool", [ToolResultPart(long, [TextPart("ok")])]))
    assert written[0]["call_id"] == written[1]["call_id"]
    assert len(written[0]["call_id"]) <= 64


def test_custom_calls() -> None:
    written = items(
        assistant(ToolCallPart("a", "apply_patch", "*** Begin", custom=True)),
        Message("tool", [ToolResultPart("a", [TextPart("ok")])]),
        tools=[Tool("apply_patch", kind="custom")],
    )
    assert written == [
        {"type": "custom_tool_call", "call_id": "a", "name": "apply_patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "ok"},
    ]


def test_what_the_assistant_said_before() -> None:
    citation = Citation("url", url="https://a.example", title="A", start=0, end=4)
    written = items(
        assistant("one", "two"),
        user("?"),
        assistant(RefusalPart("I will not.")),
        user("?"),
        assistant(TextPart("text", [citation])),
        user("?"),
        assistant(MediaPart("image", data="AAAA", media_type="image/png")),
        user("?"),
        assistant(OpaquePart("gemini", "executableCode", {}, "print(1)")),
    )
    spoken = [item for item in written if item.get("role") != "user"]
    assert spoken[0]["content"] == [{"type": "output_text", "text": "one"}, {"type": "output_text", "text": "two"}]
    assert spoken[1]["content"] == [{"type": "refusal", "refusal": "I will not."}]
    assert spoken[2]["content"][0]["annotations"] == [
        {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 4}
    ]
    assert spoken[3]["type"] == "image_generation_call" and spoken[3]["result"] == "AAAA"
    assert spoken[4]["content"] == "print(1)"


def test_reasoning_is_told_only_to_the_vendor_who_made_it() -> None:
    out = CODEC.write_request(
        foreign(
            user("x"),
            assistant(
                ThinkingPart("mine", encrypted="gAAA+/=", id="rs_1", origin=NAME),
                ThinkingPart("theirs", signature="sig", origin="anthropic"),
                ThinkingPart("bare", id="rs_2", origin=NAME),
                "so",
            ),
        ),
        DEFAULT,
    )
    assert out.body["input"][1:] == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "mine"}],
            "encrypted_content": "gAAA+/=",
        },
        {"type": "message", "role": "assistant", "content": "so"},
    ]
    assert out.body["include"] == ["reasoning.encrypted_content"]
    assert len(out.notes) == 2


@pytest.mark.parametrize(
    ("reasoning", "written"),
    [
        (Reasoning(effort="xhigh"), {"effort": "xhigh"}),
        (Reasoning(effort="low", summary="detailed"), {"effort": "low", "summary": "detailed"}),
        (Reasoning(effort="low", include_thoughts=True), {"effort": "low", "summary": "auto"}),
        (Reasoning(budget=4000), {"effort": "low", "summary": "auto"}),
        (Reasoning(budget=10000), {"effort": "medium", "summary": "auto"}),
        (Reasoning(budget=31999), {"effort": "high", "summary": "auto"}),
        (Reasoning(budget=31999, include_thoughts=False), {"effort": "high"}),
        (Reasoning(budget=-1), {"summary": "auto"}),
        (Reasoning(adaptive=True), {"summary": "auto"}),
        (Reasoning(budget=0), {"effort": "none"}),
        (Reasoning(effort="none"), {"effort": "none"}),
    ],
    ids=str,
)
def test_how_much_to_think(reasoning: Reasoning, written: JsonObject) -> None:
    body = CODEC.write_request(foreign(user("x"), reasoning=reasoning), DEFAULT).body
    assert body["reasoning"] == written
    assert ("include" in body) is not reasoning.off
    assert (
        "reasoning"
        not in CODEC.write_request(foreign(user("x"), reasoning=reasoning), Profile(reasoning_effort=False)).body
    )


def test_encrypted_reasoning_may_be_asked_for_by_the_profile() -> None:
    body = CODEC.write_request(foreign(user("x")), Profile(encrypted_reasoning=True)).body
    assert body["include"] == ["reasoning.encrypted_content"] and body["store"] is False
    assert "include" not in CODEC.write_request(foreign(user("x")), DEFAULT).body


def test_knobs() -> None:
    asked = foreign(
        user("x"),
        sampling=Sampling(
            temperature=0.5, top_p=0.9, max_tokens=1, top_k=4, stop=["x"], seed=1, n=2, logprobs=True, top_logprobs=3
        ),
        response_format=ResponseFormat("schema", {"type": "object"}, "n", "d", True),
        verbosity="low",
        service_tier="standard_only",
        user="someone",
        metadata={"a": "b", "n": 1},
        cache_key="key",
        store=True,
    )
    out = CODEC.write_request(asked, DEFAULT)
    del out.body["input"]
    assert out.body == {
        "model": "gpt-test",
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 16,
        "top_logprobs": 3,
        "include": ["message.output_text.logprobs"],
        "text": {
            "format": {
                "type": "json_schema",
                "name": "n",
                "schema": {"type": "object"},
                "description": "d",
                "strict": True,
            },
            "verbosity": "low",
        },
        "service_tier": "default",
        "user": "someone",
        "metadata": {"a": "b", "n": "1"},
        "prompt_cache_key": "key",
        "store": True,
    }
    assert {note.split(":")[0] for note in out.notes} == {
        "top_k",
        "stop sequences",
        "seed",
        "several choices",
        "output token limit",
    }


def test_what_only_the_other_protocol_knows_is_noted() -> None:
    asked = foreign(Message("user", [TextPart("x", cache=CacheMarker())], name="bob"), service_tier="batch")
    asked.extra = {"context_management": {}}
    notes = " ".join(CODEC.write_request(asked, DEFAULT).notes)
    for word in ("participant names", "prompt-cache markers", "fields only the client", "service tier batch"):
        assert word in notes


def test_fields_that_an_upstream_rejects_are_left_out() -> None:
    asked = foreign(user("x"), sampling=Sampling(temperature=0.5))
    out = CODEC.write_request(asked, Profile(drop_fields=frozenset({"temperature", "store", "seed"})))
    assert not out.body.keys() & {"temperature", "store"}
    assert len(out.notes) == 2


def test_sealed_reasoning_of_another_vendor_is_opened() -> None:
    token = seal({"p": "anthropic", "sig": "EqQB+/==", "id": "t1"})
    body = {
        "model": "m",
        "input": [
            {"type": "reasoning", "id": "rs_r1_0", "summary": [{"type": "summary_text", "text": "hm"}]}
            | {"encrypted_content": token},
            {"type": "function_call", "call_id": seal_id("c1", "gemini", "CsIB"), "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": seal_id("c1", "gemini", "CsIB"), "output": "ok"},
        ],
    }
    asked = CODEC.read_request(body)
    thinking, call = asked.messages[0].parts
    assert thinking == ThinkingPart("hm", signature="EqQB+/==", id="t1", origin="anthropic")
    assert isinstance(call, ToolCallPart) and (call.id, call.signature, call.origin) == ("c1", "CsIB", "gemini")
    result = asked.messages[1].parts[0]
    assert isinstance(result, ToolResultPart) and result.call_id == "c1"
    out = CODEC.write_request(asked, DEFAULT)
    assert [item["type"] for item in out.body["input"]] == ["function_call", "function_call_output"]
    assert {item["call_id"] for item in out.body["input"]} == {"c1"}
    assert out.notes == [f"thinking of another vendor: dropped ({NAME})"]


def test_changed_effort_goes_out_changed() -> None:
    asked = CODEC.read_request({"model": "m", "input": "x", "reasoning": {"effort": "low", "context": "all_turns"}})
    assert asked.reasoning is not None
    asked.reasoning.effort = "high"
    assert CODEC.write_request(asked, DEFAULT).body["reasoning"] == {"effort": "high", "context": "all_turns"}


def test_own_requests_ask_for_nothing_that_the_client_did_not() -> None:
    body = {"model": "m", "input": "x"}
    assert round_trip(body, Profile(encrypted_reasoning=True)) == body


def test_a_result_without_its_call_is_told_in_words() -> None:
    results = Message("tool", [ToolResultPart("c1", [TextPart("a")]), ToolResultPart("c9", [TextPart("b")])])
    request = foreign(user("go"), assistant(ToolCallPart("c1", "f", "{}")), results)
    items = CODEC.write_request(request, DEFAULT).body["input"]
    assert [item["type"] for item in items] == ["message", "function_call", "function_call_output", "message"]
    assert [part["text"] for part in items[3]["content"]] == ["Result of tool call c9:", "b"]

"""Answers of any origin, told as this protocol's events: the vendor's order, the SDK's approval, nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StopReason, StreamEvent
from crawdad.core.parts import (
    Citation,
    JsonObject,
    MediaPart,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
)
from crawdad.core.request import ModelRequest
from crawdad.core.response import fold
from crawdad.core.usage import Usage
from crawdad.wire.openai_responses import CODEC, EventWriter
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import DEFAULT
from crawdad.wire.seals import seal, seal_id, unseal
from crawdad.wire.sse import SseReader
from tests.wire.openai_responses.speech import (
    accepted_by_sdk,
    answer,
    context,
    event_accepted_by_sdk,
    final,
    grown,
    heard_by_sdk,
    kinds,
    output,
    request,
    written,
)


def test_the_sequence_of_a_text() -> None:
    objects = written(grown(TextPart(), PartDelta(0, "Hel"), PartDelta(0, "lo")))
    assert kinds(objects) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [item["sequence_number"] for item in objects] == list(range(10))
    assert {item["item_id"] for item in objects if "item_id" in item} == {"msg_r1_0"}
    assert objects[4] == {
        "type": "response.output_text.delta",
        "item_id": "msg_r1_0",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hel",
        "logprobs": [],
        "sequence_number": 4,
    }
    assert objects[2]["item"]["status"] == "in_progress" and objects[2]["item"]["content"] == []
    assert final(objects)["output"] == [objects[8]["item"]]
    assert heard_by_sdk(objects).output_text == "Hello"


def test_the_framing() -> None:
    writer = CODEC.stream_writer(context())
    events = grown(TextPart(), PartDelta(0, "naïve\n\ndata: 猫"))
    stream = b"".join(writer.send(event) for event in events)
    assert stream.startswith(b'event: response.created\ndata: {"type":"response.created"')
    assert b"[DONE]" not in stream
    assert [json.loads(data)["type"] for data in SseReader().feed(stream)] == [
        item["type"] for item in written(grown(TextPart(), PartDelta(0, "naïve\n\ndata: 猫")))
    ]
    assert writer.ping() == b": ping\n\n"


def test_thinking_then_words_then_calls() -> None:
    objects = written(
        answer(
            [
                ThinkingPart("hm", signature="sig", origin="anthropic"),
                TextPart("Let me look."),
                ToolCallPart("toolu_1", "weather", '{"city":"A"}'),
                ToolCallPart("toolu_2", "weather", ""),
            ],
            Stop("tool_use"),
        )
    )
    assert kinds(objects)[2:] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    heard = heard_by_sdk(objects)
    assert [item.type for item in heard.output] == ["reasoning", "message", "function_call", "function_call"]
    assert [item.call_id for item in heard.output[2:]] == ["toolu_1", "toolu_2"]
    assert [item.arguments for item in heard.output[2:]] == ['{"city":"A"}', "{}"]
    assert [item["id"] for item in final(objects)["output"]] == ["rs_r1_0", "msg_r1_1", "fc_r1_2", "fc_r1_3"]


def test_texts_and_refusals_in_a_row_are_one_message() -> None:
    objects = written(answer([TextPart("a"), TextPart("b"), RefusalPart("no"), ThinkingPart("hm"), TextPart("c")]))
    heard = heard_by_sdk(objects)
    assert [item.type for item in heard.output] == ["message", "reasoning", "message"]
    assert [part.type for part in heard.output[0].content] == ["output_text", "output_text", "refusal"]
    assert heard.output[0].content[2].refusal == "no"
    assert heard.output_text == "abc"


def test_parts_that_interleave() -> None:
    events: list[StreamEvent] = [
        MessageStart("x", "m", 1, "openai-chat"),
        PartStart(0, TextPart()),
        PartDelta(0, "one "),
        PartStart(1, ToolCallPart("c1", "f")),
        PartDelta(1, '{"a"'),
        PartDelta(0, "two"),
        PartStart(2, ToolCallPart("c2", "g")),
        PartDelta(2, "{}"),
        PartDelta(1, ":1}"),
        PartEnd(0),
        PartEnd(2),
        PartEnd(1),
        MessageEnd(Stop("tool_use"), Usage(input_tokens=1, output_tokens=1)),
    ]
    heard = heard_by_sdk(written(events))
    assert [item.type for item in heard.output] == ["message", "function_call", "function_call"]
    assert heard.output_text == "one two"
    assert [item.arguments for item in heard.output[1:]] == ['{"a":1}', "{}"]


def test_an_answer_with_nothing_in_it() -> None:
    assert heard_by_sdk(written(answer([]))).output == []
    assert heard_by_sdk(written(answer([TextPart("")]))).output_text == ""


STATUS: dict[StopReason, tuple[str, str | None]] = {
    "end": ("completed", None),
    "stop_sequence": ("completed", None),
    "tool_use": ("completed", None),
    "max_tokens": ("incomplete", "max_output_tokens"),
    "context_window": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
    "refusal": ("incomplete", "content_filter"),
    "pause": ("incomplete", None),
    "other": ("incomplete", None),
    "malformed_tool_call": ("failed", None),
    "error": ("failed", None),
}


@pytest.mark.parametrize("reason", get_args(StopReason))
def test_every_stop(reason: StopReason) -> None:
    objects = written(answer([TextPart("x")], Stop(reason, "THEIR_WORD")))
    response = final(objects)
    status, why = STATUS[reason]
    assert objects[-1]["type"] == f"response.{status}"
    assert response["status"] == status
    assert response["incomplete_details"] == ({"reason": why} if status == "incomplete" else None)
    assert response["output"][0]["status"] == ("completed" if status == "completed" else "incomplete")
    if status == "failed":
        assert response["error"]["code"] == "server_error" and "THEIR_WORD" in response["error"]["message"]
    accepted_by_sdk(response)
    event_accepted_by_sdk(objects[-1])


def test_a_refusal_in_words_is_a_complete_answer() -> None:
    assert final(written(answer([RefusalPart("I will not.")], Stop("refusal"))))["status"] == "completed"


def test_usage() -> None:
    usage = Usage(100, 50, 60, 30, 20, 40, web_searches=2, service_tier="standard")
    response = accepted_by_sdk(final(written(answer([TextPart("x")], None, usage))))
    told = response.usage
    assert told is not None
    assert (told.input_tokens, told.output_tokens, told.total_tokens) == (100, 50, 150)
    assert (told.input_tokens_details.cached_tokens, told.input_tokens_details.cache_write_tokens) == (60, 30)
    assert told.output_tokens_details.reasoning_tokens == 40
    assert response.tool_usage is not None and response.tool_usage.web_search.num_requests == 2
    assert response.service_tier == "default"
    assert CODEC.read_usage(final(written(answer([], None, usage)))).cache_write_1h_tokens == 20
    assert final(written(answer([], None, Usage())))["usage"] is None


def test_usage_told_at_the_start_counts() -> None:
    events = answer([TextPart("x")], None, Usage(output_tokens=5))
    events[0] = MessageStart("x", "m", 1, "anthropic", Usage(input_tokens=12, cache_read_tokens=4))
    assert final(written(events))["usage"]["total_tokens"] == 17


def test_a_response_says_when_it_was_complete() -> None:
    moments = iter([1_700_000_004.9, 1_699_999_000.0])
    timed = replace(context(), now=lambda: next(moments))
    ends = []
    for _ in range(2):  # the second time the clock was set back meanwhile
        writer = EventWriter(timed)
        ends.append([item for event in answer([TextPart("x")]) for item in writer.events_of(event)])
    assert [final(objects)["completed_at"] for objects in ends] == [1_700_000_004, 1_700_000_000]
    assert ends[0][0]["response"]["completed_at"] is None
    assert final(written(answer([TextPart("x")], Stop("max_tokens"))))["completed_at"] is None


def test_the_response_echoes_the_request() -> None:
    asked = request(
        instructions="Be brief.",
        tools=[{"type": "function", "name": "f"}, {"type": "namespace", "name": "n", "description": "d", "tools": []}],
        tool_choice={"type": "function", "name": "f"},
        metadata={"a": "b"},
        reasoning={"effort": "low", "summary": "auto"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
        temperature=0.25,
        top_p=0.5,
        max_output_tokens=99,
        max_tool_calls=3,
        top_logprobs=2,
        parallel_tool_calls=False,
        previous_response_id="resp_0",
        truncation="auto",
        store=False,
        user="someone",
        safety_identifier="s",
        prompt_cache_key="k",
        prompt_cache_retention="24h",
        service_tier="flex",
        conversation="conv_1",
        prompt={"id": "pmpt_1"},
    )
    response = accepted_by_sdk(final(written(answer([TextPart("x")]), asked)))
    plain = response.to_dict()
    assert plain["id"] == "resp_r1" and plain["model"] == "gpt-test" and plain["created_at"] == 1_700_000_000
    assert plain["tools"][0] == {  # type: ignore[index]
        "type": "function",
        "name": "f",
        "description": None,
        "parameters": None,
        "strict": None,
    }
    for name, value in {
        "instructions": "Be brief.",
        "tool_choice": {"type": "function", "name": "f"},
        "metadata": {"a": "b"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
        "temperature": 0.25,
        "top_p": 0.5,
        "max_output_tokens": 99,
        "max_tool_calls": 3,
        "top_logprobs": 2,
        "parallel_tool_calls": False,
        "previous_response_id": "resp_0",
        "truncation": "auto",
        "store": False,
        "user": "someone",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "conversation": {"id": "conv_1"},
        "prompt": {"id": "pmpt_1"},
        "background": False,
    }.items():
        assert plain[name] == value, name


def test_credentials_in_tools_are_not_echoed() -> None:
    tool = {"type": "mcp", "server_label": "s", "authorization": "secret-1", "headers": {"X-Key": "secret-2"}}
    objects = written(answer([TextPart("x")]), request(tools=[tool]))
    assert "secret" not in json.dumps(objects)


def test_a_background_response_is_queued_first() -> None:
    objects = written(answer([TextPart("x")]), request(background=True))
    assert kinds(objects)[:3] == ["created", "queued", "in_progress"]
    assert [item["response"]["status"] for item in objects[:3]] == ["queued", "queued", "in_progress"]
    assert heard_by_sdk(objects).background is True


def test_citations_of_other_vendors() -> None:
    search = Citation("url", url="https://a.example", title="A", cited_text="quoted", protocol="anthropic", raw={})
    document = Citation("document", title="report.pdf", start=0, end=5, protocol="anthropic", raw={})
    objects = written(grown(TextPart(), PartDelta(0, citations=[search, document]), PartDelta(0, "Hello, you")))
    annotations = heard_by_sdk(objects).output[0].content[0].annotations
    assert [item.type for item in annotations] == ["file_citation", "url_citation"]
    assert (annotations[1].url, annotations[1].start_index, annotations[1].end_index) == ("https://a.example", 0, 10)
    assert (annotations[0].filename, annotations[0].index) == ("report.pdf", 5)
    added = [item for item in objects if item["type"] == "response.output_text.annotation.added"]
    assert [item["annotation_index"] for item in added] == [0, 1]


def test_logprobs() -> None:
    token = TokenLogprob("Hi", -0.25, None, [TokenLogprob("Ho", -1.5, [72, 111])])
    objects = written(grown(TextPart(), PartDelta(0, "Hi", logprobs=[token])))
    told = heard_by_sdk(objects).output[0].content[0].logprobs[0]
    assert (told.token, told.bytes, told.logprob) == ("Hi", [72, 105], -0.25)
    assert (told.top_logprobs[0].token, told.top_logprobs[0].bytes) == ("Ho", [72, 111])


# Thinking


def seals_of(items: list[JsonObject]) -> list[Any]:
    return [unseal(item.get("encrypted_content")) for item in items]


def test_thinking_of_another_vendor_is_sealed() -> None:
    items = output(
        grown(
            ThinkingPart(origin="anthropic"),
            PartDelta(0, "hm"),
            PartDelta(0, signature="Eq"),
            PartDelta(0, signature="QB+/=="),
        )
    )
    assert items[0]["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert seals_of(items) == [{"p": "anthropic", "sig": "EqQB+/=="}]


@pytest.mark.parametrize(
    "part",
    [
        ThinkingPart("", encrypted="EroB+/==", redacted=True, origin="anthropic"),
        ThinkingPart("thought", signature="CsIB", origin="gemini"),
        ThinkingPart("thought", id="th_1", signature="s", encrypted="e", origin="somewhere"),
        ThinkingPart("only words", origin="openai-chat"),
    ],
)
@pytest.mark.parametrize("store", [True, False])
def test_it_comes_back_byte_for_byte(part: ThinkingPart, store: bool) -> None:
    items = output(answer([part, TextPart("so")]), request(store=store))
    back = request(input=[*items, {"role": "user", "content": "go on"}]).messages[0].parts
    assert back[0] == part


def test_own_reasoning_keeps_its_id_and_encrypted_content_as_they_are() -> None:
    part = ThinkingPart("one", encrypted="gAAAA+/==", summary=True, id="rs_vendor", origin=NAME)
    (item,) = output(answer([part], protocol=NAME))
    assert item == {
        "id": "rs_vendor",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "one"}],
        "encrypted_content": "gAAAA+/==",
    }


def test_own_reasoning_in_full_is_told_as_content() -> None:
    objects = written(
        [
            MessageStart("x", "m", 1, NAME),
            PartStart(0, ThinkingPart(id="rs_1", origin=NAME)),
            PartDelta(0, "think"),
            PartEnd(0),
            MessageEnd(Stop("end"), Usage()),
        ]
    )
    assert kinds(objects)[2:-1] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
    ]
    heard = heard_by_sdk(objects)
    assert heard.output[0].content[0].text == "think"


def test_encrypted_reasoning_through_a_foreign_client_and_back() -> None:
    """A client of another protocol holds our reasoning sealed; its codec opens it, and we write what the vendor gave."""
    held = unseal(seal({"p": NAME, "enc": "gAAAA+/==", "id": "rs_vendor"}))
    assert held is not None
    part = ThinkingPart("one", encrypted=held["enc"], id=held["id"], origin=held["p"])
    asked = ModelRequest("m", protocol="anthropic")
    asked.messages = request(input="x").messages
    asked.messages[0].parts.insert(0, TextPart("y"))
    asked.messages.append(type(asked.messages[0])("assistant", [part, TextPart("so")]))
    item = CODEC.write_request(asked, DEFAULT).body["input"][1]
    assert (item["id"], item["encrypted_content"]) == ("rs_vendor", "gAAAA+/==")


# Calls

CUSTOM = request(
    tools=[
        {"type": "custom", "name": "apply_patch"},
        {"type": "namespace", "name": "agents", "description": "", "tools": [{"type": "function", "name": "spawn"}]},
    ]
)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"*** Begin\\n猫"}', "*** Begin\n猫"),
        ("*** Begin", "*** Begin"),
        ('{"patch":"x"}', '{"patch":"x"}'),
        ('{"input":3}', '{"input":3}'),
        ('"x"', '"x"'),
        ("", ""),
    ],
)
def test_a_function_call_becomes_the_custom_call_that_was_declared(arguments: str, text: str) -> None:
    half = len(arguments) // 2
    events = grown(ToolCallPart("c1", "apply_patch"), PartDelta(0, arguments[:half]), PartDelta(0, arguments[half:]))
    objects = written(events, CUSTOM)
    assert "custom_tool_call_input.done" in kinds(objects)
    (item,) = heard_by_sdk(objects).output
    assert (item.type, item.call_id, item.name, item.input) == ("custom_tool_call", "c1", "apply_patch", text)


def test_a_custom_call_streams() -> None:
    events = grown(ToolCallPart("c1", "apply_patch", custom=True), PartDelta(0, "*** "), PartDelta(0, "Begin"))
    objects = written(events, CUSTOM)
    assert kinds(objects).count("custom_tool_call_input.delta") == 2
    assert heard_by_sdk(objects).output[0].input == "*** Begin"


def test_a_call_into_a_namespace() -> None:
    (item,) = output(answer([ToolCallPart("c1", "agents__spawn", "{}")]), CUSTOM)
    assert (item["name"], item["namespace"]) == ("spawn", "agents")
    (item,) = output(answer([ToolCallPart("c1", "spawn", "{}", namespace="agents")]), CUSTOM)
    assert (item["name"], item["namespace"]) == ("spawn", "agents")
    (item,) = output(answer([ToolCallPart("c1", "other__thing", "{}")]), CUSTOM)
    assert item["name"] == "other__thing" and "namespace" not in item


def test_a_signed_call_carries_its_signature_in_its_id() -> None:
    part = ToolCallPart("c1", "f", "{}", signature="CsIB+/=", origin="gemini")
    objects = written(answer([part]))
    (item,) = heard_by_sdk(objects).output
    assert item.call_id == seal_id("c1", "gemini", "CsIB+/=")
    back = request(
        input=[final(objects)["output"][0], {"type": "function_call_output", "call_id": item.call_id, "output": "ok"}]
    )
    call = back.messages[0].parts[0]
    assert isinstance(call, ToolCallPart) and (call.id, call.signature, call.origin) == ("c1", "CsIB+/=", "gemini")


def test_a_signature_that_comes_with_the_arguments_still_fits() -> None:
    events = grown(ToolCallPart("c1", "f", origin="gemini"), PartDelta(0, "", signature="S"), PartDelta(0, "{}"))
    assert output(events)[0]["call_id"] == seal_id("c1", "gemini", "S")


def test_missing_and_repeated_call_ids_are_made() -> None:
    items = output(answer([ToolCallPart("", "f", "{}"), ToolCallPart("a", "f", "{}"), ToolCallPart("a", "f", "{}")]))
    assert [item["call_id"] for item in items] == ["call_r1_0", "a", "call_r1_2"]


# Other parts


def test_pictures() -> None:
    part = MediaPart("image", data="iVBO", media_type="image/webp")
    objects = written(answer([part]))
    assert kinds(objects)[2:-1] == [
        "output_item.added",
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        "image_generation_call.completed",
        "output_item.done",
    ]
    (item,) = heard_by_sdk(objects).output
    assert (item.result, item.output_format) == ("iVBO", "webp")
    assert output(grown(MediaPart("image"), PartDelta(0, data="iV"), PartDelta(0, data="BO")))[0]["result"] == "iVBO"


def test_other_media_is_told_in_words_where_it_has_any() -> None:
    items = output(answer([MediaPart("audio", data="UklG", text="transcript"), MediaPart("audio", data="UklG")]))
    assert [item["content"][0]["text"] for item in items] == ["transcript"]


def test_server_side_items_of_this_protocol_and_of_others() -> None:
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    call = {"type": "mcp_call", "id": "mcp_1", "name": "t", "arguments": "{}", "server_label": "s", "status": "failed"}
    objects = written(
        answer(
            [
                OpaquePart(NAME, "web_search_call", search),
                OpaquePart(NAME, "mcp_call", call),
                OpaquePart("anthropic", "server_tool_use", {"type": "server_tool_use"}),
                OpaquePart("gemini", "executableCode", {}, "print(1)"),
            ]
        )
    )
    assert kinds(objects)[2:11] == [
        "output_item.added",
        "web_search_call.in_progress",
        "web_search_call.searching",
        "web_search_call.completed",
        "output_item.done",
        "output_item.added",
        "mcp_call.in_progress",
        "mcp_call.failed",
        "output_item.done",
    ]
    heard = heard_by_sdk(objects)
    assert final(objects)["output"][:2] == [search, call]
    assert [item.type for item in heard.output] == ["web_search_call", "mcp_call", "message"]
    assert heard.output_text == "print(1)"


def test_only_the_first_choice_is_told() -> None:
    events: list[StreamEvent] = [
        MessageStart("x", "m", 1, "openai-chat"),
        PartStart(0, TextPart("first"), 0),
        PartStart(1, TextPart("second"), 1),
        PartDelta(1, "more"),
        PartEnd(0),
        PartEnd(1),
        MessageEnd(Stop("end"), Usage(), [Stop("end")]),
    ]
    assert heard_by_sdk(written(events)).output_text == "first"


# Failure


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_failure_after_the_beginning_is_a_failed_response(kind: ErrorKind) -> None:
    writer = EventWriter(context())
    events = answer([TextPart("said")])[:2]
    objects = [item for event in events for item in writer.events_of(event)]
    failed = writer.fail_events(GatewayError(kind, "words of the vendor"))
    assert [item["type"] for item in failed] == ["response.failed"]
    assert failed[0]["sequence_number"] == len(objects)
    response = failed[0]["response"]
    assert response["error"]["message"] == "words of the vendor" and response["status"] == "failed"
    # The vendor itself sends these two, which its schema does not list; Codex compacts, or tells the user, on exactly them.
    code = "context_length_exceeded" if kind is ErrorKind.CONTEXT_TOO_LONG else "insufficient_quota"
    if kind in (ErrorKind.CONTEXT_TOO_LONG, ErrorKind.PAYMENT):
        assert response["error"]["code"] == code
        response["error"]["code"] = "server_error"  # all the rest is as strict validation wants it
    event_accepted_by_sdk(failed[0])
    assert writer.fail_events(GatewayError(kind, "again")) == []


def test_failure_keeps_what_was_said() -> None:
    writer = EventWriter(context())
    events = answer([ThinkingPart("hm"), TextPart("sai"), ToolCallPart("c", "f", "{}")])
    for event in events[:5]:
        writer.events_of(event)
    response = writer.fail_events(GatewayError(ErrorKind.UPSTREAM_BROKEN, "cut"))[0]["response"]
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]
    accepted_by_sdk(response)


def test_failure_keeps_half_a_sentence() -> None:
    writer = EventWriter(context())
    for event in grown(TextPart(), PartDelta(0, "half a "), PartDelta(0, "sen"))[:4]:
        writer.events_of(event)
    response = accepted_by_sdk(writer.fail_events(GatewayError(ErrorKind.UPSTREAM_BROKEN, "cut"))[0]["response"])
    assert response.output_text == "half a sen"
    assert response.output[0].status == "incomplete"  # type: ignore[union-attr]


def test_failure_before_the_beginning_is_an_error_event() -> None:
    writer = CODEC.stream_writer(context())
    stream = writer.fail(GatewayError(ErrorKind.RATE_LIMITED, "Slow down.", {"param": "model"}))
    (data,) = SseReader().feed(stream)
    assert stream.startswith(b"event: error\n")
    assert json.loads(data) == {
        "type": "error",
        "code": "rate_limit_exceeded",
        "message": "Slow down.",
        "param": "model",
        "sequence_number": 0,
    }
    event_accepted_by_sdk(json.loads(data))


def test_failure_with_the_vendors_own_code() -> None:
    error = GatewayError(ErrorKind.BAD_REQUEST, "Too big.", {"protocol": NAME, "code": "image_too_large"})
    writer = EventWriter(context())
    writer.events_of(MessageStart("x", "m", 1, NAME))
    assert writer.fail_events(error)[0]["response"]["error"] == {"code": "image_too_large", "message": "Too big."}


def test_the_parts_of_an_answer_are_left_as_they_are() -> None:
    """Whoever else listens to the same events grows the parts; the writer only looks."""
    for protocol in ("anthropic", NAME):
        events = grown(TextPart(), PartDelta(0, "Hello"))
        events[0] = MessageStart("x", "m", 1, protocol)
        written(events)
        assert fold(events).parts == [TextPart("Hello")]

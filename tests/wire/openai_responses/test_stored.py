"""What a service needs to keep responses and to speak over a WebSocket."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai._models import validate_type
from openai.types.responses import ResponseItemList, ResponsesServerEvent
from pydantic import TypeAdapter

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.usage import Usage
from crawdad.wire.openai_responses import (
    error_frame,
    input_items,
    output_to_input,
    read_frame,
    response_id,
    response_object,
    write_response_error,
)
from crawdad.wire.openai_responses.stops import ResponseStatus
from tests.support.goldens import load, needs_goldens
from tests.wire.openai_responses.speech import accepted_by_sdk, answer, context, output, request, written

ITEM = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}],
}


@pytest.mark.parametrize("status", get_args(ResponseStatus))
def test_a_response_in_every_status(status: ResponseStatus) -> None:
    asked = context(request(background=True, instructions="Be brief."))
    error = write_response_error(GatewayError(ErrorKind.UPSTREAM_TIMEOUT, "late")) if status == "failed" else None
    reason = "max_output_tokens" if status == "incomplete" else None
    done_at = 1_700_000_009 if status == "completed" else None
    response = response_object(
        asked, status, [ITEM], Usage(input_tokens=1, output_tokens=2), error=error, reason=reason, completed_at=done_at
    )
    heard = accepted_by_sdk(response)
    assert heard.id == response_id(asked) == "resp_r1"
    assert (heard.status, heard.background, heard.instructions) == (status, True, "Be brief.")
    assert heard.output_text == "hi"
    assert (heard.completed_at, heard.error is None) == (done_at, status != "failed")
    assert (heard.incomplete_details is None) is (status != "incomplete")


def test_a_response_that_has_only_just_been_asked_for() -> None:
    heard = accepted_by_sdk(response_object(context(), "queued"))
    assert heard.output == [] and heard.usage is None


def listed(items: list[Any]) -> ResponseItemList:
    first, last = (items[0]["id"], items[-1]["id"]) if items else ("", "")
    body = {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": False}
    return validate_type(type_=ResponseItemList, value=body)


def test_input_items() -> None:
    items = input_items(
        {
            "input": [
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "hi"},
                {"role": "user", "content": [{"type": "input_image", "image_url": "https://a.example/i.png"}]},
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "ok"},
                {"type": "custom_tool_call", "call_id": "c2", "name": "p", "input": "x"},
                {"type": "custom_tool_call_output", "call_id": "c2", "output": "ok"},
                {"type": "reasoning", "id": "rs_given", "summary": []},
                {"type": "compaction", "encrypted_content": "x"},
            ]
        },
        "r1",
    )
    assert [item["id"] for item in items] == [
        "msg_r1_0",
        "msg_r1_1",
        "msg_r1_2",
        "fc_r1_3",
        "fco_r1_4",
        "ctc_r1_5",
        "ctco_r1_6",
        "rs_given",
        "cmp_r1_8",
    ]
    heard = listed(items)
    assert [item.type for item in heard.data][:2] == ["message", "message"]
    assert items[0]["content"] == [{"type": "input_text", "text": "hello"}]
    assert items[1]["content"] == [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}]


def test_input_items_of_a_string_and_of_nothing() -> None:
    (item,) = input_items({"input": "hello"}, "r1")
    assert item == {
        "type": "message",
        "id": "msg_r1_0",
        "role": "user",
        "status": "completed",
        "content": [{"type": "input_text", "text": "hello"}],
    }
    assert input_items({}, "r1") == input_items({"input": 3}, "r1") == []


@needs_goldens
def test_the_sdk_lists_the_input_of_every_recorded_request() -> None:
    for golden in load("openai-responses"):
        items = input_items(golden.request, "r1")
        known = [item for item in items if item["type"] not in ("reasoning", "tool_search_output", "additional_tools")]
        assert len(listed(known).data) == len(known)


def test_a_stored_answer_goes_on_as_history() -> None:
    parts: list[Part] = [
        ThinkingPart("hm", signature="sig", origin="anthropic"),
        TextPart("Let me look."),
        ToolCallPart("c1", "f", '{"a":1}'),
    ]
    stored = output(answer(parts))
    asked = request(
        input=[
            {"role": "user", "content": "question"},
            *output_to_input(stored),
            {"type": "function_call_output", "call_id": "c1", "output": "ok"},
        ]
    )
    assert [message.role for message in asked.messages] == ["user", "assistant", "tool"]
    thinking, text, call = asked.messages[1].parts
    assert thinking == parts[0]
    assert isinstance(text, TextPart) and text.text == "Let me look."
    assert isinstance(call, ToolCallPart) and (call.id, call.arguments) == ("c1", '{"a":1}')


def test_what_never_became_complete_is_left_behind() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a', "status": "incomplete"}
    words = {**ITEM, "status": "incomplete"}
    assert output_to_input([call, words, {"type": "reasoning", "id": "rs"}]) == [
        words,
        {"type": "reasoning", "id": "rs"},
    ]


def test_frames_of_a_websocket() -> None:
    frame = read_frame(b'{"type":"response.create","model":"m","input":"hi","stream_id":"s1","generate":false}')
    assert frame.body == {"model": "m", "input": "hi", "stream": True}
    assert (frame.stream_id, frame.generate) == ("s1", False)
    assert read_frame(b'{"type":"response.create"}').generate
    for bad in (b"", b"[]", b"{}", b'{"type":"response.cancel"}', b'{"type":3}'):
        with pytest.raises(GatewayError) as caught:
            read_frame(bad)
    deep = b'{"type":"response.create","generate":false,"metadata":' + b'{"a":' * 300 + b"1" + b"}" * 301
    with pytest.raises(GatewayError, match="nested too deeply"):
        read_frame(deep)
        assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_the_sdk_reads_our_frames() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ResponsesServerEvent)
    for item in written(answer([TextPart("x"), ToolCallPart("c", "f", "{}")])):
        assert adapter.validate_python({**item, "stream_id": "s1"}).type == item["type"]
    frame = error_frame(GatewayError(ErrorKind.NOT_FOUND, "no such model", {"code": "model_not_found"}))
    heard = adapter.validate_python(frame)
    assert (heard.status, heard.error.code, heard.error.message) == (404, "model_not_found", "no such model")

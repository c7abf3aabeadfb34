"""Our replies before the official SDK in strict mode: valid, and nothing of the answer is missing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import (
    Citation,
    MediaPart,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from crawdad.core.request import ModelRequest, Tool
from crawdad.core.response import Folder, fold, unfold
from crawdad.core.usage import Usage
from crawdad.wire.anthropic import CODEC
from crawdad.wire.anthropic.stops import WORDS
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import Golden, needs_goldens
from tests.wire.anthropic.speaking import (
    GOLDENS,
    answers,
    context,
    read_stream,
    read_whole,
    sdk,
    sdk_message,
    sdk_stream,
    sse,
    streams,
    told,
    write_stream,
)


def answer(events: list[StreamEvent]) -> dict[str, Any]:
    """What a client gets for a foreign answer: whole and streamed are checked to be the same, and valid."""
    whole = sdk_message(CODEC.write_response(fold(events_again(events)), context()))
    streamed = sdk_stream(write_stream(events_again(events)))
    assert content(streamed) == content(whole)
    assert streamed["stop_reason"] == whole["stop_reason"]
    assert streamed["usage"]["output_tokens"] == whole["usage"]["output_tokens"]
    return whole


def events_again(events: list[StreamEvent]) -> list[StreamEvent]:
    return copy.deepcopy(events)


def content(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Content without empty or null fields, which the SDK's accumulator adds or leaves out."""
    return [{key: value for key, value in block.items() if value not in (None, [])} for block in message["content"]]


def foreign(*parts: Any, stop: Stop | None = None, usage: Usage | None = None) -> list[StreamEvent]:
    """The events of an answer that an upstream of another protocol gave, each part whole."""
    events: list[StreamEvent] = [MessageStart("x", "gpt", 1, "openai-chat")]
    for index, part in enumerate(parts):
        events += [PartStart(index, part), PartEnd(index)]
    return [*events, MessageEnd(stop or Stop(), usage or Usage(10, 5))]


def check_same(golden: Golden, vendors: dict[str, Any], ours: dict[str, Any]) -> None:
    assert content(ours) == content(vendors), golden
    for key in ("stop_reason", "stop_sequence", "container"):
        assert ours.get(key) == vendors.get(key), golden
    assert said(ours["usage"]) == said(vendors["usage"]), golden


def said(usage: Any) -> Any:
    """A usage without the zeros and nulls, which say the same as leaving them out."""
    if not isinstance(usage, dict):
        return usage
    return {key: said(value) for key, value in usage.items() if said(value) not in (0, None, {})}


@needs_goldens
def test_every_recorded_answer_is_valid_and_whole_when_told_again() -> None:
    assert answers()
    for golden in answers():
        vendors = sdk_message(golden.body, strict=False)
        check_same(golden, vendors, sdk_message(CODEC.write_response(read_whole(golden.body), context())))
        unfolded = write_stream(unfold(read_whole(golden.body)))
        assert content(sdk_stream(unfolded)) == content(vendors), golden


@needs_goldens
def test_every_recorded_stream_is_valid_and_whole_when_told_again() -> None:
    assert streams()
    for golden in streams():
        vendors = sdk_stream(golden.body.encode(), strict=False)  # older ones lack fields of today
        events = read_stream([golden.body.encode()])
        check_same(golden, vendors, sdk_stream(write_stream(events_again(events))))
        check_same(golden, vendors, sdk_message(CODEC.write_response(fold(events), context())))


@needs_goldens
def test_a_stream_of_ours_reads_back_as_the_same_answer() -> None:
    for golden in GOLDENS:
        if golden.ok:
            events = (
                read_stream([golden.body.encode()]) if golden.streamed else CODEC.read_response(golden.body, DEFAULT)
            )
            before = fold(events_again(events))
            after = fold(read_stream([write_stream(events_again(events))]))
            assert after.usage == before.usage, golden
            assert after.text == before.text, golden
            assert after.stop == before.stop, golden


def test_the_order_of_a_stream_is_the_vendors() -> None:
    events: list[StreamEvent] = [
        MessageStart("x", "gpt", 1, "openai-chat"),
        PartStart(0, ThinkingPart(origin="openai-chat")),
        PartDelta(0, "hm"),
        PartEnd(0),
        PartStart(1, TextPart()),
        PartDelta(1, "Hel"),
        PartDelta(1, "lo"),
        PartEnd(1),
        PartStart(2, ToolCallPart("call_1", "look")),
        PartDelta(2, '{"at":'),
        PartDelta(2, '"it"}'),
        PartEnd(2),
        MessageEnd(Stop("tool_use"), Usage(100, 7, cache_read_tokens=60)),
    ]
    stream = write_stream(events)
    assert b'event: ping\ndata: {"type":"ping"}\n\n' in stream[: stream.index(b"content_block_start")]
    assert [event["type"] for event in told(stream)] == [
        "message_start",
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        "message_delta",
        "message_stop",
    ]
    deltas = [event["delta"] for event in told(stream) if event["type"] == "content_block_delta"]
    assert [delta["type"] for delta in deltas[:2]] == ["thinking_delta", "signature_delta"]
    assert deltas[2:4] == [{"type": "text_delta", "text": "Hel"}, {"type": "text_delta", "text": "lo"}]
    assert [delta["partial_json"] for delta in deltas[4:]] == ['{"at":', '"it"}']
    message = sdk_stream(stream)
    assert message["id"] == "msg_r1" and message["model"] == "claude" and message["stop_reason"] == "tool_use"
    assert message["usage"]["input_tokens"] == 40 and message["usage"]["cache_read_input_tokens"] == 60


def test_parts_that_interleave_are_told_one_after_the_other() -> None:
    events: list[StreamEvent] = [MessageStart("x", "gpt", 1, "openai-chat")]
    events += [PartStart(i, ToolCallPart(f"c{i}", f"tool{i}")) for i in range(3)]
    events += [PartDelta(2, '{"n":'), PartDelta(0, '{"n":'), PartDelta(1, '{"n":1}'), PartEnd(1)]
    events += [PartDelta(2, "2}"), PartEnd(2), PartDelta(0, "0}"), PartEnd(0), MessageEnd(Stop("tool_use"))]
    stream = write_stream(events)
    open_block = None
    for event in told(stream):
        if event["type"] == "content_block_start":
            assert open_block is None
            open_block = event["index"]
        elif event["type"] == "content_block_delta":
            assert event["index"] == open_block
        elif event["type"] == "content_block_stop":
            open_block = None
    assert [(block["name"], block["input"]) for block in sdk_stream(stream)["content"]] == [
        ("tool0", {"n": 0}),
        ("tool1", {"n": 1}),
        ("tool2", {"n": 2}),
    ]


def test_a_thousand_waiting_parts_do_not_exhaust_the_stack() -> None:
    events: list[StreamEvent] = [MessageStart("x", "gpt", 1, "openai-chat"), PartStart(0, TextPart("a"))]
    for index in range(1, 3000):
        events += [PartStart(index, TextPart("b")), PartEnd(index)]
    events += [PartEnd(0), MessageEnd()]
    assert len(sdk_stream(write_stream(events))["content"]) == 3000


def test_listeners_do_not_grow_each_others_parts() -> None:
    events: list[StreamEvent] = [
        MessageStart("x", "gpt", 1, "openai-responses"),
        PartStart(0, ThinkingPart(origin="openai-responses")),
        PartStart(1, TextPart()),
        PartDelta(0, "think", signature="s"),
        PartDelta(1, "text"),
        PartEnd(0),
        PartEnd(1),
        MessageEnd(),
    ]
    folder, writer, stream = Folder(), CODEC.stream_writer(context()), b""
    for event in events:
        folder.add(event)
        stream += writer.send(event)
    assert content(sdk_stream(stream)) == content(sdk_message(CODEC.write_response(folder.finish(), context())))


def test_empty_text_is_not_told() -> None:
    message = answer(foreign(TextPart(""), ToolCallPart("c", "go", "{}")))
    assert [block["type"] for block in message["content"]] == ["tool_use"]


def test_a_call_without_id_gets_one_and_arguments_that_are_no_object_stay_readable() -> None:
    message = CODEC.write_response(fold(foreign(ToolCallPart("", "go", "[1"))), context())
    assert message["content"] == [
        {"type": "tool_use", "id": "toolu_r1_0", "name": "go", "input": {"raw_arguments": "[1"}}
    ]


def test_free_text_for_a_tool_goes_under_input() -> None:
    message = answer(foreign(ToolCallPart("c", "sh", 'say "hi"', custom=True)))
    assert message["content"][0]["input"] == {"input": 'say "hi"'}


def test_a_namespace_that_the_client_never_declared_is_left_out() -> None:
    request = ModelRequest("m", tools=[Tool("look"), Tool("files__read")], protocol=CODEC.name)
    events = foreign(*(ToolCallPart("c", name, "{}", namespace="files") for name in ("look", "read", "list")))
    message = CODEC.write_response(fold(events), context(request))
    assert [block["name"] for block in message["content"]] == ["look", "files__read", "files__list"]


def test_ids_of_other_vendors_fit_and_come_back() -> None:
    message = answer(foreign(ToolCallPart("functions.go:0 é", "go", "{}")))
    told_id = message["content"][0]["id"]
    assert told_id.replace("_", "").isalnum() and told_id.isascii()
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": told_id, "content": "done"}]},
    ]
    request = CODEC.read_request({"model": "m", "max_tokens": 9, "messages": history})
    call, result = request.messages[1].parts[0], request.messages[2].parts[0]
    assert call.id == result.call_id == "functions.go:0 é"  # type: ignore[union-attr]


@pytest.mark.parametrize(("reason", "word"), WORDS.items())
def test_every_stop_reason_is_one_the_sdk_knows(reason: Any, word: str) -> None:
    message = answer(foreign(TextPart("x"), stop=Stop(reason, sequence="END" if reason == "stop_sequence" else None)))
    assert message["stop_reason"] == word
    assert message.get("stop_sequence") == ("END" if reason == "stop_sequence" else None)


def test_a_call_or_a_refusal_is_the_reason_an_answer_ends() -> None:
    assert answer(foreign(ToolCallPart("c", "go", "{}")))["stop_reason"] == "tool_use"
    assert answer(foreign(ToolCallPart("c", "go", "{}"), stop=Stop("other", "odd")))["stop_reason"] == "tool_use"
    refused = answer(foreign(RefusalPart("I would rather not.")))
    assert refused["stop_reason"] == "refusal"
    assert content(refused) == [{"type": "text", "text": "I would rather not."}]


def test_the_vendors_own_stop_word_and_details_are_kept() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "no"}
    body: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": "refusal",
        "stop_sequence": None,
        "stop_details": details,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    assert sdk_message(CODEC.write_response(read_whole(body), context()))["stop_details"] == details
    body |= {"stop_reason": "compaction", "stop_details": None}
    assert read_whole(body).stop.reason == "pause"
    assert sdk_message(CODEC.write_response(read_whole(body), context()))["stop_reason"] == "compaction"


def test_usage_in_this_protocols_convention() -> None:
    usage = Usage(
        input_tokens=1000,
        output_tokens=50,
        cache_read_tokens=400,
        cache_write_tokens=100,
        cache_write_1h_tokens=30,
        reasoning_tokens=20,
        web_searches=2,
        service_tier="default",
    )
    message = answer(foreign(TextPart("x"), usage=usage))
    raw = message["usage"]
    assert (raw["input_tokens"], raw["cache_read_input_tokens"], raw["cache_creation_input_tokens"]) == (500, 400, 100)
    assert raw["cache_creation"] == {"ephemeral_5m_input_tokens": 70, "ephemeral_1h_input_tokens": 30}
    assert raw["output_tokens_details"]["thinking_tokens"] == 20
    assert raw["server_tool_use"]["web_search_requests"] == 2
    assert raw["service_tier"] == "standard"
    read_back = read_whole(message).usage
    usage.service_tier = "standard"
    assert read_back == usage


def test_cached_tokens_never_outgrow_the_input() -> None:
    raw = answer(foreign(TextPart("x"), usage=Usage(100, 5, cache_read_tokens=90, cache_write_tokens=90)))["usage"]
    assert (raw["input_tokens"], raw["cache_read_input_tokens"], raw["cache_creation_input_tokens"]) == (0, 90, 10)


def test_citations_of_other_vendors_come_back_exactly() -> None:
    original = Citation(
        "url", "https://a.example/x", "A", 3, 9, protocol="openai-responses", raw={"type": "url_citation", "n": 1}
    )
    elsewhere = Citation("file", file_id="file-1", protocol="openai-responses")
    message = answer(foreign(TextPart("As A says.", [original, elsewhere])))
    (citation,) = message["content"][0]["citations"]
    assert citation["type"] == "web_search_result_location" and citation["url"] == original.url
    request = CODEC.read_request(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": message["content"]}]}
    )
    (part,) = request.messages[0].parts
    assert isinstance(part, TextPart) and part.citations == [original]
    (block,) = CODEC.write_request(request, DEFAULT).body["messages"][0]["content"]
    assert "citations" not in block  # the vendor never made it


def test_what_an_answer_cannot_hold_stands_there_as_text() -> None:
    image = MediaPart("image", data="aGk=", media_type="image/png")
    other = OpaquePart("gemini", "code_execution", {}, "print(1)")
    message = answer(foreign(image, other, OpaquePart("gemini", "mystery", {})))
    assert [block["text"] for block in message["content"]] == ["[image: image/png]", "print(1)"]


def test_only_the_first_choice_is_told() -> None:
    events = foreign(TextPart("one"))
    events[-1:-1] = [PartStart(1, TextPart("two"), 1), PartDelta(1, "!"), PartEnd(1)]
    assert [block["text"] for block in answer(events)["content"]] == ["one"]


def test_a_failing_stream_ends_with_the_vendors_error_event() -> None:
    writer = CODEC.stream_writer(context())
    stream = writer.send(MessageStart("x", "m", 1, "openai-chat"))
    stream += writer.fail(GatewayError(ErrorKind.OVERLOADED, "too busy"))
    assert told(stream)[-1]["error"] == {"type": "overloaded_error", "message": "too busy"}
    with sdk(stream, "text/event-stream") as client, pytest.raises(Exception, match="too busy"):
        list(client.messages.create(model="m", max_tokens=1, messages=[], stream=True))


def test_a_ping_is_one_the_sdk_passes_over() -> None:
    writer = CODEC.stream_writer(context())
    stream = b"".join(writer.send(event) for event in foreign(TextPart("x"))[:1])
    rest = b"".join(writer.send(event) for event in foreign(TextPart("x"))[1:])
    assert sdk_stream(stream + writer.ping() + rest)["content"][0]["text"] == "x"


def test_a_compaction_block_survives() -> None:
    stream = sse(
        {"type": "message_start", "message": {"id": "m", "model": "m", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "compaction", "content": None}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "compaction_delta", "content": "So "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "compaction_delta", "content": "far"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "compaction"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    )
    events = read_stream([stream])
    assert fold(events_again(events)).parts[0].text == "So far"  # type: ignore[union-attr]
    assert content(sdk_stream(write_stream(events))) == [{"type": "compaction", "content": "So far"}]

"""What a reply carries besides text: opaque values, custom tools, refusals, probabilities, stops, media."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StopReason, StreamEvent
from crawdad.core.parts import (
    Citation,
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
)
from crawdad.core.response import fold
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat import CODEC, NAME, PROFILES
from crawdad.wire.seals import unseal_id
from tests.wire.openai_chat.recordings import chunks_of, context, read_stream, written_stream
from tests.wire.openai_chat.sdk import accumulate, parse_chunks, parse_whole

USAGE = {"include_usage": True}
OPENAI = PROFILES["openai"]


def events_of(*parts: Part, stop: Stop | None = None, protocol: str = "anthropic") -> list[StreamEvent]:
    """A foreign answer, each part told in one piece."""
    events: list[StreamEvent] = [MessageStart("up", "upstream-model", 1, protocol)]
    for index, part in enumerate(parts):
        events += [PartStart(index, part), PartEnd(index)]
    return [*events, MessageEnd(stop or Stop(), Usage(3, 2))]


def whole(events: list[StreamEvent], reply: ReplyContext | None = None) -> dict[str, Any]:
    return CODEC.write_response(fold(events), reply or context())


def message_of(events: list[StreamEvent], reply: ReplyContext | None = None) -> dict[str, Any]:
    message = whole(events, reply)["choices"][0]["message"]
    assert isinstance(message, dict)
    return message


def streamed_message(events: list[StreamEvent], reply: ReplyContext | None = None) -> dict[str, Any]:
    """The message that the SDK's accumulator makes of the stream, as a client would send it back."""
    message = accumulate(written_stream(events, reply or context())).choices[0].message
    return message.model_dump(exclude_none=True, exclude={"parsed"})


def sent_back(message: JsonObject) -> list[Part]:
    """The parts that our reader makes of an assistant message in the client's next request."""
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}, message]}
    return CODEC.read_request(body).messages[1].parts


OPAQUE = [
    ThinkingPart("Let me think.", signature="c2ln+/=", origin="anthropic"),
    ThinkingPart("", encrypted="ZW5j", redacted=True, origin="anthropic"),
    ThinkingPart("In short.", encrypted="gAAAA", summary=True, id="rs_1", origin="openai-responses"),
    ThinkingPart("", signature="Z2Vt", origin="gemini"),
]


@pytest.mark.parametrize("thinking", OPAQUE, ids=["signed", "redacted", "encrypted", "bare"])
@pytest.mark.parametrize("tell", [message_of, streamed_message], ids=["whole", "stream"])
def test_opaque_thinking_comes_back_byte_for_byte(thinking: ThinkingPart, tell: Any) -> None:
    message = tell(events_of(thinking, TextPart("Hello")))
    assert (message.get("reasoning_content") or "") == thinking.text
    assert sent_back(message) == [thinking, TextPart("Hello")]


@pytest.mark.parametrize("tell", [message_of, streamed_message], ids=["whole", "stream"])
def test_several_thoughts_keep_their_order_and_values(tell: Any) -> None:
    parts: list[Part] = [*OPAQUE, TextPart("Hello")]
    assert sent_back(tell(events_of(*parts))) == parts


def test_a_signature_may_come_last() -> None:
    events: list[StreamEvent] = [
        MessageStart(protocol="anthropic"),
        PartStart(0, ThinkingPart(origin="anthropic")),
        PartDelta(0, "Let me "),
        PartDelta(0, "think."),
        PartDelta(0, signature="c2"),
        PartDelta(0, signature="ln"),
        PartEnd(0),
        MessageEnd(),
    ]
    assert sent_back(streamed_message(events)) == [ThinkingPart("Let me think.", "c2ln", origin="anthropic")]


def test_plain_reasoning_needs_no_details() -> None:
    events = events_of(ThinkingPart("Hm.", origin=NAME), TextPart("Hi"), protocol=NAME)
    for message in (message_of(events), streamed_message(events)):
        assert message["reasoning_content"] == "Hm."
        assert "reasoning_details" not in message
        assert sent_back(message) == [ThinkingPart("Hm.", origin=NAME), TextPart("Hi")]


def test_a_vendors_own_details_return_to_the_vendor_as_they_were() -> None:
    items = [
        {"type": "reasoning.summary", "summary": "S", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "ZW5j", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
        {"type": "reasoning.text", "text": "T", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.new", "anything": [1], "index": 2},
    ]
    message = {"role": "assistant", "content": "Hi", "reasoning": "ST", "reasoning_details": items}
    body = {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    back = {"model": "m", "messages": [{"role": "user", "content": "x"}, message_of(CODEC.read_response(body, OPENAI))]}
    written = CODEC.write_request(CODEC.read_request(back), PROFILES["openrouter"]).body
    assert written["messages"][1]["reasoning_details"] == items
    streamed = streamed_message(CODEC.read_response(body, OPENAI))
    back = {"model": "m", "messages": [{"role": "user", "content": "x"}, streamed]}
    written = CODEC.write_request(CODEC.read_request(back), PROFILES["openrouter"]).body
    renumbered = [{**item, "index": number} for number, item in enumerate(items)]
    assert written["messages"][1]["reasoning_details"] == renumbered


def test_thought_signatures_survive_clients_that_keep_only_the_id() -> None:
    call = ToolCallPart("c1", "f", "{}", signature="Z2Vt", origin="gemini")
    for message in (message_of(events_of(call)), streamed_message(events_of(call))):
        told = message["tool_calls"][0]
        assert told["extra_content"] == {"google": {"thought_signature": "Z2Vt"}}
        assert unseal_id(told["id"]) == ("c1", "gemini", "Z2Vt")
        plain = {key: told[key] for key in ("id", "type", "function")}
        assert sent_back({"role": "assistant", "tool_calls": [plain]}) == [call]
        body = {
            "model": "m",
            "messages": [
                {"role": "assistant", "tool_calls": [plain]},
                {"role": "tool", "tool_call_id": told["id"], "content": "x"},
            ],
        }
        request = CODEC.read_request(body)
        assert request.messages[1].parts[0].call_id == "c1"  # type: ignore[union-attr]


def test_googles_own_signatures_need_no_seal() -> None:
    function = {"name": "f", "arguments": "{}"}
    signed = {
        "id": "c1",
        "type": "function",
        "function": function,
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }
    body = {
        "id": "1",
        "model": "m",
        "choices": [{"index": 0, "message": {"tool_calls": [signed]}, "finish_reason": "x"}],
    }
    events = CODEC.read_response(body, PROFILES["google"])
    call = message_of(events)["tool_calls"][0]
    assert call == signed
    back = {"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]}
    assert CODEC.write_request(CODEC.read_request(back), PROFILES["google"]).body["messages"][0]["tool_calls"] == [
        signed
    ]


def test_a_signature_of_text_stands_at_the_message() -> None:
    events = events_of(TextPart("Hi", signature="c2ln"), protocol=NAME)
    for message in (message_of(events), streamed_message(events)):
        assert sent_back(message) == [TextPart("Hi", signature="c2ln")]


CUSTOM = {"tools": [{"type": "custom", "custom": {"name": "patch"}}]}


@pytest.mark.parametrize(
    "call",
    [
        ToolCallPart("c1", "patch", '{"input":"*** Begin\\n"}', origin="anthropic"),
        ToolCallPart("c1", "patch", "*** Begin\n", custom=True, origin="openai-responses"),
    ],
    ids=["as a function", "as custom"],
)
def test_custom_tools_are_answered_as_custom(call: ToolCallPart) -> None:
    reply = context(**CUSTOM)
    expected = {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin\n"}}
    assert message_of(events_of(call), reply)["tool_calls"] == [expected]
    parse_whole(whole(events_of(call), reply))
    events: list[StreamEvent] = [MessageStart(), PartStart(0, ToolCallPart("c1", "patch", custom=call.custom))]
    events += [PartDelta(0, character) for character in call.arguments]
    stream = written_stream([*events, PartEnd(0), MessageEnd(Stop("tool_use"))], reply)
    deltas = [choice["delta"] for chunk in chunks_of(stream) for choice in chunk["choices"]]
    fragments = [entry for delta in deltas for entry in delta.get("tool_calls", [])]
    assert fragments[0]["id"] == "c1"
    assert "".join(fragment["custom"].get("input", "") for fragment in fragments) == "*** Begin\n"


def test_arguments_that_are_no_wrapping_pass_as_they_are() -> None:
    call = ToolCallPart("c1", "patch", "not json")
    assert message_of(events_of(call), context(**CUSTOM))["tool_calls"][0]["custom"]["input"] == "not json"


def test_clients_with_functions_are_answered_in_kind() -> None:
    reply = context(functions=[{"name": "f"}])
    events = events_of(ToolCallPart("c1", "f", '{"a":1}'), stop=Stop("tool_use"))
    choice = whole(events, reply)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "f", "arguments": '{"a":1}'}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"
    seen = accumulate(written_stream(events, reply)).choices[0]
    assert seen.message.function_call is not None
    assert (seen.message.function_call.name, seen.message.function_call.arguments) == ("f", '{"a":1}')
    assert seen.finish_reason == "function_call"


def test_calls_without_an_id_get_one_that_is_the_same_every_time() -> None:
    events = events_of(TextPart("x"), ToolCallPart("", "f", "{}"), ToolCallPart("", "f", "{}"))
    ids = [call["id"] for call in message_of(events)["tool_calls"]]
    assert ids == ["call_r1_1", "call_r1_2"]
    assert [call["id"] for call in streamed_message(events)["tool_calls"]] == ids


def test_refusals_both_ways() -> None:
    events = events_of(RefusalPart("I will not."), stop=Stop("refusal"), protocol="openai-responses")
    choice = whole(events)["choices"][0]
    assert choice["message"]["refusal"] == "I will not."
    assert choice["message"]["content"] is None
    assert choice["finish_reason"] == "stop"
    assert streamed_message(events)["refusal"] == "I will not."
    body = {"id": "1", "model": "m", "choices": [choice]}
    answer = fold(CODEC.read_response(body, PROFILES["openai"]))
    assert answer.parts == [RefusalPart("I will not.")]
    assert answer.stop.reason == "refusal"


def test_log_probabilities_of_content_and_refusal() -> None:
    token = TokenLogprob("Hi", -0.1, [72, 105], [TokenLogprob("Ho", -2.0, None)])
    events = events_of(TextPart("Hi", logprobs=[token]), RefusalPart("No", logprobs=[token]))
    seen = parse_whole(whole(events)).choices[0].logprobs
    streamed = accumulate(written_stream(events, context())).choices[0].logprobs
    for logprobs in (seen, streamed):
        assert logprobs is not None and logprobs.content and logprobs.refusal
        assert logprobs.content[0].model_dump() == logprobs.refusal[0].model_dump()
        assert logprobs.content[0].bytes == [72, 105]
        assert logprobs.content[0].top_logprobs[0].token == "Ho"
    again, _ = read_stream([written_stream(events, context())])
    assert fold(again).parts == fold(events).parts


def test_citations_of_other_protocols_become_annotations() -> None:
    cited = TextPart("Water is wet.", citations=[Citation("url", "https://a.example", "A", 0, 5, "quoted")])
    document = TextPart(" So it is.", citations=[Citation("document", title="Book", cited_text="wet")])
    events = events_of(cited, document)
    expected = [
        {"url": "https://a.example", "title": "A", "start_index": 0, "end_index": 5, "content": "quoted"},
        {"url": "", "title": "Book", "start_index": 13, "end_index": 23, "content": "wet"},
    ]
    seen = parse_whole(whole(events)).choices[0].message.annotations
    assert [annotation.url_citation.model_dump() for annotation in seen or []] == expected
    streamed = streamed_message(events)["annotations"]
    assert [annotation["url_citation"] for annotation in streamed] == expected


@pytest.mark.parametrize("reason", get_args(StopReason))
def test_every_stop_has_a_word(reason: StopReason) -> None:
    events = events_of(TextPart("x"), stop=Stop(reason, raw="theirs"))
    choice = parse_whole(whole(events)).choices[0]
    parse_chunks(written_stream(events, context()))
    word = {
        "end": "stop",
        "max_tokens": "length",
        "tool_use": "tool_calls",
        "content_filter": "content_filter",
        "refusal": "content_filter",
        "context_window": "length",
    }.get(reason, "stop")
    assert choice.finish_reason == word
    native = None if reason in ("end", "max_tokens", "tool_use", "content_filter") else "theirs"
    assert getattr(choice, "native_finish_reason", None) == native


def test_the_stop_sequence_is_told() -> None:
    events = events_of(TextPart("x"), stop=Stop("stop_sequence", "stop_sequence", "END"))
    choice = whole(events)["choices"][0]
    assert (choice["finish_reason"], choice["stop_reason"]) == ("stop", "END")
    answer = fold(CODEC.read_response({"id": "1", "model": "m", "choices": [choice]}, PROFILES["vllm"]))
    assert (answer.stop.reason, answer.stop.sequence) == ("stop_sequence", "END")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "end"),
        ("length", "max_tokens"),
        ("model_length", "context_window"),
        ("tool_calls", "tool_use"),
        ("function_call", "tool_use"),
        ("content_filter", "content_filter"),
        ("sensitive", "content_filter"),
        ("insufficient_system_resource", "error"),
        ("network_error", "error"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "malformed_tool_call"),
        ("flummoxed", "other"),
    ],
)
def test_vendors_finish_reasons(word: str, reason: StopReason) -> None:
    choice = {"index": 0, "message": {"content": "x"}, "finish_reason": word}
    answer = fold(CODEC.read_response({"id": "1", "model": "m", "choices": [choice]}, PROFILES["openai"]))
    assert answer.stop == Stop(reason, word)


def test_audio_both_ways() -> None:
    audio = {"id": "audio_1", "data": "AAAA", "expires_at": 1700003600, "transcript": "Hello"}
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "audio": audio}, "finish_reason": "stop"}
    body = {"id": "1", "model": "m", "choices": [choice]}
    answer = fold(CODEC.read_response(body, OPENAI))
    part = answer.parts[0]
    assert isinstance(part, MediaPart)
    assert (part.kind, part.data, part.text) == ("audio", "AAAA", "Hello")
    seen = parse_whole(CODEC.write_response(answer, context())).choices[0].message.audio
    assert seen is not None and seen.model_dump() == audio
    assert streamed_message(CODEC.read_response(body, OPENAI))["audio"] == audio
    foreign = events_of(MediaPart("audio", data="AAAA"), protocol="gemini")
    invented = parse_whole(whole(foreign)).choices[0].message.audio
    assert invented is not None and (invented.id, invented.expires_at) == ("audio_r1", 1700003600)


def test_images_of_other_protocols() -> None:
    events = events_of(MediaPart("image", data="AAAA", media_type="image/jpeg"), MediaPart("image", url="https://a/b"))
    urls = ["data:image/jpeg;base64,AAAA", "https://a/b"]
    for message in (message_of(events), streamed_message(events)):
        assert [image["image_url"]["url"] for image in message["images"]] == urls
    again, _ = read_stream([written_stream(events, context())])
    images = [part for part in fold(again).parts if isinstance(part, MediaPart)]
    assert [(image.data, image.url) for image in images] == [("AAAA", None), (None, "https://a/b")]


def test_server_side_items_have_no_place() -> None:
    events = events_of(OpaquePart("anthropic", "server_tool_use", {"x": 1}), TextPart("Found."))
    assert message_of(events)["content"] == "Found."
    assert streamed_message(events)["content"] == "Found."


def test_tiers_and_vendor_fields() -> None:
    body = {
        "id": "1",
        "model": "m",
        "system_fingerprint": "fp",
        "provider": "X",
        "service_tier": "on_demand",
        "choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}],
    }
    reply = whole(CODEC.read_response(body, PROFILES["groq"]))
    assert (reply["system_fingerprint"], reply["provider"]) == ("fp", "X")
    assert "service_tier" not in reply  # OpenAI's clients know only OpenAI's tiers
    foreign: list[StreamEvent] = [
        MessageStart("x", "m", 1, "anthropic", extra={"container": {}}),
        MessageEnd(usage=Usage(1, 1, service_tier="standard")),
    ]
    reply = whole(foreign)
    assert reply["service_tier"] == "default"
    assert "container" not in reply
    chunks = chunks_of(written_stream(foreign, context(stream_options=USAGE)))
    assert chunks[-1]["service_tier"] == "default"

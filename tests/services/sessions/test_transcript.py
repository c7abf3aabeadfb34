"""What a log keeps of a message is all of it."""

from __future__ import annotations

import orjson
import pytest

from crawdad.core.parts import (
    CacheMarker,
    Citation,
    MediaPart,
    Message,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.services.sessions.transcript import (
    ids_in,
    message_of,
    read_message,
    read_parts,
    text_of,
    write_message,
    write_parts,
)

MESSAGES = [
    Message("user", [TextPart("Hi")]),
    Message(
        "user", [TextPart(""), MediaPart("image", data="aGk=", media_type="image/png", detail="low", name="猫.png")]
    ),
    Message(
        "assistant",
        [
            ThinkingPart("hm", signature="sig==", origin="anthropic-messages", id="rs_1", summary=True),
            ThinkingPart(encrypted="opaque", redacted=True, format="v1", extra={"a": [1, {"b": None}]}),
            TextPart(
                "Paris",
                citations=[Citation("url", url="https://a", start=0, end=5, raw={"x": 1}, protocol="gemini")],
                logprobs=[TokenLogprob("Pa", -0.1, [80, 97], top=[TokenLogprob("Lo", -2.0)])],
                signature="gs",
                cache=CacheMarker("1h"),
            ),
            ToolCallPart("call_1", "look", '{"a": 1,  "b": "\\u00e9"}', signature="ts", origin="gemini", namespace="n"),
            ToolCallPart("call_2", "patch", "*** free", custom=True),
            RefusalPart("No."),
            OpaquePart("anthropic-messages", "server_tool_use", {"id": "x"}, "searched", True),
        ],
        name="bot",
        id="msg_1",
        extra={"phase": "final"},
    ),
    Message(
        "tool",
        [
            ToolResultPart("call_1", [TextPart("found"), MediaPart("document", text="body", name="a.txt")], "look"),
            ToolResultPart("call_2", [], is_error=True, custom=True, cache=CacheMarker()),
        ],
    ),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.role)
def test_a_message_reads_back_as_the_same(message: Message) -> None:
    written = orjson.loads(orjson.dumps(write_message(message)))
    assert read_message(written) == message
    assert message_of({"message": written}) == message


def test_ids_are_found_without_reading_the_rest() -> None:
    single = Message("tool", [ToolResultPart("call_9", [TextPart("x")], "look")])
    for message in (*MESSAGES, single):
        written = write_message(message)
        called = [part.id for part in message.parts if isinstance(part, ToolCallPart)]
        answered = [part.call_id for part in message.parts if isinstance(part, ToolResultPart)]
        assert ids_in(written, "toolCall") == called
        assert ids_in(written, "toolResult") == answered
    for content in ("text", None, 5, [5, {"type": "toolCall"}, {"type": "toolCall", "id": 7}]):
        assert set(ids_in({"role": "assistant", "content": content}, "toolCall")) <= {""}
    assert ids_in({"role": "toolResult", "toolCallId": None}, "toolResult") == [""]


def test_defaults_take_no_room() -> None:
    assert write_message(MESSAGES[0]) == {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
    assert write_message(MESSAGES[0], 1.5)["timestamp"] == 1500


def test_kinds_of_a_newer_version_are_passed_over() -> None:
    value = {"role": "user", "content": [{"type": "hologram"}, {"type": "text", "text": "a", "newer": 1}, 5]}
    assert read_message(value) == Message("user", [TextPart("a")])
    assert message_of({}) is None and message_of({"message": "x"}) is None
    assert message_of({"message": {"role": "hologram"}}) is None


def test_a_single_answer_of_a_tool_is_spelled_as_openclaw_does() -> None:
    message = Message("tool", [ToolResultPart("call_1", [TextPart("no")], "look", True, extra={"a": 1})], id="m")
    written = write_message(message)
    assert written == {
        "role": "toolResult",
        "toolCallId": "call_1",
        "toolName": "look",
        "content": [{"type": "text", "text": "no"}],
        "isError": True,
        "resultExtra": {"a": 1},
        "messageId": "m",
    }
    assert read_message(written) == message


@pytest.mark.parametrize("wrong", [None, 5, "text", [], {}, [5], {"a": 1}])
def test_wrong_types_do_no_harm(wrong: object) -> None:
    for kind in ("text", "thinking", "toolCall", "toolResult", "image", "refusal", "opaque"):
        names = ("text", "thinking", "arguments", "content", "id", "citations", "logprobs", "cache", "extra", "raw")
        value = {"role": "assistant", "content": [{"type": kind, name: wrong} for name in names]}
        message = read_message(value)
        assert message is not None and len(message.parts) == len(names)
        assert read_message(orjson.loads(orjson.dumps(write_message(message)))) == message
        text_of(message.parts)
    assert read_message({"role": "toolResult", "content": wrong, "toolCallId": wrong}) is not None


def test_what_is_said_in_the_clear() -> None:
    assert text_of(MESSAGES[3].parts) == "found\na.txt\nbody"
    assert text_of(MESSAGES[2].parts) == "Paris\nNo."


def test_arguments_that_are_nested_too_deeply_are_kept_as_they_were_written() -> None:
    deep = '{"a":' * 400 + "1" + "}" * 400
    call = ToolCallPart("c", "look", deep)
    written = write_parts([call])
    assert orjson.loads(orjson.dumps(written))[0]["arguments"] == deep
    assert read_parts(written) == [call]
    (theirs,) = read_parts([{"type": "toolCall", "id": "c", "name": "look", "arguments": orjson.loads(deep)}])
    assert isinstance(theirs, ToolCallPart) and theirs.arguments == "{}"

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
from crawdad.services.sessions.transcript import message_of, read_message, text_of, write_message

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


def test_defaults_take_no_room() -> None:
    assert write_message(MESSAGES[0]) == {"role": "user", "parts": [{"type": "text", "text": "Hi"}]}


def test_kinds_of_a_newer_version_are_passed_over() -> None:
    value = {"role": "user", "parts": [{"type": "hologram"}, {"type": "text", "text": "a", "newer": 1}]}
    assert read_message(value) == Message("user", [TextPart("a")])
    assert message_of({}) is None and message_of({"message": "x"}) is None


def test_what_is_said_in_the_clear() -> None:
    assert text_of(MESSAGES[3].parts) == "found\na.txt\nbody"
    assert text_of(MESSAGES[2].parts) == "Paris\nNo."

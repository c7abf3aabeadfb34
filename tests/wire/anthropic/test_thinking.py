"""Thinking keeps what only its maker understands, byte for byte, over dialects and turns (attack 31)."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import ThinkingPart, ToolCallPart
from crawdad.core.request import ModelRequest
from crawdad.core.response import fold
from crawdad.wire.anthropic import CODEC
from crawdad.wire.profile import DEFAULT, Profile
from tests.wire.anthropic.speaking import context, read_stream, sdk_message, sdk_stream, sse, write_stream

OMITTED = CODEC.read_request(
    {"model": "m", "messages": [], "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}}
)

FOREIGN = [
    ThinkingPart("because", "s+/=\n\u00e9", origin="gemini"),
    ThinkingPart("sum", None, "gAAA+/==", False, True, "rs_1", "openai-responses"),
    ThinkingPart("", None, "gAAA", id="rs_2", origin="openai-responses"),
    ThinkingPart("", None, "data", True, origin="bedrock"),
    ThinkingPart("plain", origin="openai-chat"),
]


def history(content: list[dict[str, Any]]) -> ModelRequest:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": content}]}
    return CODEC.read_request(body)


def events_of(part: ThinkingPart) -> list[StreamEvent]:
    """The part as a stream would bring it: signature and ciphertext last."""
    begun = ThinkingPart("", None, None, part.redacted, part.summary, part.id, part.origin)
    half = len(part.text) // 2
    return [
        MessageStart("x", "m", 1, part.origin),
        PartStart(0, begun),
        PartDelta(0, part.text[:half]),
        PartDelta(0, part.text[half:]),
        PartDelta(0, signature=part.signature, encrypted=part.encrypted),
        PartEnd(0),
        MessageEnd(),
    ]


@pytest.mark.parametrize("part", FOREIGN)
@pytest.mark.parametrize("request_", [None, OMITTED], ids=["shown", "omitted"])
def test_foreign_thinking_comes_back_exactly(part: ThinkingPart, request_: ModelRequest | None) -> None:
    reply = context(request_)
    whole = sdk_message(CODEC.write_response(fold(events_of(part)), reply))
    streamed = sdk_stream(write_stream(events_of(part), reply))
    assert streamed["content"] == whole["content"]
    assert whole["content"][0]["thinking"] == (part.text if request_ is None else "")
    assert history(whole["content"]).messages[0].parts == [part]


def test_foreign_thinking_is_never_shown_to_the_vendor() -> None:
    content = CODEC.write_response(fold(events_of(FOREIGN[0])), context())["content"]
    request = history([*content, {"type": "text", "text": "so"}])
    written = CODEC.write_request(request, DEFAULT)
    assert written.body["messages"] == [{"role": "assistant", "content": [{"type": "text", "text": "so"}]}]
    assert any(note.startswith("thinking of another vendor: dropped") for note in written.notes)


def test_a_turn_of_nothing_but_foreign_thinking_goes_and_takes_the_budget_with_it() -> None:
    sealed = CODEC.write_response(fold(events_of(FOREIGN[0])), context())["content"]
    request = CODEC.read_request(
        {
            "model": "m",
            "max_tokens": 5000,
            "thinking": {"type": "enabled", "budget_tokens": 2000},
            "messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": sealed},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]},
            ],
        }
    )
    body = CODEC.write_request(request, Profile(adaptive_thinking=False)).body
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert "thinking" not in body


@pytest.mark.parametrize("request_", [None, OMITTED], ids=["shown", "omitted"])
def test_the_vendors_own_thinking_keeps_its_signature(request_: ModelRequest | None) -> None:
    stream = sse(
        {"type": "message_start", "message": {"id": "m", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "redacted_thinking", "data": "veil"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"type": "signature_delta", "signature": "EqQB+/=="}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    )
    message = sdk_stream(write_stream(read_stream([stream]), context(request_)))
    assert message["content"] == [
        {"type": "redacted_thinking", "data": "veil"},
        {"type": "thinking", "thinking": "", "signature": "EqQB+/=="},
    ]
    written = CODEC.write_request(history(message["content"]), DEFAULT)
    assert written.body["messages"][0]["content"] == message["content"] and written.notes == []


def test_the_signature_of_a_foreign_call_rides_in_its_id() -> None:
    part = ToolCallPart("call_1", "look", "{}", signature="c2lnbmF0dXJl+/=", origin="gemini")
    events: list[StreamEvent] = [MessageStart("x", "m", 1, "gemini"), PartStart(0, part), PartEnd(0), MessageEnd()]
    message = sdk_stream(write_stream(events))
    call = history(message["content"]).messages[0].parts[0]
    assert isinstance(call, ToolCallPart)
    assert (call.id, call.signature, call.origin) == ("call_1", "c2lnbmF0dXJl+/=", "gemini")

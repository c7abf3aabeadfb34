"""Compaction: the vendor's own items stay as they are; with other vendors a summary takes their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import JsonObject, OpaquePart, TextPart, ThinkingPart, ToolCallPart
from crawdad.wire import codecs
from crawdad.wire.compaction import in_plain_words
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import DEFAULT
from tests.wire.openai_responses.speech import (
    accepted_by_sdk,
    answer,
    final,
    heard_by_sdk,
    request,
    round_trip,
    written,
)

FOREIGN = [name for name in codecs.PROTOCOLS if name != NAME]
TRIGGER = {"type": "compaction_trigger"}
SPOKEN: list[JsonObject] = [
    {"type": "message", "role": "user", "content": "Count the pebbles."},
    {"type": "function_call", "call_id": "call_1", "name": "count", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "4711"},
]
TOOLS = [{"type": "function", "name": "count", "parameters": {"type": "object"}, "strict": False}]


def compacted(events: list[StreamEvent]) -> list[JsonObject]:
    """What a client hears that asked for compaction."""
    return written(events, request(input=[*SPOKEN, TRIGGER], tools=TOOLS))


def test_the_vendor_itself_gets_the_trigger() -> None:
    items = [*SPOKEN, TRIGGER]
    assert round_trip({"model": "m", "input": items})["input"] == items


@pytest.mark.parametrize("protocol", FOREIGN)
def test_another_vendor_is_asked_in_words(protocol: str) -> None:
    asked = request(input=[*SPOKEN, TRIGGER], tools=TOOLS, text={"format": {"type": "json_object"}})
    assert asked.compact
    body = codecs.get(protocol).write_request(in_plain_words(asked), DEFAULT).body
    said = str(body)
    assert "Count the pebbles." in said and "4711" in said
    assert "Write a summary of this conversation" in said.split("4711")[1]
    assert "compaction_trigger" not in said
    assert "json_object" not in said


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_trigger_must_be_last(place: int) -> None:
    items = list(SPOKEN)
    items.insert(place, TRIGGER)
    with pytest.raises(GatewayError, match=rf"input\[{place}\]") as refused:
        request(input=[*items, {"role": "user", "content": "x"}])
    assert refused.value.details["param"] == f"input[{place}]"


def test_a_summary_becomes_the_one_item_of_the_answer() -> None:
    objects = compacted(
        answer([ThinkingPart("hm", signature="s", origin="anthropic"), TextPart("Pebbles: "), TextPart("4711.")])
    )
    (item,) = final(objects)["output"]
    assert (item["type"], item["id"]) == ("compaction", "cmp_r1_0")
    assert heard_by_sdk(objects).output[0].encrypted_content == item["encrypted_content"]
    done = [event["item"] for event in objects if event["type"] == "response.output_item.done"]
    assert done == [item]
    again = request(input=[item, {"role": "user", "content": "go on"}]).messages
    assert [message.role for message in again] == ["user", "user"]
    (part,) = again[0].parts
    assert isinstance(part, TextPart)
    assert part.text.endswith("\n\nPebbles: 4711.")
    upstream = round_trip({"model": "m", "input": [item, {"role": "user", "content": "go on"}]})["input"]
    assert upstream[0]["role"] == "user" and upstream[0]["content"][0]["text"] == part.text


def test_a_summary_that_was_cut_off_is_incomplete() -> None:
    objects = compacted(answer([TextPart("Pebb")], Stop("max_tokens")))
    response = accepted_by_sdk(final(objects))
    assert (response.status, len(response.output)) == ("incomplete", 1)


@pytest.mark.parametrize("parts", [[], [ToolCallPart("call_2", "count", "{}")], [TextPart(" ")]])
def test_an_answer_without_a_summary_has_failed(parts: list[Any]) -> None:
    objects = compacted(answer(parts))
    assert objects[-1]["type"] == "response.failed"
    response = accepted_by_sdk(final(objects))
    assert response.error is not None
    assert "no summary" in response.error.message


def test_what_the_vendor_compacted_itself_goes_through() -> None:
    item = {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"}
    part = OpaquePart(NAME, "compaction", item, essential=True)
    events: list[StreamEvent] = [
        MessageStart("up_1", "m", 1, NAME),
        PartStart(0, replace(part)),
        PartEnd(0),
        MessageEnd(Stop("end")),
    ]
    assert final(compacted(events))["output"] == [item]
    assert request(input=[item]).messages[0].parts == [part]


@pytest.mark.parametrize("protocol", FOREIGN)
@pytest.mark.parametrize("kind", ["compaction", "compaction_summary"])
def test_nobody_else_can_read_what_the_vendor_compacted(protocol: str, kind: str) -> None:
    asked = request(input=[{"type": kind, "encrypted_content": "gAAAA"}, {"role": "user", "content": "go on"}])
    with pytest.raises(GatewayError, match="compacted"):
        codecs.get(protocol).write_request(asked, DEFAULT)

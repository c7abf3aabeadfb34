"""Signatures of other vendors survive a Gemini client, byte for byte, whatever the client drops or re-encodes."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.genai import types

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import fold
from crawdad.wire.gemini import GEMINI
from tests.wire.gemini.support import context, respoken, sdk

SIGNATURE = "EqQBCkYIBBgCKkA+/é\u2028" + "x" * 301
THOUGHTS: list[Part] = [
    ThinkingPart("first?>>~~", signature=SIGNATURE, origin="anthropic"),
    ThinkingPart("", encrypted="opaque+/", redacted=True, origin="anthropic"),
    ThinkingPart("sum", encrypted="enc", id="rs_1", summary=True, origin="openai-responses"),
]


def _answer() -> list[StreamEvent]:
    events: list[StreamEvent] = [MessageStart("", "", None, "anthropic")]
    for index, part in enumerate([*THOUGHTS, TextPart("so"), ToolCallPart("c1", "f", '{"a":1}')]):
        events += [PartStart(index, part), PartEnd(index)]
    return [*events, MessageEnd()]


def _whole() -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = GEMINI.write_response(fold(_answer()), context())["candidates"][0]["content"]["parts"]
    return parts


def _streamed() -> list[dict[str, Any]]:
    return _said(_answer())


def _said(events: list[StreamEvent]) -> list[dict[str, Any]]:
    writer = GEMINI.stream_writer(context())
    raw = b"".join(writer.send(event) for event in events)
    chunks = [json.loads(line[6:]) for line in raw.split(b"\r\n") if line.startswith(b"data: ")]
    return [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]


def _history(parts: list[dict[str, Any]]) -> list[Part]:
    contents = [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": parts}]
    return GEMINI.read_request({"contents": contents}, model="m").messages[1].parts


def _opaque(parts: list[Part]) -> list[Any]:
    return [
        (part.origin, part.signature, part.encrypted, part.id, part.redacted)
        for part in parts
        if isinstance(part, ThinkingPart) and (part.signature or part.encrypted)
    ]


def test_thoughts_come_back_as_they_were() -> None:
    assert [part for part in _history(_whole()) if isinstance(part, ThinkingPart)] == THOUGHTS
    assert [part for part in _history(_streamed()) if isinstance(part, ThinkingPart)] == THOUGHTS


def test_a_thought_told_in_pieces_comes_back_in_one() -> None:
    events: list[StreamEvent] = [
        MessageStart("", "", None, "anthropic"),
        PartStart(0, ThinkingPart(origin="anthropic")),
        PartDelta(0, "one "),
        PartDelta(0, "two"),
        PartDelta(0, signature="si"),
        PartDelta(0, signature="g"),
        PartEnd(0),
        PartStart(1, ThinkingPart(encrypted="hidden", redacted=True, origin="anthropic")),
        PartEnd(1),
        MessageEnd(),
    ]
    parts = _history(_said(events))
    assert parts[:2] == [
        ThinkingPart("one two", signature="sig", origin="anthropic"),
        ThinkingPart(encrypted="hidden", redacted=True, origin="anthropic"),
    ]


def test_thought_parts_may_be_dropped_when_there_is_a_call() -> None:
    for spoken in (_whole(), _streamed()):
        kept = [part for part in spoken if not part.get("thought") and part.get("text") != ""]
        parts = _history(kept)
        assert [type(part).__name__ for part in parts] == ["TextPart", *["ThinkingPart"] * 3, "ToolCallPart"]
        assert parts[1:4] == THOUGHTS
        call = parts[4]
        assert isinstance(call, ToolCallPart)
        assert call.signature is None


def test_the_python_sdk_writes_signatures_in_another_alphabet() -> None:
    body = GEMINI.write_response(fold(_answer()), context())
    answer = sdk(json.dumps(body).encode()).models.generate_content(model="m", contents="x")
    assert answer.candidates is not None
    content = answer.candidates[0].content
    assert isinstance(content, types.Content)
    parts = json.loads(content.model_dump_json(by_alias=True, exclude_none=True))["parts"]
    urlsafe = [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]
    assert any("-" in token or "_" in token for token in urlsafe)
    assert _opaque(_history(parts)) == _opaque(THOUGHTS)


def test_googles_own_signatures_pass_untouched() -> None:
    signature = base64.b64encode(bytes(range(256))).decode()
    for token in (
        signature,
        signature.replace("+", "-").replace("/", "_").rstrip("="),
        "skip_thought_signature_validator",
    ):
        parts: list[Any] = [
            {"text": "t", "thought": True, "thoughtSignature": token},
            {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": token},
        ]
        thought, call = _history(parts)
        assert isinstance(thought, ThinkingPart)
        assert isinstance(call, ToolCallPart)
        assert (thought.signature, call.signature) == (token, token)


def test_googles_own_signatures_survive_speaking_again() -> None:
    events: list[StreamEvent] = [MessageStart("", "", None, "gemini")]
    parts: list[Part] = [
        ThinkingPart("t", signature="Zm9v", summary=True, origin="gemini"),
        TextPart("x", signature="YmFy"),
        ToolCallPart("1", "f", "{}", signature="YmF6", origin="gemini"),
    ]
    for index, part in enumerate(parts):
        events += [PartStart(index, part), PartEnd(index)]
    events.append(MessageEnd())
    assert respoken(events).parts == parts


def test_forged_seals_are_harmless() -> None:
    for fields in ({"p": 3, "sig": [], "red": "x"}, {"thoughts": 3}, {"thoughts": [3, {"p": None}]}, {}):
        token = base64.b64encode(b"crawdad1:" + json.dumps(fields).encode()).decode()
        _history(
            [
                {"text": "t", "thought": True, "thoughtSignature": token},
                {"functionCall": {"name": "f"}, "thoughtSignature": token},
            ]
        )

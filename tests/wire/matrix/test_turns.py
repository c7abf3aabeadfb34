"""Turns that go on: what only the vendor understands comes back to it byte for byte, and never reaches anybody else.

An answer of vendor X is re-spoken to a client of protocol Y; the client's SDK puts it into its history as applications do,
adds tool results and sends its next request, whose bytes are caught. Read by Y's codec and written for X they must hold
every signature, encrypted thought and redacted block unchanged; written for a third vendor Z, none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from crawdad.core.events import StreamEvent
from crawdad.core.request import ModelRequest
from crawdad.wire import codecs
from crawdad.wire.features import Feature
from crawdad.wire.openai_chat import PROFILES
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.seals import has_seals
from tests.support.goldens import needs_goldens
from tests.support.sdk import JUDGES
from tests.wire.matrix.facts import facts_of
from tests.wire.matrix.opaque import Value, in_answer, in_request
from tests.wire.matrix.recorded import PROTOCOLS, recordings
from tests.wire.matrix.rules import broken_rules
from tests.wire.matrix.speaking import FORMS, reply, small_request

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """An answer of a vendor of `protocol`, as it came over the wire."""

    protocol: str
    name: str
    body: JsonObject

    def events(self) -> list[StreamEvent]:
        return codecs.get(self.protocol).read_response(self.body, DEFAULT)


def signed_answers(protocol: str) -> Iterator[Told]:
    """Recorded answers that hold opaque values, and what the recordings lack."""
    for recorded in recordings(protocol):
        body = recorded.whole()
        if in_answer(protocol, body) and not _unknown_to_the_sdk(body):
            yield Told(protocol, str(recorded), body)
    yield from (Told(protocol, name, body) for name, body in SIGNED[protocol].items())


def _unknown_to_the_sdk(body: JsonObject) -> bool:
    """Two recorded web searches have sources that the vendor's own SDK does not accept."""
    return any(item.get("type") == "web_search_call" for item in body.get("output", []))


def profile(protocol: str) -> Profile:
    """An upstream that understands the opaque values of its protocol."""
    return PROFILES["openrouter"] if protocol == "openai-chat" else DEFAULT


def next_request(told: Told, client: str, form: str) -> tuple[bytes, ModelRequest]:
    """What the client's SDK sends next, as bytes and as our codec reads it."""
    asked = small_request(client)
    answer = reply(client, form, told.events, asked)
    judge = JUDGES[client]
    heard = judge.streamed(answer) if isinstance(answer, bytes) else judge.whole(answer)
    results = [(call.id, f"result of {call.name}") for call in facts_of(client, heard).first.calls]
    body = judge.next_request(answer, results)
    return orjson.dumps(body), codecs.get(client).read_request(body, model="m")


def carried(values: list[Value], same: bool) -> list[Value]:
    """The values that must come back. Signatures of text are optional and stay behind in other protocols."""
    return [value for value in values if same or value[0] != "text"]


@needs_goldens
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("client", PROTOCOLS)
@pytest.mark.parametrize("vendor", PROTOCOLS)
def test_opaque_values_come_back_byte_for_byte(vendor: str, client: str, form: str) -> None:
    lost = []
    count = 0
    for told in signed_answers(vendor):
        raw, request = next_request(told, client, form)
        wanted = carried(in_answer(vendor, told.body), vendor == client)
        body = codecs.get(vendor).write_request(request, profile(vendor)).body
        got = carried(in_request(vendor, body), vendor == client)
        rules = broken_rules(vendor, body) if vendor != client else []
        if got != wanted or rules:
            lost.append(f"{told.name}: {wanted!r:.300} became {got!r:.300} {rules}")
        if wanted and vendor != client and not has_seals(raw):
            lost.append(f"{told.name}: sealed values would take the express lane")
        count += 1
    assert count > 5
    assert lost == []


@needs_goldens
@pytest.mark.parametrize("client", PROTOCOLS)
@pytest.mark.parametrize("vendor", PROTOCOLS)
def test_opaque_values_reach_nobody_else(vendor: str, client: str) -> None:
    leaks = []
    for told in signed_answers(vendor):
        values = in_answer(vendor, told.body)
        raw = next_request(told, client, "whole")[0]
        thought = any(kind not in ("call", "text") for kind, _ in values)
        for other in PROTOCOLS:
            if other == vendor:
                continue
            codec = codecs.get(other)
            written = codec.write_request(codecs.get(client).read_request(orjson.loads(raw), model="m"), DEFAULT)
            sent = orjson.dumps(written.body)
            if any(value.encode() in sent for _, value in values if len(value) > 8) or has_seals(sent):
                leaks.append(f"{told.name} to {other}")
            noted = any(note.startswith(Feature.FOREIGN_THINKING.value) for note in written.notes)
            if thought and not noted:
                leaks.append(f"{told.name} to {other}: not noted, {written.notes}")
    assert leaks == []


def test_chat_clients_that_keep_only_documented_fields_keep_call_signatures() -> None:
    """Most of them forget unknown fields of a message; the ids of calls are all that surely comes back."""
    told = Told("gemini", "parallel calls", SIGNED["gemini"]["parallel calls"])
    answer = reply("openai-chat", "whole", told.events, small_request("openai-chat"))
    assert isinstance(answer, dict)
    calls = [
        {key: call[key] for key in ("id", "type", "function")} for call in answer["choices"][0]["message"]["tool_calls"]
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in calls]
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": None, "tool_calls": calls}, *results]
    request = codecs.get("openai-chat").read_request({"model": "m", "messages": messages})
    body = codecs.get("gemini").write_request(request, DEFAULT).body
    assert in_request("gemini", body) == in_answer("gemini", told.body)
    assert broken_rules("gemini", body) == []


_FUNCTION: JsonObject = {"name": "f", "arguments": '{"a":1}'}
_USAGE: JsonObject = {"input_tokens": 1, "output_tokens": 1}

SIGNED: dict[str, dict[str, JsonObject]] = {
    "openai-chat": {
        "Google's call signature": {
            "id": "1",
            "model": "gemini-3",
            "created": 1,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "tool_calls",
                    "message": {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [
                            {
                                "id": "function-call-1",
                                "type": "function",
                                "function": _FUNCTION,
                                "extra_content": {"google": {"thought_signature": "CiQB+signature/=="}},
                            }
                        ],
                    },
                }
            ],
        },
        "text, signature and encrypted data of several vendors": {
            "id": "1",
            "model": "router",
            "created": 1,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {
                        "role": "assistant",
                        "content": "hello",
                        "reasoning_details": [
                            {
                                "type": "reasoning.text",
                                "text": "let me think",
                                "signature": "EqQB+/==",
                                "format": "anthropic-claude-v1",
                                "index": 0,
                            },
                            {
                                "type": "reasoning.encrypted",
                                "data": "gAAAAA-_x==",
                                "id": "rs_1",
                                "format": "openai-responses-v1",
                                "index": 1,
                            },
                        ],
                    },
                }
            ],
        },
    },
    "openai-responses": {
        "reasoning between calls": {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "model": "gpt",
            "status": "completed",
            "output": [
                {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAAB+/1=="},
                {"id": "fc_1", "type": "function_call", "call_id": "call_1", "status": "completed", **_FUNCTION},
                {
                    "id": "rs_2",
                    "type": "reasoning",
                    "summary": [{"type": "summary_text", "text": "and then"}],
                    "encrypted_content": "gAAAAB+/2==",
                },
                {"id": "fc_2", "type": "function_call", "call_id": "call_2", "status": "completed", **_FUNCTION},
            ],
            "usage": None,
        },
    },
    "anthropic-messages": {
        "thinking, redacted thinking and calls": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [
                {"type": "thinking", "thinking": "first", "signature": "EqQB+/1=="},
                {"type": "redacted_thinking", "data": "EmwK+/2=="},
                {"type": "thinking", "thinking": "", "signature": "EqQB+/3=="},
                {"type": "text", "text": "I look it up."},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
                {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {"a": 2}},
            ],
            "stop_reason": "tool_use",
            "stop_sequence": None,
            "usage": _USAGE,
        },
    },
    "gemini": {
        "parallel calls": {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "CiQB+/1A"},
                            {"functionCall": {"name": "f", "args": {"a": 2}}},
                        ],
                    },
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "modelVersion": "gemini",
            "responseId": "1",
        },
        "thoughts, text and a call": {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "hm", "thought": True},
                            {"text": "I look it up.", "thoughtSignature": "CiQB+/3A"},
                            {"functionCall": {"id": "c1", "name": "g", "args": {}}, "thoughtSignature": "CiQB+/4A"},
                        ],
                    },
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "modelVersion": "gemini",
            "responseId": "1",
        },
    },
}
"""Answers that hold what the recordings lack."""

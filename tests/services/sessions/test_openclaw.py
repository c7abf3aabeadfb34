"""Transcripts of OpenClaw's go in and out without loss; ours too."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Message, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent, SessionLog
from crawdad.services.sessions.openclaw import Transcript, read_file, write
from crawdad.services.sessions.transcript import message_of, write_message
from crawdad.services.sessions.view import view_of
from tests.services.sessions.test_transcript import MESSAGES

ZERO = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": 0}
AT = "2026-11-20T17:22:58.947Z"
MS = 1795195378947
Json = dict[str, Any]


def usage(**counts: int) -> Json:
    return {"input": 1, "output": 1, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 2, "cost": ZERO, **counts}


def assistant(*content: Json, **fields: Any) -> Json:
    return {
        "role": "assistant",
        "content": list(content),
        "api": "openai-completions",
        "provider": "mock",
        "model": "mock-model",
        "usage": usage(),
        "stopReason": "stop",
        "timestamp": MS,
        **fields,
    }


def line(kind: str, id_: str, parent: str | None, **fields: Any) -> Json:
    return {"type": kind, "id": id_, "parentId": parent, "timestamp": AT, **fields}


HEADER = {"type": "session", "version": 3, "id": "5f0c", "timestamp": AT, "cwd": "/srv/agent/workspace"}
THEIRS = [
    HEADER,
    line("model_change", "6ab44933", None, provider="mock", modelId="mock-model"),
    line("thinking_level_change", "d3211b4b", "6ab44933", thinkingLevel="off"),
    line("custom", "ad4dcf2e", "d3211b4b", customType="model-snapshot", data={"a": [1, 2.5, None, "ü"]}),
    line(
        "message",
        "38a89102",
        "ad4dcf2e",
        message={"role": "user", "content": [{"type": "text", "text": "hi 你好"}], "timestamp": MS + 2},
    ),
    line(
        "message",
        "cd79abb7",
        "38a89102",
        message=assistant(
            {"type": "thinking", "thinking": "let me see", "thinkingSignature": "c2ln"},
            {"type": "text", "text": "hello"},
            {"type": "toolCall", "id": "call_1", "name": "read", "arguments": {"path": "a.txt", "limit": 3}},
            api="anthropic-messages",
            stopReason="toolUse",
            usage=usage(cacheRead=100, totalTokens=102),
        ),
    ),
    line(
        "message",
        "0badc0de",
        "cd79abb7",
        message={
            "role": "toolResult",
            "toolCallId": "call_1",
            "toolName": "read",
            "content": [
                {"type": "text", "text": "contents"},
                {"type": "image", "data": "aGk=", "mimeType": "image/png"},
            ],
            "isError": False,
            "details": {"truncated": True},
            "timestamp": MS,
        },
    ),
    line("message", "feedf00d", "0badc0de", message=assistant({"type": "text", "text": "done"})),
    line("compaction", "c0ffee00", "feedf00d", summary="They said hi.", firstKeptEntryId="38a89102", tokensBefore=900),
    line("branch_summary", "b0a710ad", "c0ffee00", summary="aside", fromId="38a89102"),
    line("label", "1abe1000", "b0a710ad", label="here", targetId="cd79abb7"),
    line("session_info", "1f000000", "1abe1000", name="A chat"),
    line("custom_message", "c0571000", "1f000000", customType="x", content="y", display=True),
    line("message", "bad00001", "c0571000", message={"role": "hologram", "content": 5}),
    {"type": "from_the_future", "nested": {"deep": [{}]}},
]


def file_of(values: list[Json]) -> bytes:
    return b"".join(orjson.dumps(value) + b"\n" for value in values)


def written(found: Transcript) -> list[Json]:
    log = SessionLog(found.session_id, "agent:main:main", found.created_at, header=found.header)
    return [orjson.loads(each) for each in write(log, found.lines)]


def test_their_transcript_comes_out_as_it_went_in() -> None:
    found = read_file(file_of(THEIRS), "log")
    assert written(found) == THEIRS
    assert [each.sequence for each in found.lines] == list(range(1, len(THEIRS)))
    again = read_file(file_of(written(found)), "log")
    assert again.lines == found.lines and again.texts == found.texts


def test_their_transcript_is_understood() -> None:
    found = read_file(file_of(THEIRS), "log")
    by_id = {each.id: each for each in found.lines}
    assert by_id["38a89102"].parent_id == "ad4dcf2e" and by_id["6ab44933"].parent_id is None
    said = message_of(by_id["cd79abb7"].data)
    assert said is not None
    thinking, text, call = said.parts
    assert isinstance(thinking, ThinkingPart) and (thinking.text, thinking.signature) == ("let me see", "c2ln")
    assert text == TextPart("hello") and isinstance(call, ToolCallPart)
    assert orjson.loads(call.arguments) == {"path": "a.txt", "limit": 3}
    answered = message_of(by_id["0badc0de"].data)
    assert answered is not None and isinstance(answered.parts[0], ToolResultPart)
    assert answered.parts[0].call_id == "call_1" and len(answered.parts[0].content) == 2
    assert by_id["c0ffee00"].kind == "compaction" and by_id["c0ffee00"].data["firstKept"] == 4
    assert found.texts[4] == "hi 你好" and by_id["6ab44933"].data == {"provider": "mock", "model": "mock-model"}
    assert found.created_at == pytest.approx(1795195378.947)


def ours() -> list[LogEvent]:
    made: list[LogEvent] = []
    data: list[tuple[Any, Json]] = [
        *(("message", {"message": write_message(message)}) for message in MESSAGES),
        ("message", {"message": write_message(Message("assistant", [])), "runs": ["a", "b"]}),
        ("tool_started", {"callId": "c", "name": "exec", "arguments": {"command": "ls"}}),
        ("model", {"provider": "p", "model": "m", "why": "failover"}),
        ("thinking", {"level": "high"}),
        ("compaction", {"summary": "s", "firstKept": 3, "tokensBefore": 7}),
        ("interrupted", {"reason": "restart"}),
        ("note", {"text": "n"}),
        ("trim", {"after": 4}),
        ("custom", {"anything": [1]}),
        ("message", {"message": write_message(Message("tool", [], id="odd"))}),
    ]
    for sequence, (kind, each) in enumerate(data, 1):
        parent = made[-1].id if made else None
        run = "run-7" if sequence % 2 else ""
        made.append(
            LogEvent("log", sequence, f"{sequence * 1001:08x}", kind, 1795195378.5 + sequence, each, parent, run)
        )
    return made


def test_ours_comes_back_as_it_was() -> None:
    lines = ours()
    log = SessionLog("log", "agent:main:main", 1795195378.0)
    raw = list(write(log, lines, "/work"))
    found = read_file(b"".join(raw), "log")
    assert found.lines == lines
    values = [orjson.loads(each) for each in raw]
    assert values[0] == {
        "type": "session",
        "version": 3,
        "id": "log",
        "timestamp": "2026-11-20T17:22:58.000Z",
        "cwd": "/work",
    }
    ids = [value["id"] for value in values[1:]]
    assert len(set(ids)) == len(ids) and all(len(each) == 8 for each in ids)
    for before, value in pairwise(values[1:]):
        assert value["parentId"] == before["id"], "an unbroken chain for readers of OpenClaw's own"
    roles = [value["message"]["role"] for value in values if value["type"] == "message"]
    assert roles == ["user", "user", "assistant", "tool", "assistant", "tool"]


DEEP = b'{"type":"message","message":' + b'{"a":' * 300 + b"1" + b"}" * 301


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"nonsense", b'{"type":"message"}', file_of([HEADER]) + b"[1]\n", file_of([HEADER]) + DEEP],
)
def test_what_is_no_transcript_is_refused(content: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        read_file(content, "log")
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.message("zh") != caught.value.message()


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert read_file(b"\xef\xbb\xbf" + file_of(THEIRS), "log").lines == read_file(file_of(THEIRS), "log").lines


def test_odd_ids_do_no_harm() -> None:
    values = [HEADER, {"type": "message", "id": 5, "parentId": [], "timestamp": "yesterday", "message": {}}]
    found = read_file(file_of(values), "log")
    assert written(found) == values


def claimed(kind: Any, **data: Any) -> Json:
    return line("custom", "a1", None, customType="crawdad:x", crawdad={"kind": kind, "data": data, "runId": "r"})


@pytest.mark.parametrize(
    "odd",
    [
        claimed("trim", after="x"),
        claimed("trim", after=10**9),
        claimed("compaction", summary="s", firstKept=10**18),
        claimed("compaction", summary=["s"]),
        claimed("message", message="x"),
        claimed("tool_started", callId=["c"], name="n"),
        claimed([]),
        claimed({"a": 1}),
        {
            **line("message", "a1", None, message={"role": "user", "content": "x"}),
            "timestamp": "0001-01-01T00:00:00+14:00",
        },
        {
            **line("message", "a1", None, message={"role": "user", "content": "x"}),
            "timestamp": "9999-12-31T23:59:59-14:00",
        },
    ],
)
def test_what_pretends_to_be_ours_is_kept_and_not_gone_by(odd: Json) -> None:
    values = [HEADER, odd, line("message", "a2", "a1", message={"role": "user", "content": "hi"})]
    found = read_file(file_of(values), "log")
    assert written(found) == values, "nothing is lost"
    assert [each.kind for each in found.lines] == ["message" if odd["type"] == "message" else "custom", "message"]
    assert not found.lines[0].run_id
    assert len(view_of(found.lines)) == 2

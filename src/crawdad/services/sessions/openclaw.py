"""Logs as OpenClaw's JSONL transcripts, both ways, and back without loss.

A line of ours that OpenClaw's spelling cannot say in full carries the rest under `crawdad`. A line of theirs that would read
back otherwise than it came (in its times, in types that we do not know) is kept as it came, under `openclaw` in its data.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import LogEvent, LogKind, SessionLog
from crawdad.core.text import Text
from crawdad.services.sessions.transcript import message_of, text_of
from crawdad.wire.fields import check_request_depth

VERSION = 3
_MARK = "crawdad"
_KEPT = "openclaw"
_FIRST = datetime(1, 1, 1, tzinfo=UTC).timestamp()
_LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
"""What can be spelled in universal time."""
_KINDS: frozenset[LogKind] = frozenset(
    ("message", "compaction", "tool_started", "model", "thinking", "interrupted", "note", "custom", "trim")
)


@dataclass(slots=True)
class Transcript:
    """A log that was read: its first line, its lines (of the log `session_id`) and what a search finds each by."""

    session_id: str
    header: JsonObject
    created_at: float
    lines: list[LogEvent] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)


def write(log: SessionLog, lines: Sequence[LogEvent], cwd: str = "") -> Iterator[bytes]:
    """The file, line by line."""
    header = dict(log.header) or {
        "type": "session",
        "version": VERSION,
        "id": log.session_id,
        "timestamp": timestamp(log.created_at),
        "cwd": cwd,
    }
    yield _encoded(header)
    ids = {line.sequence: line.id for line in lines}
    for line in lines:
        yield _encoded(_line(line, ids))


def _line(line: LogEvent, ids: dict[int, str]) -> JsonObject:
    kept = line.data.get(_KEPT)
    if isinstance(kept, dict):
        return dict(kept)
    plain = _plain(line, ids)
    kind, data = _read(plain, {id_: sequence for sequence, id_ in ids.items()}) or ("custom", {})
    rest = {name: value for name, value in line.data.items() if name not in data or data[name] != value}
    if kind != line.kind or rest or data.keys() - line.data.keys() or line.run_id:
        plain[_MARK] = {"kind": line.kind, "data": rest, **({"runId": line.run_id} if line.run_id else {})}
        absent = sorted(data.keys() - line.data.keys())
        if absent:
            plain[_MARK]["absent"] = absent
    return plain


def _plain(line: LogEvent, ids: dict[int, str]) -> JsonObject:
    """The line in OpenClaw's own spelling, as far as that goes."""
    data = line.data
    base: JsonObject = {"id": line.id, "parentId": line.parent_id, "timestamp": timestamp(line.at)}
    if line.kind == "message" and isinstance(data.get("message"), dict):
        return {"type": "message", **base, "message": data["message"]}
    if line.kind == "compaction":
        first = data.get("firstKept")
        rest = {"firstKeptEntryId": ids.get(first, "") if isinstance(first, int) else ""}
        spelled = {"summary": data.get("summary", ""), **rest, "tokensBefore": data.get("tokensBefore", 0)}
        return {"type": "compaction", **base, **spelled}
    if line.kind == "model":
        model = {"provider": data.get("provider", ""), "modelId": data.get("model", "")}
        return {"type": "model_change", **base, **model}
    if line.kind == "thinking":
        return {"type": "thinking_level_change", **base, "thinkingLevel": data.get("level", "off")}
    return {"type": "custom", "customType": f"{_MARK}:{line.kind}", "data": {}, **base}


def _read(value: JsonObject, sequences: dict[str, int]) -> tuple[LogKind, JsonObject] | None:
    """Kind and data of a line in OpenClaw's own spelling; None: one that we do not know."""
    match value.get("type"):
        case "message" if isinstance(value.get("message"), dict):
            return "message", {"message": value["message"]}
        case "compaction":
            found: JsonObject = {"summary": value.get("summary", "")}
            first = sequences.get(str(value.get("firstKeptEntryId")))
            if first is not None:
                found["firstKept"] = first
            return "compaction", found | {"tokensBefore": value.get("tokensBefore", 0)}
        case "model_change":
            return "model", {"provider": value.get("provider", ""), "model": value.get("modelId", "")}
        case "thinking_level_change":
            return "thinking", {"level": value.get("thinkingLevel", "off")}
    return None


def read_file(content: bytes, session_id: str) -> Transcript:
    """The log in a file. Raises BAD_REQUEST."""
    lines = content.removeprefix(BOM_UTF8).split(b"\n")  # editors put the mark there
    values = [_decoded(raw, number) for number, raw in enumerate(lines, 1) if raw.strip()]
    if not values:
        raise _bad(1, "empty")
    header = values[0]
    if header.get("type") != "session":
        raise _bad(1, "no_header")
    created = _moment(header.get("timestamp"), 0.0)
    found = Transcript(session_id, header, created)
    sequences: dict[str, int] = {}
    at = created
    for value in values[1:]:
        mark = value.get(_MARK)
        mark = mark if isinstance(mark, dict) else {}
        at = _moment(value.get("timestamp"), at)
        sequence = len(found.lines) + 1
        line = _imported(value, mark, found, sequence, at, sequences)
        sequences[line.id] = sequence
        found.lines.append(line)
        message = message_of(line.data) if line.kind == "message" else None
        if message is not None:
            found.texts[sequence] = text_of(message.parts)
    return found


def _imported(
    value: JsonObject, mark: JsonObject, found: Transcript, sequence: int, at: float, sequences: dict[str, int]
) -> LogEvent:
    given = value.get("id")
    id_ = given if isinstance(given, str) and 0 < len(given) <= 64 else f"{sequence:08x}"
    parent = value.get("parentId")
    parent = parent if isinstance(parent, str) and len(parent) <= 64 else None
    kind, data = _read(value, sequences) or ("custom", {})
    own = next((each for each in _KINDS if each == mark.get("kind")), None)
    if own is not None and isinstance(mark.get("data"), dict):
        absent = mark.get("absent")
        spelled = {name: each for name, each in data.items() if not isinstance(absent, list) or name not in absent}
        whole = {**(spelled if kind == own else {}), **mark["data"]}
        if _is_sound(own, whole, sequence):
            run_id = mark["runId"] if isinstance(mark.get("runId"), str) else ""
            return LogEvent(found.session_id, sequence, id_, own, at, whole, parent, run_id)
    line = LogEvent(found.session_id, sequence, id_, kind, at, data, parent)
    ids = {place: name for name, place in sequences.items()} if kind == "compaction" else {}
    if value != _line(line, ids):
        line.data[_KEPT] = value
    return line


def _is_sound(kind: LogKind, data: JsonObject, sequence: int) -> bool:
    """Whether what a file says is ours reads as ours does: those who go by it later do not look again."""

    def earlier(value: Any, least: int, most: int) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    match kind:
        case "message":
            return isinstance(data.get("message"), dict)
        case "trim":
            return earlier(data.get("after"), 0, sequence - 1)
        case "compaction":
            return isinstance(data.get("summary"), str) and earlier(data.get("firstKept", sequence), 1, sequence)
        case "tool_started":
            return isinstance(data.get("callId"), str) and isinstance(data.get("name"), str)
    return True


def timestamp(at: float) -> str:
    """A moment as transcripts spell it."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(value: Any, otherwise: float) -> float:
    if not isinstance(value, str):
        return otherwise
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return otherwise
    at = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return at if _FIRST <= at <= _LAST else otherwise


def _encoded(value: JsonObject) -> bytes:
    return orjson.dumps(value) + b"\n"


def _decoded(raw: bytes, number: int) -> JsonObject:
    try:
        value = orjson.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _bad(number, "not_json")
    try:
        check_request_depth(value)
    except GatewayError:
        raise _bad(number, "too_deep") from None
    return value


def _bad(number: int, reason: str) -> GatewayError:
    values = {"line": number, "reason": Text(f"sessions.transcript.{reason}")}
    return GatewayError(ErrorKind.BAD_REQUEST, Text("sessions.bad_transcript", values), {"code": "bad_transcript"})

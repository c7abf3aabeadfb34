"""How sessions and lines of their logs are written down, and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from hashlib import blake2b
from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.sessions import LogEvent, Route, SessionEntry, SessionLog
from crawdad.store.question import AnyRow
from crawdad.store.search_words import scope_word, words_of

ENTRY_FIELDS = tuple(field.name for field in fields(SessionEntry))
_AS_JSON = frozenset(("settings", "extra"))
_PREVIEW = 160
_STEP = 2_654_435_761
"""An odd number: multiples of it run through all 32 bits before one comes again."""


def dump(value: Any) -> str:
    """JSON that both databases take, whatever came from outside."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate, a number beyond 64 bits
        return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()


def plain(text: str) -> str:
    """Text that both databases take."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def preview_of(text: str) -> str:
    """The beginning of what was said, on one line."""
    return plain(" ".join(text[: 4 * _PREVIEW].split()))[:_PREVIEW]


def entry_row(entry: SessionEntry) -> dict[str, Any]:
    """The row of a session."""
    return columns_of({name: getattr(entry, name) for name in ENTRY_FIELDS})


def columns_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a session as its row holds them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in _AS_JSON:
            found[name] = dump(value)
        elif name == "route":
            found[name] = None if value is None else dump(asdict(value))
        else:
            found[name] = plain(value) if isinstance(value, str) else value
    return found


def entry_of(row: AnyRow) -> SessionEntry:
    """The session that a row tells of."""
    values = {name: row[name] for name in ENTRY_FIELDS}
    for name in _AS_JSON:
        values[name] = orjson.loads(values[name])
    if values["route"] is not None:
        values["route"] = Route(**orjson.loads(values["route"]))
    return SessionEntry(**values)


def log_of(row: AnyRow) -> SessionLog:
    """The log that a row tells of."""
    header: JsonObject = orjson.loads(row["header"])
    return SessionLog(
        row["session_id"], row["key"], row["created_at"], row["ended_at"], row["reason"], row["last_sequence"], header
    )


def log_row(session_id: str, key: str, at: float) -> dict[str, Any]:
    """The row of a log in which nothing stands yet."""
    return {
        "session_id": session_id,
        "key": key,
        "created_at": at,
        "ended_at": None,
        "reason": "",
        "last_sequence": 0,
        "last_id": None,
        "compaction": 0,
        "first_kept": 0,
        "header": "{}",
    }


def line_id(session_id: str, sequence: int) -> str:
    """The id of a line, 8 hex digits: no two lines of a log have the same."""
    start = int.from_bytes(blake2b(session_id.encode(), digest_size=4).digest(), "big")
    return f"{(start + sequence * _STEP) & 0xFFFFFFFF:08x}"


def line_row(line: LogEvent) -> dict[str, Any]:
    """The row of a line."""
    return {
        "session_id": line.session_id,
        "sequence": line.sequence,
        "id": plain(line.id),
        "parent_id": None if line.parent_id is None else plain(line.parent_id),
        "kind": line.kind,
        "at": line.at,
        "run_id": line.run_id,
        "data": dump(line.data),
    }


def line_of(row: AnyRow) -> LogEvent:
    """The line that a row tells of."""
    return LogEvent(
        row["session_id"],
        row["sequence"],
        row["id"],
        row["kind"],
        row["at"],
        orjson.loads(row["data"]),
        row["parent_id"],
        row["run_id"],
    )


def search_row(entry: SessionEntry, session_id: str, sequence: int, text: str) -> dict[str, Any]:
    """What a search finds a line by, or (sequence 0) a session by its own words."""
    words = (
        words_of(text),
        scope_word("owner", entry.owner),
        scope_word("agent", entry.agent_id),
        scope_word("key", entry.key),
    )
    return {"key": entry.key, "session_id": session_id, "sequence": sequence, "words": " ".join(words)}


def own_words(entry: SessionEntry) -> str:
    """The words by which a session itself is found."""
    return " ".join((entry.title, entry.label, entry.key, entry.public_id))

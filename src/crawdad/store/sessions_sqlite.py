"""What the steps of a turn wait for, on SQLite: sessions and lines of their logs in one call on one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry
from crawdad.store.session_rows import columns_of, entry_row, line_id, line_row, log_row, own_words, search_row
from crawdad.store.session_tables import session_logs, sessions


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_NAMES = tuple(column.name for column in sessions.columns)
_LOG_NAMES = tuple(column.name for column in session_logs.columns)
_ADD = f"INSERT INTO sessions ({_quoted(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))}) ON CONFLICT (key) DO NOTHING"
_ADD_LOG = f"INSERT INTO session_logs ({_quoted(_LOG_NAMES)}) VALUES ({', '.join('?' * len(_LOG_NAMES))})"

_ENTRY = (
    "UPDATE sessions SET updated_at = ?, active_at = ?, messages = messages + ?, compactions = compactions + ?, "
    "preview = coalesce(?, preview) WHERE key = ? AND session_id = ?"
)
_GROW = (
    "UPDATE session_logs SET last_sequence = last_sequence + ? WHERE session_id = ? RETURNING last_sequence, last_id"
)
_LINES = (
    "INSERT INTO session_lines (session_id, sequence, id, parent_id, kind, at, run_id, data) "
    "VALUES (:session_id, :sequence, :id, :parent_id, :kind, :at, :run_id, :data)"
)
_LAST = "UPDATE session_logs SET last_id = ? WHERE session_id = ?"
_COMPACTED = "UPDATE session_logs SET compaction = ?, first_kept = ? WHERE session_id = ?"
_TEXTS = "INSERT INTO session_texts (key, session_id, sequence, words) VALUES (:key, :session_id, :sequence, :words)"


@dataclass(frozen=True, slots=True)
class Growth:
    """What lines do to their session: how many messages and compactions they are, and what was said last (None: nothing)."""

    messages: int
    compactions: int
    preview: str | None


def append_at_once(
    connection: sqlite3.Connection, entry: SessionEntry, events: Sequence[NewLogEvent], at: float, growth: Growth
) -> list[LogEvent] | None:
    """Add lines to the log `entry.session_id`. None: it is not the session's present one any more."""
    changed = connection.execute(
        _ENTRY, (at, at, growth.messages, growth.compactions, growth.preview, entry.key, entry.session_id)
    )
    if changed.rowcount < 1:
        return None
    grown = connection.execute(_GROW, (len(events), entry.session_id)).fetchone()
    if grown is None:
        return None
    first, parent = grown[0] - len(events) + 1, grown[1]
    lines: list[LogEvent] = []
    for sequence, event in enumerate(events, first):
        name = line_id(entry.session_id, sequence)
        lines.append(LogEvent(entry.session_id, sequence, name, event.kind, at, event.data, parent, event.run_id))
        parent = name
        if event.kind == "compaction":
            kept = int(event.data.get("firstKept") or sequence)
            connection.execute(_COMPACTED, (sequence, kept, entry.session_id))
    connection.executemany(_LINES, [line_row(line) for line in lines])
    connection.execute(_LAST, (parent, entry.session_id))
    found = [
        search_row(entry, line.session_id, line.sequence, event.text)
        for line, event in zip(lines, events, strict=True)
        if event.text
    ]
    if found:
        connection.executemany(_TEXTS, found)
    return lines


def add_at_once(connection: sqlite3.Connection, entry: SessionEntry) -> bool:
    """Keep a new session with an empty log. False: the key has one."""
    row, log = entry_row(entry), log_row(entry.session_id, entry.key, entry.created_at)
    if connection.execute(_ADD, [row[name] for name in _NAMES]).rowcount < 1:
        return False
    connection.execute(_ADD_LOG, [log[name] for name in _LOG_NAMES])
    connection.execute(_TEXTS, search_row(entry, entry.session_id, 0, own_words(entry)))
    return True


def count_at_once(
    connection: sqlite3.Connection, entry: SessionEntry, amounts: Mapping[str, float], values: Mapping[str, Any]
) -> None:
    """Add to counters of a session, and set fields of it, while it has that log; the names of both are columns."""
    row = columns_of(values)
    sets = [f'"{name}" = "{name}" + ?' for name in amounts] + [f'"{name}" = ?' for name in row]
    place = (entry.key, entry.session_id)
    query = f"UPDATE sessions SET {', '.join(sets)} WHERE key = ? AND session_id = ?"
    connection.execute(query, (*amounts.values(), *row.values(), *place))

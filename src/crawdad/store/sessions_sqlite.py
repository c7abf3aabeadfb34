"""What every step of a turn waits for, on SQLite: lines of a session's log in one call on one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry
from crawdad.store.session_rows import line_id, line_row, search_row

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


def count_at_once(connection: sqlite3.Connection, key: str, amounts: Mapping[str, float]) -> None:
    """Add to counters of a session; their names are columns."""
    sets = ", ".join(f'"{name}" = "{name}" + ?' for name in amounts)
    connection.execute(f"UPDATE sessions SET {sets} WHERE key = ?", (*amounts.values(), key))

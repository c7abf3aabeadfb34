"""What a turn of an agent waits for, on SQLite: one call on one thread for a whole transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crawdad.core.agents import ENDED
from crawdad.store.run_tables import agent_run_events, agent_runs

_NAMES = tuple(column.name for column in agent_runs.columns)
_ENDED = ", ".join(f"'{status}'" for status in sorted(ENDED))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_ADD = f"INSERT INTO agent_runs ({_quoted(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})"
_BEGIN = (
    f"INSERT INTO agent_runs ({_quoted(_NAMES)}) SELECT {', '.join('?' * len(_NAMES))} WHERE NOT EXISTS "
    "(SELECT 1 FROM agent_runs WHERE session_key = ? AND status IN ('running', 'queued'))"
)
_EVENTS = tuple(column.name for column in agent_run_events.columns)
_KEEP = (
    f"INSERT INTO agent_run_events ({_quoted(_EVENTS)}) VALUES ({', '.join('?' * len(_EVENTS))}) "
    "ON CONFLICT (run_id, number) DO NOTHING"
)


def add_at_once(connection: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    """Keep a new run."""
    connection.execute(_ADD, [row[name] for name in _NAMES])


def begin_at_once(connection: sqlite3.Connection, row: Mapping[str, Any]) -> bool:
    """Keep a new run unless its session has one that runs or waits. Whether it was."""
    values = [row[name] for name in _NAMES]
    return connection.execute(_BEGIN, [*values, row["session_key"]]).rowcount == 1


def keep_at_once(
    connection: sqlite3.Connection,
    events: Sequence[Mapping[str, Any]],
    changes: Sequence[tuple[str, Mapping[str, Any]]],
) -> None:
    """Keep events, then what changed of runs that have not ended: `(run id, values)`."""
    if events:
        connection.executemany(_KEEP, [[event[name] for name in _EVENTS] for event in events])
    for run_id, values in changes:
        known = [name for name in _NAMES if name in values]
        sets = ", ".join(f'"{name}" = ?' for name in known)
        connection.execute(
            f"UPDATE agent_runs SET {sets} WHERE id = ? AND status NOT IN ({_ENDED})",
            [*(values[name] for name in known), run_id],
        )

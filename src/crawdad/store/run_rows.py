"""Runs of agents as rows: what is kept of one, and how the columns hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from crawdad.core.agents import Origin, RunEvent, RunStatus
from crawdad.core.parts import JsonObject
from crawdad.store.question import AnyRow
from crawdad.store.session_rows import dump, plain


@dataclass(slots=True)
class StoredRun:
    """One run (see `run_tables`). Times are Unix seconds."""

    id: str
    agent_id: str
    session_key: str
    principal_id: str
    origin: Origin
    created_at: float
    order: JsonObject
    session_id: str = ""
    status: RunStatus = "queued"
    started_at: float | None = None
    ended_at: float | None = None
    runner: str = ""
    starts: int = 0
    mode: str = "followup"
    ready_at: float = 0.0
    absorbed_by: str = ""
    cancel_wanted: bool = False
    spawned_by: str = ""
    unannounced: bool = False
    idempotency_key: str | None = None
    parent_run_id: str = ""
    depth: int = 0
    title: str = ""
    model: str = ""
    stop_reason: str = ""
    error_kind: str | None = None
    error: str | None = None
    cost: float | None = None
    text: str = ""
    result: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signals:
    """What a running turn has to know of the world: whether it is wanted, and which messages wait for it."""

    cancel: bool
    waiting: Sequence[StoredRun]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What became of a run: its state and the fields that change."""

    run_id: str
    status: RunStatus
    values: JsonObject


def written(values: JsonObject) -> dict[str, Any]:
    """Values as the columns hold them, whatever tools and models said: what no database text may hold is replaced."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("order", "result"):
            value = dump(value)
        found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def ended(run: StoredRun, status: RunStatus, values: JsonObject) -> StoredRun:
    """The run as it is kept once it has ended with these values."""
    return replace(run, status=status, **{name: _plain(value) for name, value in values.items()})


_FIELDS = tuple(StoredRun.__dataclass_fields__)


def run_row(run: StoredRun) -> dict[str, Any]:
    """The row of a run."""
    return written({name: getattr(run, name) for name in _FIELDS})


def run_of(row: AnyRow) -> StoredRun:
    """The run that a row tells of."""
    values: dict[str, Any] = dict(row)
    values["order"], values["result"] = orjson.loads(values["order"]), orjson.loads(values["result"])
    return StoredRun(**values)


def event_row(event: RunEvent) -> dict[str, Any]:
    """The row of an event."""
    return {
        "run_id": event.run_id,
        "number": event.number,
        "at": event.at,
        "kind": event.kind,
        "data": dump(event.data),
    }

"""Jobs and runs as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import orjson

from crawdad.core.cron import (
    AgentTurn,
    At,
    CronRun,
    Every,
    Expression,
    Job,
    JobDelivery,
    JobState,
    Misfire,
    Payload,
    Schedule,
    SystemEvent,
)
from crawdad.core.tasks import Words, rendered, words_in, words_out
from crawdad.store.question import AnyRow

_SCHEDULES: dict[str, type[At | Every | Expression]] = {"at": At, "every": Every, "cron": Expression}
_PAYLOADS: dict[str, type[SystemEvent | AgentTurn]] = {"systemEvent": SystemEvent, "agentTurn": AgentTurn}
_IN_COLUMNS = ("id", "owner", "name", "enabled", "parent_id", "created_at", "updated_at")
_WORDS_OF_STATE = ("last_error", "last_delivery_error")
_WORDS_OF_RUN = ("error", "delivery_error")
_MARK = '{"words":'
_OF_STATE = frozenset(field.name for field in fields(JobState))


def job_row(job: Job) -> dict[str, Any]:
    """A job as its row."""
    schedule, payload, delivery, misfire, state = job.schedule, job.payload, job.delivery, job.misfire, job.state
    rest = {
        field.name: getattr(job, field.name)
        for field in fields(Job)
        if field.name not in (*_IN_COLUMNS, "schedule", "payload", "delivery", "misfire", "state")
    }
    definition = {
        **rest,
        "schedule": {"kind": _kind(schedule, _SCHEDULES), **asdict(schedule)},
        "payload": {"kind": _kind(payload, _PAYLOADS), **asdict(payload)},
        "delivery": asdict(delivery),
        "misfire": asdict(misfire),
    }
    return {
        **{name: getattr(job, name) for name in _IN_COLUMNS},
        "agent_id": job.agent_id or "",
        "next_run_at": state.next_run_at if job.enabled else None,
        "definition": orjson.dumps(definition).decode(),
        "state": orjson.dumps(_plain_state(state), default=str).decode(),
    }


def job_of(row: AnyRow) -> Job:
    """A row as its job."""
    definition = orjson.loads(row["definition"])
    schedule: Schedule = _made(definition.pop("schedule"), _SCHEDULES)
    payload: Payload = _made(definition.pop("payload"), _PAYLOADS)
    delivery, misfire = JobDelivery(**definition.pop("delivery")), Misfire(**definition.pop("misfire"))
    state = JobState(**{name: value for name, value in orjson.loads(row["state"]).items() if name in _OF_STATE})
    for name in _WORDS_OF_STATE:
        if (words := getattr(state, name)) is not None:
            setattr(state, name, words_in(words))
    return Job(
        **{name: row[name] for name in _IN_COLUMNS},
        **definition,
        schedule=schedule,
        payload=payload,
        delivery=delivery,
        misfire=misfire,
        state=state,
    )


def run_row(run: CronRun) -> dict[str, Any]:
    """A run as its row."""
    values = {field.name: getattr(run, field.name) for field in fields(CronRun)}
    kept = {name: _kept(values[name]) for name in _WORDS_OF_RUN}
    return {**values, **kept, "usage": orjson.dumps(run.usage).decode()}


def run_of(row: AnyRow) -> CronRun:
    """A row as its run."""
    words = {name: _read(row[name]) for name in _WORDS_OF_RUN}
    return CronRun(**{**row, **words, "usage": orjson.loads(row["usage"])})


def _plain_state(state: JobState) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in _OF_STATE}
    return values | {name: words_out(values[name]) for name in _WORDS_OF_STATE}


def _kept(words: Words) -> str:
    """Words in a column of text. A foreigner's stand as they are; ours as JSON, with the English that searches find."""
    if isinstance(words, str) and not words.startswith(_MARK):
        return words
    return orjson.dumps({"words": words_out(words), "en": rendered(words, "en")}, default=str).decode()


def _read(column: str) -> Words:
    return words_in(orjson.loads(column)["words"]) if column.startswith(_MARK) else column


def _kind(value: object, kinds: Mapping[str, type[Any]]) -> str:
    return next(name for name, kind in kinds.items() if isinstance(value, kind))


def _made(values: dict[str, Any], kinds: Mapping[str, type[Any]]) -> Any:
    return kinds[values.pop("kind")](**values)

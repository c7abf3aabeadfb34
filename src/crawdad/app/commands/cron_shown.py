"""Jobs and their runs as people see them on a terminal, made from the documents that every door tells of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words


def jobs_table(jobs: Sequence[Mapping[str, Any]]) -> Table:
    """A line a job."""
    return _table(("id", "name", "schedule", "next", "last", "status"), [_row(job) for job in jobs])


def job_table(job: Mapping[str, Any]) -> Table:
    """All that is known of one."""
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in job.items()
        if value not in (None, "")
    ]
    return Table(("", ""), rows)


def runs_table(runs: Sequence[Mapping[str, Any]]) -> Table:
    """A line a run."""
    columns = ("name", "started", "seconds", "status", "delivery", "words")
    rows = [
        (
            str(run.get("jobName") or run["jobId"]),
            _moment(run.get("runAtMs") or run.get("ts")),
            f"{(run.get('durationMs') or 0) / 1000:.1f}",
            _status(run.get("status")),
            str(run.get("deliveryStatus") or ""),
            " ".join(str(run.get("error") or run.get("summary") or "").split())[:80],
        )
        for run in runs
    ]
    return _table(columns, rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str | Toned]]) -> Table:
    return Table([words(f"cli.cron.column.{name}") for name in columns], rows)


def _row(job: Mapping[str, Any]) -> tuple[str | Toned, ...]:
    schedule, state = job["schedule"], job.get("state", {})
    every = f"{schedule['everyMs'] / 1000:g} s" if schedule["kind"] == "every" else ""
    times = every or schedule.get("expr") or schedule.get("at") or ""
    return (
        job["id"],
        job["name"] if job["enabled"] else Toned(job["name"], "dim"),
        f"{times} {schedule.get('tz', '')}".strip(),
        _moment(state.get("nextRunAtMs")),
        _moment(state.get("lastRunAtMs")),
        _status(state.get("lastStatus")),
    )


def _status(status: str | None) -> str | Toned:
    return Toned(status, "red") if status in ("error", "interrupted") else status or ""


def _moment(milliseconds: int | None) -> str:
    return moment(None if milliseconds is None else milliseconds / 1000)

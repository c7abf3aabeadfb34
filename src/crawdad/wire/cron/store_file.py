"""OpenClaw's file of jobs (`cron/jobs.json`), read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crawdad.core.cron import Job
from crawdad.core.errors import GatewayError, bad_request
from crawdad.wire.cron.reading import read_job

_LATEST_MS = 250_000_000_000_000
_NUMBERS = {
    "lastRunAtMs": "last_run_at",
    "lastDurationMs": "last_duration",
    "consecutiveErrors": "consecutive_errors",
}


def read_store(document: Any, now: int) -> tuple[list[Job], list[tuple[str, GatewayError]]]:
    """The jobs in it, with what they did last, and those that cannot be read: name or id, and why. Raises BAD_REQUEST for
    what is no such file."""
    given = document.get("jobs") if isinstance(document, dict) else document
    if not isinstance(given, list):
        raise bad_request("cron.bad_store")
    jobs: list[Job] = []
    problems: list[tuple[str, GatewayError]] = []
    for place, each in enumerate(given):
        values = each if isinstance(each, dict) else {}
        job_id = values.get("id") or values.get("jobId")
        name = str(values.get("name") or job_id or place)
        if not isinstance(job_id, str) or not job_id.isprintable() or not 0 < len(job_id) <= 128:
            problems.append((name, bad_request("wire.value", "id", value=ascii(job_id)[:60])))
            continue
        try:
            job = read_job(each, job_id=job_id, now=now, any_time=True)
        except GatewayError as error:
            problems.append((name, error))
            continue
        state = values.get("state")
        kept = {
            to: state[name]
            for name, to in _NUMBERS.items()
            if isinstance(state, dict) and type(state.get(name)) is int and 0 <= state[name] < _LATEST_MS
        }
        job.state = replace(job.state, **kept)
        created = values.get("createdAtMs")
        if type(created) is int and 0 <= created < _LATEST_MS:
            job.created_at = created
        jobs.append(job)
    return jobs, problems

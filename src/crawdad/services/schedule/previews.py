"""When schedules come next, before anything is kept: for whoever writes one, and for a calendar. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.cron import Schedule
from crawdad.services.schedule.planning import ZoneOf, next_time


@dataclass(frozen=True, slots=True)
class Times:
    """Some times of a schedule, Unix milliseconds, in order. `more`: others come within the span, too."""

    at: tuple[int, ...]
    more: bool = False


def times_between(job_id: str, schedule: Schedule, after: int, until: int | None, most: int, zone_of: ZoneOf) -> Times:
    """The first `most` times after a moment, up to another. Of a job without an id the spread over five minutes is left out.
    Raises BAD_REQUEST for what cannot be worked out."""
    found: list[int] = []
    last = after
    while True:
        at = next_time(job_id, schedule, last, zone_of)
        if at is None or (until is not None and at > until):
            return Times(tuple(found))
        if len(found) == most:
            return Times(tuple(found), more=True)
        found.append(at)
        last = at

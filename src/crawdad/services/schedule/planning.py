"""When jobs run next, and what is to be done now. Pure: times are Unix milliseconds, zones are handed in."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import lru_cache

from crawdad.core.cron import At, Every, Expression, Job, Schedule
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.tasks import Words
from crawdad.services.schedule.expression import CronExpression, parse

ON_TIME_MS = 60_000
"""What is begun within a minute of its time is not late."""
STALE_MS = 600_000
"""What was asked for by hand is not begun any more after so long."""
BACK_OFF_MS = (30_000, 60_000, 300_000, 900_000, 3_600_000)
LEAST_GAP_MS = 2_000
MOST_SCHEDULE_ERRORS = 3
_FULL_HOUR_MS = 300_000
ZoneOf = Callable[[str | None], tzinfo]
"""The zone of a name; None: that of the settings or the machine. Raises BAD_REQUEST."""


@dataclass(frozen=True, slots=True)
class Due:
    """A job whose time `slot` has come. `late`: it was missed and is made up for; `skip`: it was missed and is left out."""

    job: Job
    slot: int
    late: bool = False
    skip: bool = False


def due(jobs: Sequence[Job], now: int, punctual: Collection[tuple[str, int]] = ()) -> list[Due]:
    """What is to be done of jobs whose time has come. `punctual` are the times that were seen when they came: those wait
    for others to end, and were not missed."""
    found = []
    for job in jobs:
        slot = job.state.next_run_at
        if not job.enabled or slot is None or slot > now:
            continue
        overdue = now - slot
        if overdue <= ON_TIME_MS or (job.id, slot) in punctual:
            found.append(Due(job, slot))
            continue
        skip = is_left_out(job, overdue) or _is_before_its_begin(job, slot)
        found.append(Due(job, slot, late=not skip, skip=skip))
    return found


def is_left_out(job: Job, overdue: int) -> bool:
    """Whether a time is not made up for that came so long ago, as the job has it."""
    if overdue <= ON_TIME_MS:
        return False
    misfire = job.misfire
    return misfire.mode == "skip" or (misfire.mode == "run-if-within" and overdue > misfire.seconds * 1000)


def next_time(job_id: str, schedule: Schedule, after: int, zone_of: ZoneOf) -> int | None:
    """The first time of a schedule after a moment; None: there is none. Raises BAD_REQUEST for what cannot be worked out."""
    if isinstance(schedule, At):
        return schedule.at if schedule.at > after else None
    if isinstance(schedule, Every):
        if after < schedule.anchor:
            return schedule.anchor
        return schedule.anchor + ((after - schedule.anchor) // schedule.every + 1) * schedule.every
    expression = parsed(schedule.expr)
    offset = _stagger(job_id, schedule, expression)
    found = expression.next_after((after - offset) // 1000, zone_of(schedule.tz))
    return None if found is None else found * 1000 + offset


def planned(job: Job, now: int, zone_of: ZoneOf) -> Job:
    """The job with its next time worked out anew, as of now: never a time that it had already. A schedule that cannot be
    worked out thrice turns the job off."""
    state = job.state
    if not job.enabled:
        return replace(job, state=replace(state, next_run_at=None))
    try:
        found = _next(job, now, zone_of)
    except GatewayError as error:
        errors = state.schedule_errors + 1
        off = errors >= MOST_SCHEDULE_ERRORS
        again = None if off else now + BACK_OFF_MS[errors]
        changed = replace(state, next_run_at=again, schedule_errors=errors, last_error=error.text)
        return replace(job, enabled=not off, state=changed)
    return replace(job, state=replace(state, next_run_at=found, schedule_errors=0))


def _next(job: Job, now: int, zone_of: ZoneOf) -> int | None:
    state = job.state
    if isinstance(job.schedule, At):
        return None if state.last_run_at is not None and state.last_run_at >= job.schedule.at else job.schedule.at
    found = next_time(job.id, job.schedule, now, zone_of)
    if _is_before_its_begin(job, now):
        found = _beat_before_begin(job, now)
    if found is None or state.last_ended_at is None:
        return found
    wait = LEAST_GAP_MS
    if state.consecutive_errors:
        wait = BACK_OFF_MS[min(state.consecutive_errors, len(BACK_OFF_MS)) - 1]
    return max(found, min(state.last_ended_at, now) + wait)


def _is_before_its_begin(job: Job, at: int) -> bool:
    """Whether a moment lies before the one from which the job counts, because the clock was set back since: that it shall begin
    later is another thing."""
    schedule = job.schedule
    return isinstance(schedule, Every) and at < schedule.anchor <= max(job.created_at, job.updated_at)


def _beat_before_begin(job: Job, now: int) -> int:
    """The next time of the beat as it would have been before. The moment itself is none of the job's times."""
    assert isinstance(job.schedule, Every)
    anchor, every = job.schedule.anchor, job.schedule.every
    found = anchor + ((now - anchor) // every + 1) * every
    return found + every if found == anchor else found


def put_right(job: Job, now: int, zone_of: ZoneOf) -> Job | None:
    """The job as it should stand after the clock was set back: its next time is further off than it can be. None: it is
    right as it is."""
    kept = job.state.next_run_at
    if kept is None or isinstance(job.schedule, At) or job.state.schedule_errors:
        return None
    fresh = planned(job, now, zone_of)
    wanted = fresh.state.next_run_at
    return fresh if wanted is not None and kept > wanted + 1000 else None


def begun(job: Job, slot: int | None, now: int, zone_of: ZoneOf) -> Job:
    """The job while it runs. `slot` is the time that it runs for; None: it was started by hand, and its next time stays."""
    state = replace(job.state, running_at=now, last_run_at=now)
    if slot is None:
        return replace(job, state=state)
    if isinstance(job.schedule, At):
        return replace(job, state=replace(state, next_run_at=None))
    return planned(replace(job, state=state), now, zone_of)


def passed_over(job: Job, now: int, zone_of: ZoneOf, reason: Words) -> Job:
    """The job after a time of it was left out."""
    state = replace(job.state, last_status="skipped", last_error=reason)
    if isinstance(job.schedule, At):
        return replace(job, enabled=False, state=replace(state, next_run_at=None))
    return planned(replace(job, state=state), now, zone_of)


def ended(job: Job, status: str, error: Words, now: int, zone_of: ZoneOf, manual: bool) -> Job | None:
    """The job after a run. None: it is done with and goes."""
    state = job.state
    started = state.running_at
    failed = status == "error"
    state = replace(
        state,
        running_at=None,
        last_ended_at=now,
        last_status="error" if status == "interrupted" else status,
        last_error=error or None,
        last_duration=None if started is None else max(0, now - started),
        consecutive_errors=state.consecutive_errors + 1
        if failed
        else 0
        if status == "ok"
        else state.consecutive_errors,
    )
    changed = replace(job, state=state)
    if isinstance(job.schedule, At):
        if manual and state.next_run_at is not None and state.next_run_at > now:
            return changed
        if job.delete_after_run and status == "ok":
            return None
        return replace(changed, enabled=False, state=replace(state, next_run_at=None))
    return planned(changed, now, zone_of)


def shortest_interval(schedule: Schedule, now: int, zone_of: ZoneOf) -> int | None:
    """The shortest of the next gaps between two times, in milliseconds; None: there is but one time."""
    if isinstance(schedule, At):
        return None
    if isinstance(schedule, Every):
        return schedule.every
    times, after = [], now
    for _ in range(12):
        found = next_time("", schedule, after, zone_of)
        if found is None:
            break
        times.append(found)
        after = found
    return min((later - earlier for earlier, later in itertools.pairwise(times)), default=None)


def parsed(text: str) -> CronExpression:
    """A cron expression. Raises BAD_REQUEST."""
    try:
        return _parsed(text)
    except ValueError as error:
        raise bad_request("cron.bad_expression", "schedule.expr", text=text[:60], part=str(error)[:40]) from None


@lru_cache(maxsize=1000)
def _parsed(text: str) -> CronExpression:
    return parse(text)


def _stagger(job_id: str, schedule: Expression, expression: CronExpression) -> int:
    """How far behind its times a job runs: the same for it always, in whole seconds."""
    window = schedule.stagger
    if window is None:
        window = _FULL_HOUR_MS if expression.full_hour else 0
    if window < 1000 or not job_id:
        return 0
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4], "big") % window // 1000 * 1000

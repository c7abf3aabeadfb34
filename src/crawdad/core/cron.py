"""Work at set times: what a job is and what its runs were. Times are Unix milliseconds, as the contract has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Words

SessionTarget = Literal["main", "isolated"]
WakeMode = Literal["now", "next-heartbeat"]
DeliveryMode = Literal["none", "announce", "webhook"]
MisfireMode = Literal["run", "skip", "run-if-within"]
Trigger = Literal["schedule", "late", "manual"]
CronRunStatus = Literal["requested", "running", "ok", "error", "skipped", "interrupted"]
CRON_CHANGED = "cron"
"""The topic of what happens to jobs, as `{jobId, action: added|updated|removed|started|finished, …}`."""


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a moment."""

    at: int


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again: `anchor` and every `every` milliseconds from it."""

    every: int
    anchor: int


@dataclass(frozen=True, slots=True)
class Expression:
    """At the times of a cron expression, in the zone `tz` (None: the machine's). `stagger` is the width of the window that
    jobs are spread over; None: five minutes for what runs at the full hour, else none."""

    expr: str
    tz: str | None = None
    stagger: int | None = None


Schedule = At | Every | Expression


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """Words put before the agent's main session."""

    text: str


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """A turn in a session of the job's own. `timeout_seconds` None: the usual one; 0: none. `trusted`: what the message
    holds is not marked as coming from outside, though a hook or channel may have brought it."""

    message: str
    model: str | None = None
    thinking: str | None = None
    timeout_seconds: float | None = None
    trusted: bool = True


Payload = SystemEvent | AgentTurn


@dataclass(frozen=True, slots=True)
class JobDelivery:
    """Where the answer goes. `channel` `last`: where the main session's last message came from; `to` of a webhook is its
    URL. `best_effort`: a delivery that fails does not fail the run."""

    mode: DeliveryMode = "none"
    channel: str = "last"
    to: str = ""
    best_effort: bool = False


@dataclass(frozen=True, slots=True)
class Misfire:
    """What becomes of a time at which nobody was there: `run` late, `skip`, or `run-if-within` so many seconds."""

    mode: MisfireMode = "run"
    seconds: int = 0


@dataclass(slots=True)
class JobState:
    """How a job stands. `consecutive_errors` is what the back-off goes by."""

    next_run_at: int | None = None
    running_at: int | None = None
    last_run_at: int | None = None
    last_ended_at: int | None = None
    last_status: str | None = None
    last_error: Words | None = None
    last_duration: int | None = None
    consecutive_errors: int = 0
    schedule_errors: int = 0
    last_delivered: bool | None = None
    last_delivery_status: str | None = None
    last_delivery_error: Words | None = None


@dataclass(slots=True)
class Job:
    """A job. `agent_id` None: the default agent. `owner` is the id of the principal in whose name it runs. `depth` counts
    the jobs that it descends from (0: a person made it), `parent_id` is the nearest."""

    id: str
    name: str
    schedule: Schedule
    payload: Payload
    created_at: int
    updated_at: int
    owner: str = "operator"
    agent_id: str | None = None
    session_key: str | None = None
    description: str = ""
    enabled: bool = True
    delete_after_run: bool = False
    wake_mode: WakeMode = "now"
    delivery: JobDelivery = JobDelivery()
    misfire: Misfire = Misfire()
    notify: bool = False
    depth: int = 0
    parent_id: str = ""
    state: JobState = field(default_factory=JobState)

    @property
    def target(self) -> SessionTarget:
        """Which session it works in: words go to the main one, a turn has one of its own."""
        return "main" if isinstance(self.payload, SystemEvent) else "isolated"


@dataclass(slots=True)
class CronRun:
    """One run of a job. `slot` names the time that it stands for, once for each job; of a run that somebody asked for it
    begins with `manual:`. `phase` tells how far it came: `started`, `ordered` (the agent's run is `run_id`), `delivering`.
    """

    job_id: str
    slot: str
    status: CronRunStatus
    trigger: Trigger
    job_name: str = ""
    owner: str = "operator"
    agent_id: str = ""
    runner: str = ""
    requested_at: int = 0
    planned_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    phase: str = ""
    run_id: str = ""
    session_id: str = ""
    session_key: str = ""
    summary: str = ""
    error: Words = ""
    model: str = ""
    provider: str = ""
    usage: JsonObject = field(default_factory=dict)
    delivery_status: str = "not-requested"
    delivery_error: Words = ""
    next_run_at: int | None = None

    @property
    def id(self) -> str:
        """Its id in lists."""
        return f"{self.job_id}:{self.slot}"

    @property
    def duration(self) -> int:
        """How long it took; 0 for what never began."""
        return 0 if self.started_at is None or self.ended_at is None else max(0, self.ended_at - self.started_at)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows. `owner` None: everybody's; `made` only those that agents made."""

    owner: str | None = None
    agent_id: str | None = None
    enabled: bool | None = None
    search: str = ""
    made: bool = False


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list shows."""

    owner: str | None = None
    job_id: str | None = None
    statuses: Sequence[str] = ()
    delivery_statuses: Sequence[str] = ()
    search: str = ""
    ascending: bool = False

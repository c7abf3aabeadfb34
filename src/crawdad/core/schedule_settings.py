"""`cron.*`: work at set times."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from crawdad.core.durations import seconds_of
from crawdad.core.section import SecretValue, Section


def _is_duration(value: Any) -> Any:
    if isinstance(value, str):
        seconds_of(value)
    return value


Duration = Annotated[str, AfterValidator(_is_duration)]
"""Such as `30m` or `24h`."""


class CronRunLogSettings(Section):
    """`cron.runLog.*`: how much is kept of what jobs did."""

    keep_lines: int = Field(2000, gt=0)
    """For each job."""


class CronLimits(Section):
    """`cron.limits.*`: what keeps jobs that make jobs within bounds."""

    jobs_per_owner: int = Field(500, gt=0)
    made_per_agent: int = Field(50, ge=0)
    made_per_hour: int = Field(20, ge=0)
    max_depth: int = Field(1, ge=0)
    """How many jobs a job may descend from."""
    min_interval_seconds: int = Field(60, ge=0)
    """The shortest interval of a job that an agent makes."""
    runs_per_hour: int = Field(60, ge=0)
    """How often in an hour one agent may have jobs run or itself woken by the tool."""


class CronSettings(Section):
    """`cron.*`."""

    enabled: bool = True
    max_concurrent_runs: int = Field(1, gt=0)
    timezone: str | None = None
    """Of expressions that name none; None: the machine's."""
    webhook: str | None = None
    webhook_token: SecretValue | None = None
    session_retention: Duration | Literal[False] = "24h"
    run_log: CronRunLogSettings = CronRunLogSettings()
    limits: CronLimits = CronLimits()

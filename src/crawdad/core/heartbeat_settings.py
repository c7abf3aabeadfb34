"""`agents.defaults.heartbeat.*`: when an agent looks by itself whether something wants its attention."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from crawdad.core.durations import seconds_of
from crawdad.core.section import Section

HEARTBEAT_PROMPT = (
    "Read HEARTBEAT.md if there is one, and follow it strictly. Do not take up old tasks from earlier talks by yourself. "
    "If nothing needs attention, answer HEARTBEAT_OK."
)


def _is_duration(value: str) -> str:
    seconds_of(value)
    return value


def _is_time_of_day(value: str) -> str:
    hour, colon, minute = value.strip().partition(":")
    valid = colon and len(minute) == 2 and hour.isdigit() and minute.isdigit()
    if not valid or not ((int(hour) < 24 and int(minute) < 60) or (int(hour), int(minute)) == (24, 0)):
        raise ValueError(value)
    return value.strip()


TimeOfDay = Annotated[str, AfterValidator(_is_time_of_day)]
"""`09:00`; `24:00` is the end of the day."""


class ActiveHours(Section):
    """`activeHours.*`: between which times of the day the heart beats."""

    start: TimeOfDay = "00:00"
    end: TimeOfDay = "24:00"
    timezone: str = "user"
    """`user` (`agents.defaults.userTimezone`), `local` (the machine's) or a zone by name."""


class HeartbeatSettings(Section):
    """`agents.defaults.heartbeat.*`."""

    every: Annotated[str, AfterValidator(_is_duration)] = "30m"
    active_hours: ActiveHours = ActiveHours()
    target: str = "none"
    to: str = ""
    account_id: str = ""
    model: str | None = None
    session: str = "main"
    prompt: str = HEARTBEAT_PROMPT
    ack_max_chars: int = Field(300, ge=0)
    context_messages: int = Field(20, gt=0)
    max_per_hour: int = Field(30, gt=0)

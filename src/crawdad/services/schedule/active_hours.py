"""Between which times of the day a heart beats, and what an empty checklist is. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from crawdad.core.heartbeat_settings import ActiveHours

_NOTHING = re.compile(r"\s*(?:#{1,6}(?:\s.*)?|[-*+]\s*(?:\[[ xX]?\])?|<!--.*?-->|```\w*)?\s*")


def is_active(hours: ActiveHours, moment: float, zone: tzinfo) -> bool:
    """Whether the time of the day lies within the hours; those that end before they start go over midnight."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    now, start, end = local.hour * 60 + local.minute, _minutes(hours.start), _minutes(hours.end)
    if start == end:
        return False
    return start <= now < end if start < end else now >= start or now < end


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def is_empty(checklist: str) -> bool:
    """Whether a checklist asks for nothing: headings, empty items and comments alone."""
    bare = re.sub(r"<!--.*?-->", "", checklist, flags=re.DOTALL)
    return all(_NOTHING.fullmatch(line) for line in bare.splitlines())

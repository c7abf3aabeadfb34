"""Local time as plain numbers: from when on a zone is how far from UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

_DAY_SECONDS = 86_400
QUARTER_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Offset:
    """From `since` on (Unix seconds) local time is `seconds` ahead of UTC."""

    since: int
    seconds: int


def offsets(zone: tzinfo, since: int, until: int) -> tuple[Offset, ...]:
    """The offsets of `zone` between two moments, the first from `since` on; changes are found to the quarter of an hour.

    Two changes within one day are taken for one.
    """
    found = [Offset(since, _offset(zone, since))]
    for day in range(since, until, _DAY_SECONDS):
        after = min(day + _DAY_SECONDS, until)
        if _offset(zone, after) != found[-1].seconds:
            change = _change(zone, day, after)
            found.append(Offset(change, _offset(zone, change)))
    return tuple(found)


def _change(zone: tzinfo, before: int, after: int) -> int:
    """The first quarter of an hour with the offset of `after`."""
    wanted = _offset(zone, after)
    low, high = before // QUARTER_SECONDS, -(-after // QUARTER_SECONDS)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * QUARTER_SECONDS) == wanted:
            high = middle
        else:
            low = middle
    return high * QUARTER_SECONDS


def _offset(zone: tzinfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())

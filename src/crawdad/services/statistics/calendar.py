"""Local hours, days and weeks: where they begin and what they are called. Moments are Unix seconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_EPOCH = date(1970, 1, 1)


def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name. Raises BAD_REQUEST."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # not found; no name at all; the name of a folder
        details = {"param": "timezone", "code": "bad_timezone"}
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("statistics.zone", {"zone": name[:64]}), details) from None


def hour_start(moment: float, zone: tzinfo) -> int:
    """When the local hour of a moment began."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    offset = int((local.utcoffset() or timedelta()).total_seconds())
    return (int(moment) + offset) // 3600 * 3600 - offset


def day_start(day: date, zone: tzinfo) -> int:
    """When a local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def local_day(moment: float, zone: tzinfo) -> date:
    """The local day of a moment."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()


def week_start(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def day_of(number: int) -> date:
    """The day of a number of days since 1970-01-01."""
    return _EPOCH + timedelta(days=number)


def hour_name(start: int, zone: tzinfo) -> str:
    """`2026-01-27 08:00`. In the night in which the clock is set back two hours have one name."""
    return datetime.fromtimestamp(start, UTC).astimezone(zone).strftime("%Y-%m-%d %H:00")


def week_name(day: date) -> str:
    """`2026-W04`: weeks begin on Mondays, the days before a year's first Monday are its week 00."""
    return day.strftime("%Y-W%W")

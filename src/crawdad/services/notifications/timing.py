"""When it is quiet. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from crawdad.core.heartbeat_settings import ActiveHours
from crawdad.core.notification_settings import QuietHours
from crawdad.services.schedule.active_hours import is_active

_DAY = timedelta(days=1)


def quiet_until(hours: QuietHours, now: float, zone: tzinfo) -> float | None:
    """Until when it is quiet (Unix seconds); None: it is not. Hours that end before they start go over midnight."""
    if not hours.enabled or not is_active(ActiveHours(start=hours.start, end=hours.end), now, zone):
        return None
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    hour, _, minute = hours.end.partition(":")
    day = local.date() + (_DAY if int(hour) == 24 else timedelta(0))
    end = datetime.combine(day, time(int(hour) % 24, int(minute)), zone)
    if end.timestamp() <= now:
        end = datetime.combine(day + _DAY, time(int(hour) % 24, int(minute)), zone)
    return end.timestamp()

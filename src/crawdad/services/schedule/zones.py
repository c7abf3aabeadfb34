"""Time zones by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo

from crawdad.core.errors import bad_request
from crawdad.services.schedule.planning import ZoneOf


def zone_named(name: str, param: str = "schedule.tz") -> tzinfo:
    """The zone of an IANA name. Raises BAD_REQUEST."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        pass
    except KeyError:
        pass
    raise bad_request("cron.bad_zone", param, zone=name[:64])


def zones(machine: tzinfo, configured: Callable[[], str | None]) -> ZoneOf:
    """How zones are found: an empty name is the configured one, else that of the machine."""

    def zone_of(name: str | None) -> tzinfo:
        wanted = name or configured()
        return machine if wanted is None else zone_named(wanted)

    return zone_of

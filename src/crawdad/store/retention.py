"""How long things are kept."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.store.activity import ActivityStore
from crawdad.store.bodies import BodyStore
from crawdad.store.database import Database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.responses import ResponseStore
from crawdad.store.usage import DAY, HOUR, QUARTER, delete_usage

MEGABYTE = 1024 * 1024
QUARTERS_KEPT_DAYS = 100
"""Quarters of an hour are needed for time zones that are not whole hours from UTC; hours and days are kept for longer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """For how many days things are kept, and how many megabytes (of the activity log: entries) they may take."""

    days: float
    megabytes: float
    body_days: float = 7.0
    body_megabytes: float = 512.0
    statistics_days: float = 730.0
    activity_days: float = 30.0
    activity_entries: int = 20_000


@dataclass(frozen=True, slots=True)
class Removed:
    """What one round of retention removed."""

    exchanges: int
    responses: int
    bodies: int = 0
    buckets: int = 0
    activity: int = 0

    def __bool__(self) -> bool:
        return bool(self.exchanges or self.responses or self.bodies or self.buckets or self.activity)


async def apply_retention(database: Database, now: float, kept: Kept) -> Removed:
    """Remove what is older than it is kept, then the oldest until the rest takes no more than it may; and expired responses.

    Works in small transactions, so that others write in between; calling it again after a failure goes on where it was.
    `now` is Unix time in seconds.
    """
    log, bodies, entries = ExchangeLog(database), BodyStore(database), ActivityStore(database)
    gone_bodies = await bodies.delete_before(now - kept.body_days * DAY)
    gone_bodies += await bodies.delete_beyond(int(kept.body_megabytes * MEGABYTE))
    exchanges = await log.delete_before(now - kept.days * DAY)
    exchanges += await log.delete_beyond(int(kept.megabytes * MEGABYTE))
    responses = await ResponseStore(database).delete_expired(now)
    buckets = await delete_usage(database, QUARTER, now - min(QUARTERS_KEPT_DAYS, kept.statistics_days) * DAY)
    for span in (HOUR, DAY):
        buckets += await delete_usage(database, span, now - kept.statistics_days * DAY)
    activity = await entries.delete_before(now - kept.activity_days * DAY)
    activity += await entries.trim(kept.activity_entries)
    removed = Removed(exchanges, responses, gone_bodies, buckets, activity)
    if removed:
        await database.give_back_space()
    return removed

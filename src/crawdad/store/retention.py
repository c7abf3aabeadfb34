"""How long things are kept."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.store.database import Database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.responses import ResponseStore

_DAY_SECONDS = 86_400
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Removed:
    """What one round of retention removed."""

    exchanges: int
    responses: int


async def apply_retention(database: Database, now: float, days: float, megabytes: float) -> Removed:
    """Remove exchanges older than `days`, then the oldest until the log takes at most `megabytes`; and expired responses.

    Works in small transactions, so that others write in between; calling it again after a failure goes on where it was.
    `now` is Unix time in seconds.
    """
    log = ExchangeLog(database)
    exchanges = await log.delete_before(now - days * _DAY_SECONDS)
    exchanges += await log.delete_beyond(int(megabytes * _MEGABYTE))
    responses = await ResponseStore(database).delete_expired(now)
    if exchanges or responses:
        await database.give_back_space()
    return Removed(exchanges, responses)

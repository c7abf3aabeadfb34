"""What a restore writes into the database that is in use: the cron jobs, or all that a server's database holds."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from crawdad.core.backups import CRON_ROOT, Manifest, Part
from crawdad.core.cron import Job
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report
from crawdad.core.text import Text
from crawdad.services.backups.ground import JOBS_FILE, OWN_FIELDS
from crawdad.services.backups.service import Backups
from crawdad.services.schedule.planning import planned
from crawdad.store.database import Database
from crawdad.store.key_values import KeyValues
from crawdad.store.schedule import ScheduleStore
from crawdad.store.schedule_rows import job_of
from crawdad.store.server_copying import load_server
from crawdad.wire.cron.store_file import read_store

_OF = "backups.rows_of"
"""In the database: the switch that its rows belong to."""


class BackupRows:
    """The rows of one installation's backups."""

    def __init__(self, backups: Backups, jobs_changed: Callable[[], Awaitable[None]] | None) -> None:
        self._backups, self._jobs_changed = backups, jobs_changed

    async def put(
        self, manifest: Manifest, parts: Sequence[Part], server: str, report: Report, switch: str = ""
    ) -> None:
        """All of it or nothing, in one transaction, with the id of the switch that it belongs to. `server`: the file whose rows
        take the place of those of a server's database."""
        if server:
            database = self._database("database")
            report.say(Text("backups.step.server"))
            await load_server(database, Path(server), KeyValues(database).mark(_OF, switch))
        elif "cron" in parts:
            database = self._database("cron")
            jobs = await self._jobs_of(manifest)
            await ScheduleStore(database).replace_all(jobs, KeyValues(database).mark(_OF, switch))
            if self._jobs_changed is not None:
                await self._jobs_changed()

    async def are_of(self, switch: str) -> bool:
        """Whether those in the database are those of a switch. Raises UNAVAILABLE."""
        return bool(await KeyValues(self._database("database")).get(_OF) == switch)

    async def check_jobs(self, manifest: Manifest) -> None:
        """Raises BAD_REQUEST for jobs that are none."""
        await self._jobs_of(manifest)

    async def _jobs_of(self, manifest: Manifest) -> list[Job]:
        text = await self._backups.text(manifest, CRON_ROOT, JOBS_FILE)
        ground = self._backups.ground
        now = int(ground.clock.now() * 1000)
        try:
            jobs = [_job(each, now) for each in json.loads(text or "{}").get("jobs", [])]
        except (ValueError, AttributeError, TypeError, KeyError):
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("backups.no_part", {"part": "cron"})) from None
        return [planned(job, now, ground.zone_of) for job in jobs]

    def _database(self, part: Part) -> Database:
        database, unopened = self._backups.ground.database, self._backups.ground.unopened
        if database is None:
            raise unopened or GatewayError(ErrorKind.UNAVAILABLE, Text("backups.no_part", {"part": part}))
        return database


def _job(document: JsonObject, now: int) -> Job:
    """A job as this program kept it; one of OpenClaw's own as it stands there. Nonsense raises what it raises."""
    own = document.get(OWN_FIELDS)
    if isinstance(own, dict):
        return job_of(own)
    jobs, problems = read_store({"jobs": [document]}, now)
    if problems:
        raise problems[0][1]
    return jobs[0]

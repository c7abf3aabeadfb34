"""What backups are made of: the installation, as the services see it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crawdad.core.backups import CRON_ROOT, HOME_ROOT, TREE, WORKSPACE, Given, Tree
from crawdad.core.cron import JobFilter
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import TextFiles
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, SecretBox
from crawdad.core.sessions import normalise_agent_id
from crawdad.core.settings import Settings
from crawdad.core.tasks import Words
from crawdad.core.text import Text
from crawdad.services.agents.roster import build_roster
from crawdad.services.configuration.source import ConfigurationSource
from crawdad.services.schedule.planning import ZoneOf
from crawdad.store.database import Database
from crawdad.store.schedule import ScheduleStore
from crawdad.store.schedule_rows import job_row
from crawdad.store.schema import NEWER
from crawdad.wire.cron.writing import write_job

ENVIRONMENT_FILE = ".env"
JOBS_FILE = "jobs.json"
OWN_FIELDS = "crawdad"
"""What stands in a job beside OpenClaw's fields: the job as it is kept, nothing lost."""
_TREES = ("skills", "plugins", "plugin-data", "hooks")
_IDENTITY = "identity"
_MOST_JOBS = 1_000_000
_KEY_CHECK = "crawdad backup"


@dataclass(frozen=True, slots=True)
class Ground:
    """The installation. `database_path` is the SQLite file; None: the database is a server's. `database` is None where it
    could not be opened: what can be kept without it is kept."""

    home: str
    config_path: str
    version: str
    source: ConfigurationSource
    settings: Callable[[], Settings]
    files: TextFiles
    box: SecretBox
    clock: Clock
    zone_of: ZoneOf
    database: Database | None
    database_path: Path | None
    unopened: GatewayError | None = None
    """Why the database could not be opened."""

    @property
    def config_folder(self) -> str:
        """Where the configuration lies."""
        return os.path.dirname(self.config_path)

    @property
    def config_name(self) -> str:
        """The main file there."""
        return os.path.basename(self.config_path)

    def config_path_of(self, path: str) -> str:
        """A file of the configuration, from its folder on."""
        return os.path.relpath(path, self.config_folder)

    def no_server(self) -> Words:
        """Why what a server holds is out of reach."""
        if self.unopened is not None and self.unopened.details.get("code") == NEWER:
            return self.unopened.text
        return Text("backups.postgresql")

    def has_database(self) -> bool:
        """Whether there is a database: a server's is always there."""
        return self.database_path is None or self.database_path.exists()

    def place_of(self, root: str, wanted: str | None) -> str:
        """Where a tree is put back to, every link followed: below the data directory, or where the settings of the moment have
        it already. Raises CONFLICT for every other place, whoever names it."""
        target, home = os.path.realpath(wanted or self.usual_place(root)), os.path.realpath(self.home)
        inside = os.path.commonpath((target, home)) == home
        known = target == os.path.realpath(self.roots().get(root, home))
        if not (inside or known) or os.path.commonpath((target, home)) == target:
            raise GatewayError(ErrorKind.CONFLICT, Text("backups.unknown_root", {"root": root, "path": target}))
        return target

    def roots(self, settings: Settings | None = None) -> dict[str, str]:
        """The folders that trees of a backup belong to, in full, by the settings of the moment or by others."""
        agents = build_roster(settings or self.settings(), Path(self.home)).agents.values()
        found = {f"{WORKSPACE}{agent.id}": str(agent.workspace) for agent in agents}
        return found | {f"{TREE}{name}": os.path.join(self.home, name) for name in (*_TREES, _IDENTITY)}

    def usual_place(self, root: str) -> str:
        """Where the workspace of an agent lies that the settings do not name. Raises CONFLICT for what is no workspace."""
        agent_id = root.removeprefix(WORKSPACE)
        if not root.startswith(WORKSPACE) or normalise_agent_id(agent_id) != agent_id:
            raise GatewayError(ErrorKind.CONFLICT, Text("backups.unknown_root", {"root": root[:100], "path": ""}))
        return os.path.join(self.home, f"workspace-{agent_id}")

    def trees(self) -> tuple[list[Tree], list[str]]:
        """The folders to keep, and those that cannot be: one that holds the data directory would hold its own backups."""
        exclude = self.settings().backup.exclude
        found, refused, seen = [], [], set[str]()
        for root, path in self.roots().items():
            real = os.path.realpath(path)
            if not os.path.isdir(real) or real in seen:
                continue
            seen.add(real)
            if os.path.commonpath((real, os.path.realpath(self.home))) == real:
                refused.append(path)
            elif root == f"{TREE}{_IDENTITY}":
                found.append(Tree("keys", root, real, sealed=True))
            else:
                found.append(Tree("workspaces", root, real, exclude))
        return found, refused

    async def environment_file(self) -> list[Given]:
        """`.env` of the data directory, where there is one: encrypted."""
        file = await self.files.read(os.path.join(self.home, ENVIRONMENT_FILE))
        return [] if file is None else [Given("config", HOME_ROOT, ENVIRONMENT_FILE, file.text.encode(), sealed=True)]

    async def jobs(self) -> list[Given]:
        """The cron jobs in OpenClaw's form, with all that this program knows of them beside it."""
        if self.database is None:
            return []
        found = await ScheduleStore(self.database).page(JobFilter(), _MOST_JOBS, 0)
        jobs: list[JsonObject] = [{**write_job(job), OWN_FIELDS: job_row(job)} for job in found]
        text = json.dumps({"version": 1, "jobs": jobs}, ensure_ascii=False, indent=2) + "\n"
        return [Given("cron", CRON_ROOT, JOBS_FILE, text.encode())]

    def seal(self, data: bytes) -> bytes:
        """Encrypted with the installation's key."""
        return self.box.encrypt(base64.b64encode(data).decode()).encode()

    def open_sealed(self, data: bytes) -> bytes:
        """Opened with the installation's key. Raises UNAVAILABLE with another one."""
        return base64.b64decode(self.box.decrypt(data.decode("ascii", "replace")))

    def key_check(self) -> str:
        """What opens with this installation's key alone."""
        return self.box.encrypt(_KEY_CHECK)

    def knows_key(self, check: str) -> bool:
        """Whether a backup was made with this installation's key. Raises UNAVAILABLE where not."""
        return not check or self.box.decrypt(check) == _KEY_CHECK

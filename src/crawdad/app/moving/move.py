"""The move: configuration first, then all that needs to know it. Each thing is kept whole or not at all, and what is here
already is let be, so that a move that was cut off is finished by another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawdad.adapters.openclaw_folder import OpenClawFolder, TooLarge, copy_tree
from crawdad.adapters.system import SystemClock
from crawdad.app.launch import Launch
from crawdad.app.moving.channels import ChannelMove
from crawdad.app.moving.configuration import Theirs, bring_approvals, bring_configuration, bring_variables
from crawdad.app.stored import OPERATOR, has_database, open_accounts, open_jobs
from crawdad.app.stored_sessions import InstalledSessions, open_sessions
from crawdad.app.stored_skills import open_skills
from crawdad.app.wiring import configuration_source, database_url, usable_settings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import MAIN_AGENT, normalise_agent_id
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.agents.roster import Agent, build_roster
from crawdad.services.agents.templates import untouched
from crawdad.services.moving.channels import WEIXIN
from crawdad.services.moving.credentials import read_profiles
from crawdad.services.moving.devices import read_paired
from crawdad.services.moving.report import Kind, Report
from crawdad.services.moving.sessions import Found, old_key, read_index, whole_lines
from crawdad.services.schedule.owners import OPERATOR as JOB_OWNER
from crawdad.store.database import open_database
from crawdad.store.devices import DeviceStore
from crawdad.wire.cron import read_store

MOST_FILES = 50_000
MOST_BYTES = 4 << 30
_LEFT: tuple[tuple[str, str], ...] = (
    ("extensions", "moving.left.extensions"),
    ("hooks", "moving.left.hooks"),
    ("memory", "moving.left.memory"),
    ("media", "moving.left.media"),
    ("cron/runs", "moving.left.runs"),
    ("sandboxes", "moving.left.sandboxes"),
    ("state", "moving.left.state"),
)
"""What stays behind, and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a move. `credentials`: those of vendors and the variables in `.env` as well."""

    credentials: bool
    dry_run: bool = False


class Move:
    """One move from `folder` to the installation at `launch`."""

    def __init__(self, folder: OpenClawFolder, launch: Launch, wanted: Wanted, report: Report) -> None:
        self._folder = folder
        self._launch = launch
        self._wanted = wanted
        self._report = report

    async def run(self) -> None:
        """Bring all that can be brought. What fails is told, and keeps nothing else from coming."""
        folder, launch, report, dry_run = self._folder, self._launch, self._report, self._wanted.dry_run
        theirs = await Theirs.read(folder, launch)
        if self._wanted.credentials:
            await bring_variables(folder, launch, report, dry_run)
        elif await asyncio.to_thread((folder.root / ".env").exists):
            report.add("variable", ".env", "left", Text("moving.not_wanted"))
        if theirs is not None:
            with self._telling("configuration", str(theirs.path)):
                await bring_configuration(theirs, launch, report, dry_run)
        settings = (theirs.settings if theirs is not None else None) or Settings()
        agents = build_roster(settings, folder.root).agents
        ours = await self._our_agents(agents)
        await self._workspaces(agents, ours, theirs is not None)
        stored = not dry_run or await has_database(launch)
        await self._sessions(list(agents), settings.session.scope, stored)
        await self._jobs(theirs, stored)
        await self._devices(stored)
        await self._credentials(list(agents), stored)
        await self._skills()
        with self._telling("approval", "exec-approvals.json"):
            await bring_approvals(folder, list(agents), launch, report, dry_run)
        channels = ChannelMove(folder, launch, report, dry_run=dry_run, stored=stored)
        with self._telling("credential", WEIXIN):
            await channels.sign_ins(self._wanted.credentials)
        with self._telling("person", "credentials"):
            await channels.people()
        await self._rest()

    def _telling(self, kind: Kind, name: str) -> _Telling:
        return _Telling(self._report, kind, name)

    async def _our_agents(self, theirs: Mapping[str, Agent]) -> Mapping[str, Agent]:
        """The agents as they are here now; in a dry run those that there would be."""
        if self._wanted.dry_run:
            return {name: agent for name, agent in build_roster(Settings(), self._launch.home).agents.items()} | {
                name: _at_home(agent, self._launch.home) for name, agent in theirs.items()
            }
        loaded = await (await configuration_source(self._launch)).load()
        return build_roster(usable_settings(loaded), self._launch.home).agents

    async def _workspaces(self, theirs: Mapping[str, Agent], ours: Mapping[str, Agent], configured: bool) -> None:
        for name, agent in theirs.items():
            source = await asyncio.to_thread(self._workspace, agent)
            if source is None:
                if configured:
                    values = {"path": str(agent.workspace)}
                    self._report.add("workspace", name, "left", Text("moving.no_workspace", values))
                continue
            here = ours.get(name)
            if here is None:
                self._report.add("workspace", name, "failed", Text("moving.no_agent", {"agent": name}))
                continue
            with self._telling("workspace", name):
                await self._workspace_copied(name, source, here.workspace)

    def _workspace(self, agent: Agent) -> Path | None:
        """Where an agent's workspace is there. A folder that was copied from elsewhere has it inside, whatever path its
        configuration names. Before it had a place in the folder it was `~/clawd`."""
        root = self._folder.root
        places = [agent.workspace, root / agent.workspace.name, *([root.parent / "clawd"] if agent.is_default else [])]
        return next((place for place in places if place.is_dir()), None)

    async def _workspace_copied(self, name: str, source: Path, target: Path) -> None:
        if await asyncio.to_thread(_holds, source, (self._folder.root, target)):
            self._report.add("workspace", name, "failed", Text("moving.workspace_around", {"path": str(source)}))
            return
        try:
            done = await asyncio.to_thread(
                copy_tree, source, target, untouched(), MOST_FILES, MOST_BYTES, self._wanted.dry_run
            )
        except TooLarge:
            values = {"path": str(source), "files": MOST_FILES, "bytes": MOST_BYTES >> 30}
            self._report.add("workspace", name, "failed", Text("moving.workspace_too_large", values))
            return
        for kept in done.kept:
            self._report.add("workspace", f"{name}/{kept}", "left", Text("moving.other_file"))
        for left in done.left:
            self._report.add("workspace", f"{name}/{left}", "left", Text("moving.no_file"))
        values = {"path": str(target), "copied": done.copied, "same": done.same}
        self._report.add("workspace", name, "brought" if done.copied else "there", Text("moving.copied", values))

    async def _sessions(self, configured: list[str], scope: str, stored: bool) -> None:
        default = configured[0] if configured else MAIN_AGENT
        found: list[tuple[str, Path, Found]] = []
        agents = {normalise_agent_id(name): name for name in await asyncio.to_thread(self._folder.agents)}
        for agent, written in {**{name: name for name in configured}, **agents}.items():
            place = await asyncio.to_thread(self._folder.agent_part, written, "sessions", default)
            names = await asyncio.to_thread(self._folder.names, place)
            if not names:
                continue
            index: Any = None
            with self._telling("session", str(place / "sessions.json")):
                index = await asyncio.to_thread(self._folder.document, place / "sessions.json")
            each, lost = read_index(index, names, agent, scope)
            found += [(agent, place, one) for one in each]
            for key in lost:
                self._report.add("session", key, "left", Text("moving.no_transcript"))
        if not found:
            return
        async with _opened(open_sessions, self._launch, stored) as sessions:
            for agent, place, one in found:
                with self._telling("session", one.key or f"{agent}/{one.file}"):
                    await self._session(agent, place / one.file, one, sessions)

    async def _session(self, agent: str, path: Path, one: Found, sessions: InstalledSessions | None) -> None:
        key = one.key or old_key(agent, one.session_id)
        if sessions is not None:
            if await sessions.service.store.log(one.session_id) is not None:
                self._report.add("session", key, "there")
                return
            if await sessions.service.get(key) is not None:
                key = old_key(agent, one.session_id)
                if await sessions.service.get(key) is not None:
                    self._report.add("session", key, "there")
                    return
        note = None if key == one.key else Text("moving.under_another_key" if one.key else "moving.earlier_log")
        if not self._wanted.dry_run and sessions is not None:
            read = await asyncio.to_thread(self._folder.read, path)
            content = whole_lines(read or b"")
            values = {**one.values, **({} if key == one.key else {"kind": "other"})}
            await sessions.copies.take_in(content, key, values=values)
        self._report.add("session", key, "brought", note)

    async def _jobs(self, theirs: Theirs | None, stored: bool) -> None:
        path = self._folder.root / "cron" / "jobs.json"
        cron = theirs.value.get("cron") if theirs is not None and isinstance(theirs.value, dict) else None
        if isinstance(cron, dict) and isinstance(cron.get("store"), str):
            path = self._folder.root / await asyncio.to_thread(os.path.expanduser, cron["store"])
        with self._telling("job", str(path)):
            document = await asyncio.to_thread(self._folder.document, path)
            if document is None:
                return
            jobs, problems = read_store(document, int(SystemClock.now() * 1000))
            for name, error in problems:
                self._report.add("job", name, "failed", error.text)
            async with _opened(open_jobs, self._launch, stored) as ours:
                for job in jobs:
                    with self._telling("job", job.name or job.id):
                        if ours is None or self._wanted.dry_run:
                            known = ours is not None and await _has_job(ours, job.id)
                        else:
                            known = not await ours.take_over([job], JOB_OWNER)
                        self._report.add("job", job.name or job.id, "there" if known else "brought")

    async def _devices(self, stored: bool) -> None:
        with self._telling("device", "devices/paired.json"):
            document = await asyncio.to_thread(self._folder.document, self._folder.root / "devices" / "paired.json")
            if document is None:
                return
            settings = await self._settings()
            parent = "admin" if settings.gateway.auth.admin_token is not None else "token"
            if settings.gateway.auth.mode == "none":
                parent = "local"
            found, unreadable = read_paired(document, parent, SystemClock.now())
            for device_id in unreadable:
                self._report.add("device", device_id[:12], "failed", Text("moving.no_key"))
            async with _opened(_open_devices, self._launch, stored) as ours:
                for device in found:
                    known = ours is not None and await ours.get(device.id) is not None
                    if ours is not None and not known and not self._wanted.dry_run:
                        await ours.put(device)
                    note = None if known else Text("moving.token_anew")
                    self._report.add("device", device.id[:12], "there" if known else "brought", note)

    async def _credentials(self, configured: list[str], stored: bool) -> None:
        default = configured[0] if configured else MAIN_AGENT
        agents = {normalise_agent_id(name): name for name in await asyncio.to_thread(self._folder.agents)}
        seen: set[tuple[str, str]] = set()
        entries: list[tuple[str, dict[str, Any]]] = []
        for written in {**{name: name for name in configured}, **agents}.values():
            place = await asyncio.to_thread(self._folder.agent_part, written, "agent", default)
            for name in ("auth-profiles.json", "auth.json"):
                with self._telling("credential", str(place / name)):
                    for found in read_profiles(await asyncio.to_thread(self._folder.document, place / name)):
                        if not self._wanted.credentials:
                            self._report.add("credential", found.name, "left", Text("moving.not_wanted"))
                        elif found.entry is None:
                            self._report.add("credential", found.name, "left", found.reason)
                        elif (found.entry["provider"], found.entry["secret"]) not in seen:
                            seen.add((found.entry["provider"], found.entry["secret"]))
                            entries.append((found.name, found.entry))
        if not entries:
            return
        async with _opened(open_accounts, self._launch, stored) as accounts:
            for name, entry in entries:
                if accounts is None or self._wanted.dry_run:
                    self._report.add("credential", name, "brought", Text("moving.unless_there"))
                    continue
                with self._telling("credential", name):
                    done = await accounts.transfer.take_in([entry], OPERATOR, check=False)
                    if done.failures:
                        raise done.failures[0][1]
                    self._report.add("credential", name, "brought" if done.imported else "there")

    async def _skills(self) -> None:
        places = await asyncio.to_thread(self._folder.folders, self._folder.root / "skills")
        if not places:
            return
        async with open_skills(self._launch) as skills:
            for place in places:
                with self._telling("skill", place.name):
                    candidate = await skills.look(str(place), "", "")
                    name = candidate.head.name
                    if (await skills.record(name)).get("sha256") == candidate.package.digest:
                        self._report.add("skill", name, "there")
                        continue
                    if not self._wanted.dry_run:
                        await skills.install(candidate, False, False)
                    self._report.add("skill", name, "brought")

    async def _rest(self) -> None:
        for name, reason in _LEFT:
            if await asyncio.to_thread((self._folder.root / name).exists):
                self._report.add("other", name, "left", Text(reason))

    async def _settings(self) -> Settings:
        loaded = await (await configuration_source(self._launch)).load()
        return loaded.settings or Settings()


class _Telling:
    """Turns what goes wrong with one thing into a step of the report."""

    def __init__(self, report: Report, kind: Kind, name: str) -> None:
        self._report, self._kind, self._name = report, kind, name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, GatewayError):
            outcome: Any = "left" if error.kind is ErrorKind.CONFLICT else "failed"
            self._report.add(self._kind, self._name, outcome, error.text)
        elif isinstance(error, OSError | ValueError):
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._report.add(self._kind, self._name, "failed", Text("moving.broken", {"reason": reason}))
        else:
            return False
        return True


@asynccontextmanager
async def _opened(opens: Any, launch: Launch, stored: bool) -> AsyncIterator[Any]:
    """One of our stores; None where there is no database yet and none is to be made."""
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(opens(launch)) if stored else None


@asynccontextmanager
async def _open_devices(launch: Launch) -> AsyncIterator[DeviceStore]:
    settings = usable_settings(await (await configuration_source(launch)).load())
    async with open_database(database_url(settings, launch)) as database:
        yield DeviceStore(database)


async def _has_job(jobs: Any, job_id: str) -> bool:
    try:
        await jobs.get(job_id, JOB_OWNER)
    except GatewayError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return False
        raise
    return True


def _at_home(agent: Agent, home: Path) -> Agent:
    return replace(agent, workspace=home / ("workspace" if agent.is_default else f"workspace-{agent.id}"))


def _holds(folder: Path, others: Sequence[Path]) -> bool:
    """Whether one of `others` lies in a folder, or is it."""
    real = folder.resolve()
    return any(real == other.resolve() or real in other.resolve().parents for other in others)

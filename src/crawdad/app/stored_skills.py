"""What the commands do with skills and with the tools of other servers (MCP)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from crawdad import __version__
from crawdad.adapters.agent_files import LocalSkillFolders, LocalSkillPackages
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.system import SystemClock
from crawdad.app.agent_tools import skill_library
from crawdad.app.launch import Launch
from crawdad.app.logs import log_aside
from crawdad.app.wiring import configuration_source, database_url, open_configuration, usable_settings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp import PinnedTool
from crawdad.core.text import Text
from crawdad.services.skills.installing import Candidate, Order, SkillInstaller
from crawdad.services.skills.library import SkillLibrary
from crawdad.services.skills.skill import Skill
from crawdad.store.database import open_database
from crawdad.store.mcp_tools import ToolPinStore


class StoredSkills:
    """The skills of this installation."""

    def __init__(
        self, launch: Launch, library: SkillLibrary, installer: SkillInstaller, packages: LocalSkillPackages
    ) -> None:
        self._launch = launch
        self._library = library
        self._installer = installer
        self._packages = packages

    async def found(self, workspace: Path | None) -> Sequence[Skill]:
        return await self._library.found(None, workspace or self._launch.home / "workspace")

    async def get(self, name: str, workspace: Path | None) -> Skill:
        skill = next((one for one in await self.found(workspace) if one.head.name == name), None)
        if skill is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("skills.unknown", {"name": name[:100]}))
        return skill

    async def record(self, name: str) -> Mapping[str, object]:
        return await self._packages.record(name)

    async def look(self, source: str, sha256: str, registry: str) -> Candidate:
        return await self._installer.look(Order(source, sha256, registry))

    async def install(self, candidate: Candidate, replace: bool, downgrade: bool) -> str:
        return await self._installer.install(candidate, replace, downgrade)

    async def remove(self, name: str) -> None:
        await self._installer.remove(name)

    async def switch(self, name: str, enabled: bool, workspace: Path | None) -> None:
        skill = await self.get(name, workspace)
        path = f"skills.entries.{skill.head.key}.enabled"
        async with open_configuration(self._launch) as configuration:
            written = await configuration.set_value(path, "true" if enabled else "false")
        if written.refused:
            problem = next(problem for problem in written.problems if problem.is_error)
            raise GatewayError(ErrorKind.BAD_REQUEST, problem.message)


class StoredMcpTools:
    """The tools of other servers that were seen, and what was approved of them."""

    def __init__(self, pins: ToolPinStore) -> None:
        self._pins = pins

    async def list(self, server: str | None) -> Sequence[PinnedTool]:
        return await self._pins.of(server)

    async def approve(self, server: str, tool: str | None) -> Sequence[PinnedTool]:
        wanted = [pin for pin in await self._pins.of(server) if tool in (None, pin.tool) and not pin.usable]
        if not wanted and tool is not None and not any(pin.tool == tool for pin in await self._pins.of(server)):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("mcp.no_tool", {"server": server[:100], "tool": tool[:100]}))
        done = [
            pin
            for pin in wanted
            if await self._pins.approve(pin.server, pin.tool, pin.seen, "operator", SystemClock.now())
        ]
        return done

    async def forget(self, server: str, tool: str | None) -> int:
        return await self._pins.forget(server, tool)


@asynccontextmanager
async def open_skills(launch: Launch) -> AsyncIterator[StoredSkills]:
    """The skills, with a way to fetch new ones."""
    log_aside()
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    settings = usable_settings(await (await configuration_source(launch)).load())
    packages = LocalSkillPackages(launch.home / "skills")
    async with HttpTransport(f"crawdad/{__version__}", lambda: settings.gateway.private_networks) as transport:
        installer = SkillInstaller(packages, transport, SystemClock(), lambda: settings.skills)
        library = skill_library(LocalSkillFolders(), lambda: settings, launch.home, environment)
        yield StoredSkills(launch, library, installer, packages)


@asynccontextmanager
async def open_mcp_tools(launch: Launch) -> AsyncIterator[StoredMcpTools]:
    """What is known of the tools of other servers."""
    log_aside()
    settings = usable_settings(await (await configuration_source(launch)).load())
    async with open_database(database_url(settings, launch)) as database:
        yield StoredMcpTools(ToolPinStore(database))

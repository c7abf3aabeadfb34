"""The tools of agents that neither touch the workspace nor run anything, and the skills, put together."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.agent_files import LocalMemoryFiles, LocalSkillFolders, LocalSkillPackages, WorkspaceReader
from crawdad.adapters.loopback_listener import LoopbackListeners
from crawdad.adapters.mcp import LocalMcpConnector
from crawdad.api.opsclaw.callback_page import callback_page
from crawdad.app.accounts import World
from crawdad.core.agent_settings import ModelChoice
from crawdad.core.agents import Outbound
from crawdad.core.media_files import MediaStore
from crawdad.core.secret import Secret
from crawdad.core.settings import Settings
from crawdad.core.tools import Tool
from crawdad.services.agent_tools.image import ImageTool
from crawdad.services.agent_tools.image_generate import ImageGenerate
from crawdad.services.agent_tools.memory import MemoryGet, MemorySearch
from crawdad.services.agent_tools.message import MessageTool
from crawdad.services.agent_tools.model_calls import ToolModelCalls
from crawdad.services.agent_tools.pictures import Pictures
from crawdad.services.agent_tools.skill import SkillTool
from crawdad.services.agent_tools.sources import OwnTools, ServerTools
from crawdad.services.agent_tools.web_fetch import WebFetch
from crawdad.services.agent_tools.web_search import WebSearch
from crawdad.services.mcp.logins import McpLogins
from crawdad.services.mcp.servers import McpServers
from crawdad.services.mcp.signing_in import McpSignIns
from crawdad.services.memory.service import Memory
from crawdad.services.memory.transcripts import Transcripts
from crawdad.services.skills.gating import Surroundings
from crawdad.services.skills.installing import SkillInstaller
from crawdad.services.skills.library import Place, SkillLibrary
from crawdad.services.speech import Speech
from crawdad.services.tasks import Tasks
from crawdad.services.turns.front import ModelFront
from crawdad.store.key_values import KeyValues
from crawdad.store.mcp_tools import ToolPinStore
from crawdad.store.memory import VectorStore
from crawdad.store.sessions import SessionStore

_MOST_TASKS = 1000
_BUNDLED = Path(__file__).resolve().parents[1] / "bundled" / "skills"


@dataclass(frozen=True, slots=True)
class AgentTools:
    """What the toolbox gets (`own`, then `servers`), and what else is made on the way. `memory_tools` come with the plugin
    that has the memory."""

    own: OwnTools
    servers: ServerTools
    logins: McpLogins
    skills: SkillLibrary
    memory: Memory
    mcp: McpServers
    installer: SkillInstaller
    memory_tools: tuple[Tool, ...]
    speech: Speech


@asynccontextmanager
async def open_agent_tools(
    world: World, front: ModelFront, environment: Mapping[str, str], media: MediaStore, outbound: Outbound
) -> AsyncIterator[AgentTools]:
    """The tools of an installation. On leaving, every server that was begun is ended."""
    calls = ToolModelCalls(front, world.clock, world.randomness)
    folders = LocalSkillFolders()
    library = skill_library(folders, world.settings, Path(world.home), environment)
    memory = Memory(
        LocalMemoryFiles(),
        VectorStore(world.database),
        calls,
        world.clock,
        lambda agent_id: world.settings().agents.memory_search_of(agent_id),
        Transcripts(SessionStore(world.database)),
    )
    pictures = Pictures(world.transport, WorkspaceReader())
    tools = (
        WebSearch(world.transport, world.clock, lambda: world.settings().tools.web.search, world.proxy_for),
        WebFetch(world.transport, world.clock, lambda: world.settings().tools.web.fetch),
        ImageTool(calls, pictures, lambda _: _names(world.settings().agents.defaults.image_model)),
        ImageGenerate(calls, media, lambda _: drawing_models(world.settings(), front)),
        MessageTool(outbound, pictures),
        SkillTool(library, folders),
    )
    values = KeyValues(world.database)
    sign_ins = McpSignIns(world.transport, values, world.box, world.clock, world.randomness, world.proxy_for)
    async with Tasks(_MOST_TASKS) as tasks:
        servers = McpServers(
            LocalMcpConnector(world.transport, environment, tasks.start),
            ToolPinStore(world.database),
            world.clock,
            world.cluster.bus,
            lambda: world.settings().mcp.servers,
            world.proxy_for,
            tasks,
        )
        servers.bearer = sign_ins.bearer
        logins = McpLogins(
            sign_ins,
            lambda: world.settings().mcp.servers,
            LoopbackListeners(callback_page),
            tasks,
            world.clock,
            world.randomness,
        )
        installer = skill_installer(world, Path(world.home))
        try:
            own = OwnTools(tools, world.settings)
            memory_tools = (MemorySearch(memory), MemoryGet(memory))
            speech = Speech(calls, media, front.catalogue, values)
            yield AgentTools(
                own, ServerTools(servers), logins, library, memory, servers, installer, memory_tools, speech
            )
        finally:
            await logins.close()
            await servers.close()


def skill_installer(world: World, home: Path) -> SkillInstaller:
    """What puts skills into the managed directory."""
    packages = LocalSkillPackages(home / "skills")
    return SkillInstaller(packages, world.transport, world.clock, lambda: world.settings().skills)


def skill_library(
    folders: LocalSkillFolders, settings: Callable[[], Settings], home: Path, environment: Mapping[str, str]
) -> SkillLibrary:
    """The skills of this machine."""
    personal = environment.get("HOME") or str(home)

    def places(workspace: Path | None) -> Sequence[Place]:
        extra = [os.path.expanduser(path) for path in settings().skills.load.extra_dirs]
        found = [Place("extra", path) for path in extra if os.path.isabs(path)]
        found += [
            Place("bundled", str(_BUNDLED)),
            Place("managed", str(home / "skills")),
            Place("personal", f"{personal}/.agents/skills"),
        ]
        if workspace is not None:  # the agent itself writes there: what it links to is not followed
            found.append(Place("project", str(workspace / ".agents" / "skills"), links=False))
            found.append(Place("workspace", str(workspace / "skills"), links=False))
        return found

    def surroundings() -> Surroundings:
        current = settings()
        path = environment.get("PATH")
        return Surroundings(
            sys.platform,
            lambda name: shutil.which(name, path=path) is not None,
            environment,
            lambda dotted: is_configured(current, dotted),
        )

    def filter_of(agent_id: str) -> Sequence[str] | None:
        return next((entry.skills for entry in settings().agents.entries if entry.id == agent_id), None)

    return SkillLibrary(folders, lambda: settings().skills, places, surroundings, filter_of)


def is_configured(settings: Settings, dotted: str) -> bool:
    """Whether something other than off, nothing and empty is set at a path of the configuration."""
    value: object = settings
    for step in dotted.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
            continue
        fields = getattr(type(value), "model_fields", {})
        name = next((name for name, field in fields.items() if (field.alias or name) == step), None)
        if name is None:
            return False
        value = getattr(value, name)
    return bool(value.reveal()) if isinstance(value, Secret) else bool(value)


def drawing_models(settings: Settings, front: ModelFront) -> Sequence[str]:
    """The models that draw: those that are set, else the first that there is."""
    chosen = _names(settings.agents.defaults.image_generation_model)
    if chosen:
        return chosen
    offers = front.catalogue().offers.values()
    return [offer.name for offer in offers if offer.kind == "image" or "images" in offer.endpoints][:1]


def _names(choice: ModelChoice) -> tuple[str, ...]:
    return (*((choice.primary,) if choice.primary else ()), *choice.fallbacks)

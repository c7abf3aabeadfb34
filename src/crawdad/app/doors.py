"""The doors to the agents, put together: agents as models, `/tools/invoke`, hooks, media, plugin routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.files.media_folder import LocalMediaFolder
from crawdad.adapters.programs import PdfProgram, PythonTransforms
from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.gateway.routes import GatewayRoutes
from crawdad.api.speaking import Gate
from crawdad.app.accounts import World
from crawdad.app.control_agents import HeartSwitch
from crawdad.app.plugins import Plugins
from crawdad.app.sessions import RestParts
from crawdad.core.agents import AgentRuns, Heartbeats, Outbound, SystemEvents
from crawdad.core.plugin_http import PluginRoutes
from crawdad.core.ports import Runner
from crawdad.core.tools import Toolbox
from crawdad.services.agent_doors.attachments import AttachmentReader
from crawdad.services.agent_doors.once import OnceOnly
from crawdad.services.agent_doors.source import AgentSource, KnownSessions
from crawdad.services.agent_doors.tool_calls import ToolCalls
from crawdad.services.channels.host import ChannelHost
from crawdad.services.hooks.service import HookParts, Hooks
from crawdad.services.mcp.desk import McpDesk
from crawdad.services.media_files.store import KeptMediaStore
from crawdad.services.responses.resuming import Resuming
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.tasks import Tasks
from crawdad.store.agent_links import AgentLinks
from crawdad.store.hook_deliveries import HookDeliveries
from crawdad.store.media_files import MediaRecords
from crawdad.store.responses import ResponseStore
from crawdad.store.tool_invocations import ToolInvocations

_SWEEP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class AgentParts:
    """What the doors lead to."""

    runs: AgentRuns
    toolbox: Toolbox
    sessions: KnownSessions
    events: SystemEvents
    heartbeats: Heartbeats
    outbound: Outbound
    workspace_of: Callable[[str], Path]
    plugins: PluginRoutes
    rest: RestParts | None = None
    """The REST interface, where it is served."""
    jobs: Jobs | None = None
    """Cron, where it is served."""
    drain: Callable[[float], Awaitable[None]] | None = None
    """Begins no more turns, and gives the running ones so many seconds to end."""
    control: AgentSide | None = None
    """What the control channel reaches of them."""
    mcp: McpDesk | None = None
    """The servers of other tools, and signing in to them."""
    switch: HeartSwitch | None = None
    channels: ChannelHost | None = None
    extensions: Plugins | None = None
    """The plugins, where there are any to be had."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors, ready to be hung."""

    source: AgentSource
    tools: ToolCalls
    hooks: Hooks
    media: KeptMediaStore
    plugins: PluginRoutes
    channels: ChannelHost | None = None

    def routes(self, gate: Gate) -> GatewayRoutes:
        """The doors as routes."""
        return GatewayRoutes(gate, self.tools, self.hooks, self.media, self.plugins, self.channels)


def media_store(world: World) -> KeptMediaStore:
    """Where files for people are kept."""
    return KeptMediaStore(
        LocalMediaFolder(Path(world.home) / "media"),
        MediaRecords(world.database),
        world.clock,
        world.randomness,
        lambda: world.settings().gateway.media,
    )


def make_resuming(world: World, tasks: Tasks, source: AgentSource, store: ResponseStore) -> Resuming:
    """The streams of agents' responses, which can be taken up again."""

    def patience() -> float:
        return world.settings().gateway.http.endpoints.responses.resume_seconds

    return Resuming(store, source, tasks, world.clock, world.randomness, world.runner, patience)


def make_doors(
    world: World, tasks: Tasks, runner: Runner, parts: AgentParts, media: KeptMediaStore, configuration: Path
) -> Doors:
    """The doors to `parts`; what goes on beside requests is started. `configuration` is the folder of the configuration."""
    settings, clock = world.settings, world.clock
    links = AgentLinks(world.database)
    attachments = AttachmentReader(world.transport, lambda: settings().gateway.http.endpoints, PdfProgram())
    source = AgentSource(parts.runs, parts.sessions, links, attachments, clock, settings)
    once = OnceOnly(ToolInvocations(world.database), clock, world.randomness, runner)
    tools = ToolCalls(parts.toolbox, parts.sessions, once, world.randomness, settings, parts.workspace_of)
    hook_parts = HookParts(
        runs=parts.runs,
        events=parts.events,
        heartbeats=parts.heartbeats,
        outbound=parts.outbound,
        sessions=parts.sessions,
        transforms=PythonTransforms(configuration / "hooks" / "transforms"),
        deliveries=HookDeliveries(world.database),
        tasks=tasks,
        clock=clock,
        randomness=world.randomness,
        runner=runner,
        settings=settings,
    )
    hooks = Hooks(hook_parts)

    async def forget_links() -> None:
        while True:
            await links.delete_expired(clock.now())
            await clock.sleep(_SWEEP_SECONDS)

    tasks.start(forget_links(), "links of agents")
    tasks.start(once.keep_forgetting(_SWEEP_SECONDS), "calls of tools")
    tasks.start(hooks.keep_recovering(), "interrupted hooks")
    tasks.start(media.keep_sweeping(), "media")
    return Doors(source, tools, hooks, media, parts.plugins, parts.channels)

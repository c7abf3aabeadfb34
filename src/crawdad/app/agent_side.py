"""The side of the agents put together: sessions, tools, runs, cron and the heartbeat, each after what it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crawdad.adapters.folder_trash import FolderTrash
from crawdad.adapters.persona_files import LocalPersonaFiles
from crawdad.adapters.workspaces import LocalWorkspaces
from crawdad.api.control.agent_parts import AgentSide
from crawdad.app.accounts import World
from crawdad.app.agent_tools import open_agent_tools
from crawdad.app.agents import Agents, Parts, open_agents
from crawdad.app.channels import ChannelParts, open_channels
from crawdad.app.control_agents import HeartSwitch
from crawdad.app.doors import AgentParts
from crawdad.app.plugins import ChannelShelf, MethodShelf, PluginGround, ProviderShelf, open_plugins
from crawdad.app.schedule import ScheduleParts, make_system_events, open_schedule
from crawdad.app.sessions import make_rest, make_sessions, start_sessions
from crawdad.app.tools import AgentTools
from crawdad.core.ports import Runner
from crawdad.plugins.hooks import HookBoard
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.plugins.tools import PluginTools
from crawdad.services.agent_tools.cron import CronTool
from crawdad.services.agent_tools.model_calls import ToolModelCalls
from crawdad.services.agent_tools.nodes import NodesTool
from crawdad.services.agent_tools.sessions_access import SessionAccess
from crawdad.services.agent_tools.sessions_reading import SessionsHistory, SessionsList
from crawdad.services.agent_tools.sessions_send import SessionsSend
from crawdad.services.agent_tools.sessions_status import AgentsList, SessionStatus
from crawdad.services.agents.administration import AgentAdministration
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.identity import Door
from crawdad.services.identity.living import Living
from crawdad.services.mcp.desk import McpDesk
from crawdad.services.media_files.store import KeptMediaStore
from crawdad.services.plugins.hooked import HookedToolbox, heard_order, tell_end
from crawdad.services.plugins.serving import PluginServing
from crawdad.services.tasks import Tasks
from crawdad.services.tools.execution.notices import ExitNotices
from crawdad.services.tools.toolbox import FixedTools
from crawdad.services.turns.front import ModelFront

_CHECKLIST = "HEARTBEAT.md"
_CHECKLIST_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What the agents stand on."""

    world: World
    tasks: Tasks
    front: ModelFront
    door: Door
    runner: Runner
    environment: Mapping[str, str]
    media: KeptMediaStore
    tools: AgentTools
    providers: ProviderShelf


OpenAgents = Callable[[Ground], AbstractAsyncContextManager[AgentParts]]
"""Opens the agents."""


@asynccontextmanager
async def open_agent_side(ground: Ground) -> AsyncIterator[AgentParts]:
    """All of it. Turns that were cut off are taken up once everything stands; on leaving, the running ones are left to the
    next process."""
    world, tasks, registered = ground.world, ground.tasks, ground.tools.toolbox
    sessions, events, outbound = make_sessions(world), make_system_events(world), OutboundChannels()
    hooks = HookBoard(lambda: world.settings().plugins.limits.hook_seconds, tasks.start)
    outbound.hooks = hooks
    routes, toolbox = HttpRoutes(), HookedToolbox(registered, hooks)
    find = Living(ground.door, lambda: world.settings().gateway)
    async with AsyncExitStack() as stack:
        start_sessions(world, sessions, tasks)
        ground.tools.programs.notify = ExitNotices(events, world.settings).tell
        own = await stack.enter_async_context(
            open_agent_tools(world, ground.front, ground.environment, ground.media, outbound)
        )
        ground.tools.secrets.find = own.skills.environment
        parts = Parts(ground.front, sessions, toolbox, own.skills, events, ground.tools.outside, ground.runner, find)
        agents = await stack.enter_async_context(open_agents(world, parts))
        agents.runs.before.append(lambda order: heard_order(hooks, order))
        agents.lanes.after.append(partial(tell_end, hooks))

        async def checklist(agent_id: str) -> str | None:
            workspace = agents.roster.get(agent_id).workspace
            found = (await files.read(workspace, (_CHECKLIST,), _CHECKLIST_CHARACTERS)).get(_CHECKLIST)
            return None if found is None else found.text

        files = LocalWorkspaces()
        schedule = await stack.enter_async_context(
            open_schedule(
                world,
                ground.runner,
                find,
                events,
                ScheduleParts(agents.runs, sessions, outbound, checklist, sessions.forget),
            )
        )
        access = SessionAccess(sessions, world.settings)
        registered.register(
            FixedTools(
                [
                    *(SessionsList(access), SessionsHistory(access), SessionsSend(access, agents.runs)),
                    *(SessionStatus(access), AgentsList(world.settings, lambda one: _may_spawn(agents, one))),
                    *agents.tools,
                    CronTool(schedule.jobs, events, schedule.hearts, lambda: world.settings().session.scope),
                ]
            )
        )
        registered.register(own.own)
        nodes_tool = NodesTool(ground.tools.approvals)
        registered.register(FixedTools([nodes_tool], lambda _, scope: nodes_tool.offered()))
        serving = PluginServing(world.transport, world.settings)
        serving.runs = agents.runs
        shelf = ChannelShelf(outbound)
        plugin_ground = PluginGround(
            toolbox=registered,
            tools=PluginTools(),
            hooks=hooks,
            routes=routes,
            methods=MethodShelf(),
            providers=ground.providers,
            channels=shelf,
            serving=serving,
            memory_tools=own.memory_tools,
            memory_offered=lambda scope: own.memory.settings(scope.agent_id).enabled,
        )
        registered.register(plugin_ground.tools)
        registered.register(own.servers)
        extensions = await stack.enter_async_context(open_plugins(world, plugin_ground, ground.environment))
        own.skills.more_places = extensions.host.skill_folders
        await extensions.host.begin()
        switch = HeartSwitch(schedule.hearts, world.cluster.bus, world.clock)
        tasks.start(switch.follow(), "heartbeats switched")
        await agents.begin()
        channels = await stack.enter_async_context(
            open_channels(
                world,
                ChannelParts(
                    runs=agents.runs,
                    sessions=sessions,
                    approvals=ground.tools.approvals,
                    roster=agents.world.roster,
                    outbound=outbound,
                    hearing=ToolModelCalls(ground.front, world.clock, world.randomness),
                ),
            )
        )
        shelf.attach(channels.register)
        yield AgentParts(
            runs=agents.runs,
            toolbox=toolbox,
            sessions=sessions,
            events=events,
            heartbeats=schedule.hearts,
            outbound=outbound,
            workspace_of=lambda agent_id: agents.roster.get(agent_id).workspace,
            plugins=routes,
            extensions=extensions,
            rest=make_rest(world, sessions, agents.runs, tasks, agents.store.count_waiting),
            jobs=schedule.jobs,
            drain=agents.lanes.drain,
            mcp=McpDesk(own.mcp, own.logins, lambda: world.settings().mcp.servers),
            switch=switch,
            channels=channels,
            control=AgentSide(
                runs=agents.runs,
                news=agents.news,
                sessions=sessions,
                roster=lambda: agents.roster,
                toolbox=toolbox,
                skills=own.skills,
                jobs=schedule.jobs,
                events=events,
                hearts=schedule.hearts,
                outbound=outbound,
                channels=channels,
                files=LocalPersonaFiles(),
                nodes=nodes_tool,
                speech=own.speech,
                managed_skills=str(Path(world.home) / "skills"),
                skill_installer=own.installer,
                administration=lambda text: AgentAdministration(
                    text, lambda: agents.roster, LocalWorkspaces, LocalPersonaFiles(), FolderTrash(Path(world.home))
                ),
            ),
        )


def _may_spawn(agents: Agents, agent_id: str) -> tuple[str, ...]:
    return agents.roster.get(agent_id).subagents.allow_agents

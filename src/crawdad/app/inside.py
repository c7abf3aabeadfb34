"""The inside of the gateway: agents, channels, cron, plugins, tools, and the routes to them. It can be left and entered anew
while the outside (store, keys, configuration, logs, panels, sockets) stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from crawdad.api.channels.routes import ChannelRoutes
from crawdad.api.front_door import FrontDoor, Routes, SocketHandler
from crawdad.api.probes.routes import ProbeRoutes
from crawdad.api.speaking import Gate
from crawdad.app.accounts import World
from crawdad.app.agent_side import Ground, OpenAgents, open_agent_side
from crawdad.app.buddy_sockets import BuddySockets
from crawdad.app.bundled import know_vendors
from crawdad.app.clawpanel_sockets import clawpanel_sockets
from crawdad.app.control_channel import ControlChannel, open_control
from crawdad.app.doors import AgentParts, Doors, make_doors, make_resuming, media_store
from crawdad.app.launch import Launch
from crawdad.app.management import Managed, management_mounts
from crawdad.app.panel_side import PanelSide
from crawdad.app.plugins import ProviderShelf
from crawdad.app.routes import routes_for
from crawdad.app.runner import Runner
from crawdad.app.tools import AgentTools, open_tools
from crawdad.app.upkeep import Upkeep
from crawdad.core.agent_names import AGENT_PROVIDER
from crawdad.core.plugin_hooks import NoHooks
from crawdad.core.plugins import PLUGINS_CHANGED
from crawdad.core.ports import Leases
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.channels.figures import ChannelFigures
from crawdad.services.identity import Door
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.notifications.doorstep import Doorstep
from crawdad.services.responses.service import Responses
from crawdad.services.tasks import Tasks
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.local import LocalSource
from crawdad.store.responses import ResponseStore

_MOST_BACKGROUND = 1000
_FAILING = "gateway"


@dataclass(frozen=True, slots=True)
class Outside:
    """What stays. `leases`: where a cluster has any. `manage` puts together what the panels administer."""

    launch: Launch
    world: World
    tasks: Tasks
    environment: Mapping[str, str]
    leases: Leases | None
    door: Door
    gate: Gate
    front: ModelFront
    live: LiveCatalogue
    local_sources: dict[str, LocalSource]
    responses: Responses
    metrics: ExchangeMetrics
    upkeep: Upkeep
    panel_side: PanelSide
    manage: Callable[[AgentTools, AgentParts | None, ChannelFigures], Managed]
    doorstep: Doorstep
    """Where the other side of a channel comes in while there are no channels."""
    safe_mode: bool = False
    open_agents: OpenAgents | None = None


@dataclass(frozen=True, slots=True)
class Interior:
    """An inside that is open, with its table of routes."""

    routes: Routes
    control: ControlChannel
    agents: AgentParts | None


class LocalInside:
    """`services.lifecycle.Inside` of this process. While it is left, another interior stands in its place: one without agents,
    whose routes lead to the panels alone."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._generation = 0
        self._open: _Open | None = None
        self._entered = False
        self._front_door: FrontDoor | None = None

    @property
    def metrics(self) -> ExchangeMetrics:
        """What is counted for Prometheus, whether or not it is entered."""
        return self._outside.metrics

    @property
    def entered(self) -> bool:
        """Whether it is at work."""
        return self._entered

    @property
    def interior(self) -> Interior:
        """What is open."""
        assert self._open is not None
        return self._open.interior

    def attach(self, front_door: FrontDoor) -> None:
        """Whose table of routes changes with it."""
        self._front_door = front_door

    async def enter(self) -> None:
        """See the port."""
        if self._entered:
            return
        runner = Runner(self._outside.leases, self._outside.world.clock, self._generation)
        fresh = await _Open.make(self._outside.tasks, open_interior(self._outside, runner, stopped=False))
        self._entered = True
        await self._swap(fresh)

    async def leave(self, grace_seconds: float) -> None:
        """See the port. The routes lead elsewhere before anything is closed, so that every request gets an answer."""
        if not self._entered:
            return
        self._generation += 1
        runner = Runner(self._outside.leases, self._outside.world.clock, self._generation)
        left, stopped = (
            self._open,
            await _Open.make(self._outside.tasks, open_interior(self._outside, runner, stopped=True)),
        )
        self._entered = False
        self._hang(stopped)
        if left is None:
            return
        try:
            left.interior.control.close()
            if left.interior.agents is not None and left.interior.agents.drain is not None:
                await left.interior.agents.drain(grace_seconds)
        finally:
            await left.close()
            # The plugins that it held took their vendors with them; accounts are administered all the same.
            know_vendors(self._outside.world.vendors, self._outside.upkeep.settings.plugins)

    async def close(self) -> None:
        """The end of all."""
        if self._open is not None:
            await self._open.close()

    async def _swap(self, fresh: _Open) -> None:
        before = self._open
        self._hang(fresh)
        if before is not None:
            before.interior.control.close()
            await before.close()

    def _hang(self, fresh: _Open) -> None:
        self._open = fresh
        if self._front_door is not None:
            self._front_door.hang(fresh.interior.routes)


class _Open:
    """An interior in a task of its own: it is closed by the task that opened it, whoever wants it closed."""

    def __init__(self, interior: Interior, task: asyncio.Task[None], over: asyncio.Event) -> None:
        self.interior = interior
        self._task = task
        self._over = over

    @classmethod
    async def make(cls, tasks: Tasks, interior: AbstractAsyncContextManager[Interior]) -> _Open:
        """Open one. Raises what keeps it from that."""
        ready: asyncio.Future[Interior] = asyncio.get_running_loop().create_future()
        over = asyncio.Event()

        async def live() -> None:
            try:
                async with interior as found:
                    ready.set_result(found)
                    await over.wait()
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)

        task = tasks.start(live(), "inside")
        try:
            return cls(await asyncio.shield(ready), task, over)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise

    async def close(self) -> None:
        """Close it and wait for that."""
        self._over.set()
        await asyncio.wait({self._task})


@asynccontextmanager
async def open_interior(outside: Outside, runner: Runner, *, stopped: bool) -> AsyncIterator[Interior]:
    """The inside, or (`stopped`, and in safe mode) what stands in its place."""
    world = replace(outside.world, runner=runner.name)
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(Tasks(_MOST_BACKGROUND))
        tasks.start(runner.stay_alive(), "runner of the inside")
        tools = await stack.enter_async_context(open_tools(world, tasks, outside.environment))
        agents, doors = None, None
        if not (stopped or outside.safe_mode):
            agents, doors = await _open_agents(outside, world, runner, tasks, tools, stack)
        if agents is None or agents.extensions is None:
            know_vendors(world.vendors, outside.upkeep.settings.plugins)
        host = agents.channels if agents is not None else None
        figures = ChannelFigures(host, world.clock)
        stack.push_async_callback(figures.close)
        managed = outside.manage(tools, agents, figures)
        control = open_control(world, outside.launch, outside.gate, managed, tasks, agents)
        if agents is not None and agents.extensions is not None:
            agents.extensions.methods.attach(control.registry)
        panels = clawpanel_sockets(outside.panel_side, host, world.clock)
        sockets: dict[str, SocketHandler] = {"/": control.socket, **panels}
        probes = ProbeRoutes(
            outside.gate,
            lambda: [*outside.upkeep.failing(), *([_FAILING] if stopped else [])],
            lambda: managed.health.report.level,
            outside.metrics.exposition,
        )
        routes = routes_for(
            outside.gate,
            outside.responses,
            probes,
            management_mounts(managed, stopped=stopped),
            sockets,
            doors.routes(outside.gate) if doors is not None else None,
        )
        if doors is None:
            routes = replace(routes, socket_prefixes=ChannelRoutes(outside.gate, outside.doorstep).socket_prefixes)
        if agents is not None and agents.extensions is not None:
            plugins = agents.extensions.host
            outside.upkeep.after_settings.append(plugins.look_again)
            outside.upkeep.followed[PLUGINS_CHANGED] = plugins.look_again
            stack.callback(outside.upkeep.followed.pop, PLUGINS_CHANGED)
            stack.callback(outside.upkeep.after_settings.remove, plugins.look_again)
            await plugins.started()
        board = managed.operations.tasks
        buddy = BuddySockets(outside.panel_side, outside.launch, outside.environment, outside.gate, board)
        table = buddy.hung_into(replace(routes, closed=True, sockets=sockets) if stopped else routes)
        yield Interior(table, control, agents)


async def _open_agents(
    outside: Outside, world: World, runner: Runner, tasks: Tasks, tools: AgentTools, stack: AsyncExitStack
) -> tuple[AgentParts, Doors]:
    media = media_store(world)
    providers = ProviderShelf(outside.live, outside.local_sources, world.vendors)
    ground = Ground(world, tasks, outside.front, outside.door, runner, outside.environment, media, tools, providers)
    agents = await stack.enter_async_context((outside.open_agents or open_agent_side)(ground))
    if agents.extensions is not None:
        outside.front.hooks = agents.extensions.hooks
        stack.callback(setattr, outside.front, "hooks", NoHooks())
    doors = make_doors(world, tasks, runner, agents, media, outside.launch.config_path.parent)
    outside.local_sources[AGENT_PROVIDER] = doors.source
    stack.callback(outside.local_sources.pop, AGENT_PROVIDER, None)
    outside.responses.resuming = make_resuming(world, tasks, doors.source, ResponseStore(world.database))
    stack.callback(setattr, outside.responses, "resuming", None)
    outside.live.offer_agents()
    return agents, doors

"""The agents put together: runs, their lanes and what they are made of, opened and closed with the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from crawdad.adapters.system import machine_zone
from crawdad.adapters.workspaces import LocalWorkspaces
from crawdad.app.accounts import World
from crawdad.core.agents import SystemEvents
from crawdad.core.outside_files import OutsideFiles
from crawdad.core.ports import Runner
from crawdad.core.sessions import Sessions
from crawdad.core.settings import Settings
from crawdad.core.tools import Skills, Tool, Toolbox
from crawdad.services.agents.asking import ModelCalls
from crawdad.services.agents.execution import Execution
from crawdad.services.agents.lanes import Lanes
from crawdad.services.agents.opening import Surroundings
from crawdad.services.agents.recorder import EventWriter
from crawdad.services.agents.roster import Roster, build_roster
from crawdad.services.agents.run_news import RunNews
from crawdad.services.agents.runs import Runs
from crawdad.services.agents.spawning import Spawner
from crawdad.services.agents.standing import Find
from crawdad.services.agents.subagents import SpawnTool, SubagentsTool
from crawdad.services.tasks import Tasks
from crawdad.services.turns.front import ModelFront
from crawdad.store.key_values import KeyValues
from crawdad.store.runs import RunStore

_SECRET_KEY = "agents.boundary"
_MOST_TASKS = 100_000
_LAST_SECONDS = 3.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the agents get from elsewhere."""

    front: ModelFront
    sessions: Sessions
    toolbox: Toolbox
    skills: Skills
    system_events: SystemEvents
    outside: OutsideFiles
    runner: Runner
    find: Find
    """Who lives of those that order turns."""


@dataclass(frozen=True, slots=True)
class Agents:
    """The agents of an installation."""

    runs: Runs
    lanes: Lanes
    store: RunStore
    world: Surroundings
    tools: Sequence[Tool]
    """The tools that only the runtime can offer; the toolbox has to be told of them."""
    news: RunNews
    begin: Callable[[], Awaitable[None]]
    """Takes up the turns that dead processes left, and looks for waiting ones from then on: once all tools are there."""

    @property
    def roster(self) -> Roster:
        """Who there is."""
        return self.world.roster()


@asynccontextmanager
async def open_agents(world: World, parts: Parts) -> AsyncIterator[Agents]:
    """The agents; `begin` sets them to work. On leaving, what still runs here is left to the next one."""
    home = Path(world.home)
    store = RunStore(world.database)
    writer = EventWriter(store, world.clock)
    secret = await KeyValues(world.database).settle(_SECRET_KEY, world.randomness.new_token())
    surroundings = Surroundings(
        settings=world.settings,
        roster=_Rosters(world.settings, home),
        calls=ModelCalls(parts.front, world.clock, world.randomness),
        sessions=parts.sessions,
        toolbox=parts.toolbox,
        skills=parts.skills,
        system_events=parts.system_events,
        files=LocalWorkspaces(),
        outside=parts.outside,
        now=world.clock.now,
        find=parts.find,
        secret=str(secret),
        zone=str(machine_zone()),
    )
    async with AsyncExitStack() as stack:
        writing = await stack.enter_async_context(Tasks(1))
        stack.push_async_callback(_write_last, writer)
        tasks = await stack.enter_async_context(Tasks(_MOST_TASKS))
        writing.start(writer.keep_writing(), "events of runs")
        lanes = Lanes(
            store,
            writer,
            Execution(surroundings, store),
            tasks,
            world.clock,
            parts.runner,
            world.cluster.bus,
        )
        runs = Runs(
            store=store,
            lanes=lanes,
            world=surroundings,
            clock=world.clock,
            randomness=world.randomness,
            bus=world.cluster.bus,
        )
        spawner = Spawner(
            runs, store, surroundings.roster, parts.sessions, world.randomness, world.clock, surroundings.secret
        )
        news = RunNews(runs, world.cluster.bus, world.clock, tasks, lanes.runner)
        lanes.before.append(news.begun)
        lanes.after += [spawner.ended, news.ended]

        async def begin() -> None:
            await lanes.recover()
            tasks.start(spawner.keep_announcing(), "results of sub-agents")
            tasks.start(lanes.keep_looking(), "waiting runs")
            tasks.start(lanes.keep_recovering(), "runs of dead processes")
            tasks.start(runs.obey(), "stopped runs")
            tasks.start(runs.keep_tidy(), "old runs")

        stack.callback(lanes.close)
        tools = (SpawnTool(spawner), SubagentsTool(spawner))
        yield Agents(runs, lanes, store, surroundings, tools, news, begin)


class _Rosters:
    """The roster of the present settings, built once for each."""

    def __init__(self, settings: Callable[[], Settings], home: Path) -> None:
        self._settings = settings
        self._home = home
        self._built: tuple[Settings, Roster] | None = None

    def __call__(self) -> Roster:
        """Who there is now."""
        settings = self._settings()
        if self._built is None or self._built[0] is not settings:
            self._built = settings, build_roster(settings, self._home)
        return self._built[1]


async def _write_last(writer: EventWriter) -> None:
    try:
        async with asyncio.timeout(_LAST_SECONDS):
            await writer.flush()
    except TimeoutError:
        _log.warning("run_events_not_kept")

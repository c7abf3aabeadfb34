"""Cron, words that wait and the heartbeat put together, opened and closed with the application."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo

import structlog

from crawdad.adapters.system import machine_zone
from crawdad.app.accounts import World
from crawdad.core.agent_names import configured_agents, default_agent
from crawdad.core.agents import AgentRuns, Outbound
from crawdad.core.durations import seconds_of
from crawdad.core.errors import GatewayError
from crawdad.core.heartbeat_settings import HeartbeatSettings
from crawdad.core.ports import Runner
from crawdad.core.schedule_settings import CronSettings
from crawdad.core.sessions import Sessions, normalise_agent_id
from crawdad.core.settings import Settings
from crawdad.services.owners_language import OwnersLanguage
from crawdad.services.schedule.delivery import Deliveries
from crawdad.services.schedule.heartbeat import Body, Hearts, Surroundings
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.schedule.owners import Find, Owners
from crawdad.services.schedule.running import Agents, Running
from crawdad.services.schedule.scheduler import Scheduler
from crawdad.services.schedule.system_events import StoredSystemEvents
from crawdad.services.schedule.zones import zone_named, zones
from crawdad.services.tasks import Tasks
from crawdad.store.heartbeats import HeartbeatStore
from crawdad.store.key_values import KeyValues
from crawdad.store.rate_windows import RateWindows
from crawdad.store.schedule import ScheduleStore
from crawdad.store.system_events import SystemEventStore

_log = structlog.get_logger(__name__)
_MOST_RUNS = 200
_TIDY_SECONDS = 3600.0
_ORPHANS_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class ScheduleParts:
    """What jobs and hearts set in motion. `checklist` reads an agent's HEARTBEAT.md; `forget` lets go of a session's log,
    by its id, when a job's run is long over."""

    runs: AgentRuns
    sessions: Sessions
    outbound: Outbound
    checklist: Callable[[str], Awaitable[str | None]]
    forget: Callable[[str], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """What others use of it."""

    jobs: Jobs
    events: StoredSystemEvents
    hearts: Hearts


def make_system_events(world: World) -> StoredSystemEvents:
    """Words that wait for agents."""
    return StoredSystemEvents(SystemEventStore(world.database), world.clock, world.randomness)


def make_jobs(world: World) -> Jobs:
    """The jobs, without anything that runs them."""
    return Jobs(
        ScheduleStore(world.database),
        world.clock,
        world.randomness,
        world.cluster.bus,
        RateWindows(world.database, world.clock),
        lambda: world.settings().cron,
        zones(machine_zone(), lambda: world.settings().cron.timezone),
    )


@asynccontextmanager
async def open_schedule(
    world: World, runner: Runner, find: Find, events: StoredSystemEvents, parts: ScheduleParts
) -> AsyncIterator[Schedule]:
    """The scheduler at work. On leaving, what runs is left to the next process, which tells how far it came."""

    def cron() -> CronSettings:
        found = world.settings().cron
        skip = os.environ.get("OPENCLAW_SKIP_CRON") == "1" or world.shedding.on
        return found.model_copy(update={"enabled": False}) if skip else found

    store = ScheduleStore(world.database)
    jobs = make_jobs(world)
    language = OwnersLanguage(KeyValues(world.database), lambda: world.settings().language)
    deliveries = Deliveries(parts.outbound, parts.sessions, world.transport, cron)
    async with Tasks(_MOST_RUNS) as tasks:
        hearts = Hearts(
            HeartbeatStore(world.database),
            parts.runs,
            parts.sessions,
            events,
            deliveries,
            Body(
                lambda: heartbeat_settings(world.settings()),
                lambda name: active_zone(name, world.settings()),
                parts.checklist,
                lambda: world.settings().session.scope,
                language.get,
            ),
            Surroundings(tasks, world.clock, RateWindows(world.database, world.clock), world.cluster.bus, world.runner),
        )
        agents = Agents(
            parts.runs,
            events,
            hearts,
            lambda name: agent_of(name, world.settings()),
            lambda: world.settings().session.scope,
            language.get,
        )
        owners = Owners(find)
        running = Running(store, agents, deliveries, owners, world.clock, world.cluster.bus, jobs.zone_of)
        scheduler = Scheduler(store, running, tasks, world.clock, runner, cron, jobs.zone_of)
        async with Tasks() as keeping:
            keeping.start(scheduler.keep_running(), "cron")
            keeping.start(hearts.keep_beating(), "heartbeat")
            keeping.start(_keep_tidy(world, store, events, parts), "cron log")
            yield Schedule(jobs, events, hearts)


async def _keep_tidy(world: World, store: ScheduleStore, events: StoredSystemEvents, parts: ScheduleParts) -> None:
    """Forget what is long over, for ever."""
    while True:
        settings, now = world.settings().cron, int(world.clock.now() * 1000)
        try:
            await store.prune(settings.run_log.keep_lines, now - int(_ORPHANS_SECONDS * 1000))
            await events.prune()
            if parts.forget is not None and settings.session_retention is not False:
                before = now - int(seconds_of(settings.session_retention) * 1000)
                for run in await store.ended_logs(before):
                    await parts.forget(run.session_id)
                    await store.forgotten(run)
        except GatewayError as error:
            _log.warning("cron_log_not_tidied", reason=error.message())
        await world.clock.sleep(_TIDY_SECONDS)


def agent_of(name: str | None, settings: Settings) -> str:
    """The agent that a job means: the one it names if there is one, else the default."""
    known = {agent_id for agent_id, _ in configured_agents(settings.agents)}
    return name if name is not None and name in known else default_agent(settings.agents)


def heartbeat_settings(settings: Settings) -> Mapping[str, HeartbeatSettings]:
    """Whose hearts beat, and how: of the agents that say so themselves, else of the default one."""
    defaults = settings.agents.defaults.heartbeat
    own = {
        normalise_agent_id(entry.id): defaults.model_copy(
            update={name: getattr(entry.heartbeat, name) for name in entry.heartbeat.model_fields_set}
        )
        for entry in settings.agents.entries
        if entry.heartbeat is not None
    }
    return own or {agent_of(None, settings): defaults}


def active_zone(name: str, settings: Settings) -> tzinfo:
    """The zone of `activeHours`."""
    if name in ("", "user"):
        name = getattr(settings.agents.defaults, "user_timezone", None) or "local"
    return machine_zone() if name == "local" else zone_named(name, "activeHours.timezone")

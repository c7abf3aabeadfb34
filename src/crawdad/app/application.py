"""The application: everything inside one process, opened in order and closed in reverse."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.machine import LocalMachine
from crawdad.adapters.programs import LocalPrograms, LocalTunnelPrograms
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.api.clawpanel.live import LivePanels
from crawdad.api.front_door import FrontDoor
from crawdad.api.page_session import PageSessions
from crawdad.api.speaking import Gate
from crawdad.app import exits
from crawdad.app.accounts import World, open_accounts, start_accounts
from crawdad.app.agent_side import OpenAgents
from crawdad.app.doors import AgentParts
from crawdad.app.figures import start_figures
from crawdad.app.freed_memory import keep_giving_back
from crawdad.app.healing import make_healing
from crawdad.app.health import start_health
from crawdad.app.identity import make_first_token, open_identity
from crawdad.app.inside import LocalInside, Outside
from crawdad.app.launch import Launch
from crawdad.app.logs import CLEANER, configure_logs
from crawdad.app.management import Managed
from crawdad.app.notifications import make_notifications, start_notifications, tell_crash, tell_of_services, tell_undone
from crawdad.app.operations import BACKUPS, make_backups, make_operations, make_updates
from crawdad.app.panel_files import panel_files_in
from crawdad.app.panel_side import note_settings, open_activity, open_panel
from crawdad.app.remedies import Healed
from crawdad.app.restored import begin_anew
from crawdad.app.runner import Runner
from crawdad.app.safe_settings import with_those_to_tell
from crawdad.app.schedule import make_jobs
from crawdad.app.sign_ins import open_sign_ins
from crawdad.app.telemetry import open_tracing
from crawdad.app.tools import AgentTools
from crawdad.app.turns import TurnNeeds, open_turns
from crawdad.app.upkeep import Upkeep
from crawdad.app.wiring import configuration_source, database_url, secret_box, usable_settings
from crawdad.core.cron import CRON_CHANGED
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.settings import Settings
from crawdad.services.accounts.keeping import ACCOUNTS_CHANGED, LOCKS_CHANGED
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.channels.figures import ChannelFigures
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.identity.ended_sessions import SESSION_ENDED
from crawdad.services.lifecycle import Lifecycle
from crawdad.services.notifications.doorstep import Doorstep
from crawdad.services.panel_values import PanelValues
from crawdad.services.sudo_password import KeptSudoPassword
from crawdad.services.surroundings import SurroundingsReport
from crawdad.services.switch import SWITCHED, ServiceSwitch
from crawdad.services.task_board import TaskBoard
from crawdad.services.tasks import Tasks
from crawdad.services.tunnel import Tunnel
from crawdad.services.turns.refusals import Refusals
from crawdad.services.upstreams import default_proxy
from crawdad.store.budgets import settle_budgets
from crawdad.store.changes import Changes
from crawdad.store.cluster import open_cluster
from crawdad.store.database import Database, open_database
from crawdad.store.journal import open_journal
from crawdad.store.key_values import KeyValues
from crawdad.store.server_copying import RESTORED
from crawdad.store.syncing import keep_synced
from crawdad.store.tasks import TaskStore
from crawdad.store.usage import count_usage

_log = structlog.get_logger(__name__)
_MOST_BACKGROUND = 1000


class Application:
    """What the server serves. `first_token` makes the token of a first start: to be shown once."""

    def __init__(
        self,
        door: FrontDoor,
        upkeep: Upkeep,
        first_token: Callable[[], Awaitable[str | None]],
        inside: LocalInside,
        panels: LivePanels,
    ) -> None:
        self.asgi = door
        self.exit_code = exits.OK
        """What the process is to end with."""
        self._inside = inside
        self._panels = panels
        self.make_first_token = first_token
        self._upkeep = upkeep

    @property
    def settings(self) -> Settings:
        """The settings in effect."""
        return self._upkeep.settings

    def end(self, exit_code: int) -> None:
        """End the process in good order, with that exit code."""
        self.exit_code = exit_code
        os.kill(os.getpid(), signal.SIGTERM)

    async def drain(self, grace_seconds: float) -> None:
        """Take no more turns, let the running ones finish within the grace, cancel the rest. Turns of agents that have not
        ended by then, and for which no client waits, are left as they are: the next process takes them up."""
        interior = self._inside.interior
        interior.control.close()
        self._panels.close()
        drains: list[Awaitable[None]] = [self.asgi.drain(grace_seconds)]
        if interior.agents is not None and interior.agents.drain is not None:
            drains.append(interior.agents.drain(grace_seconds))
        await asyncio.gather(*drains)


@asynccontextmanager
async def open_application(
    launch: Launch, *, safe_mode: bool = False, open_agents: OpenAgents | None = None
) -> AsyncIterator[Application]:
    """Open everything. Raises BAD_REQUEST with all problems in words when the configuration cannot be used; in safe mode
    a broken configuration is set aside and the defaults are used instead, and there are no agents."""
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    source = await configuration_source(launch)
    loaded = await source.load(seal=not safe_mode)
    settings = await _usable(loaded, launch, safe_mode)
    CLEANER.remember(settings)
    configure_logs(settings.logging)
    clock, randomness = SystemClock(), SystemRandomness()
    async with AsyncExitStack() as stack:
        tracing = await stack.enter_async_context(open_tracing(settings.telemetry, environment, clock))
        upkeep = Upkeep(settings, loaded, source)
        database, unopened = await _database(stack, database_url(settings, launch), safe_mode=safe_mode)
        cluster_url = settings.cluster.url.reveal() if settings.cluster.url else None
        cluster = await stack.enter_async_context(open_cluster(cluster_url, clock, settings.cluster.prefix))
        journal = await stack.enter_async_context(
            open_journal(
                database,
                launch.home / "spool",
                followers=(count_usage,),
                charge=settle_budgets,
                without_disk=safe_mode,
            )
        )
        transport = await stack.enter_async_context(
            HttpTransport(f"crawdad/{__version__}", lambda: upkeep.settings.gateway.private_networks)
        )
        proxy_for = default_proxy(lambda: upkeep.settings, proxy_from_environment(environment))
        live = LiveCatalogue(settings, transport, proxy_for)
        runner = Runner(cluster.leases if cluster_url else None, clock)
        world = World(
            database,
            cluster,
            secret_box(launch, environment),
            transport,
            clock,
            randomness,
            proxy_for,
            lambda: upkeep.settings,
            runner.name,
            str(launch.home),
        )
        changes, key_values = Changes(database), KeyValues(database)
        home = launch.environment.get("HOME") or str(launch.home)
        identity = await open_identity(world, changes, key_values, home, launch.environment)
        activity = await stack.enter_async_context(open_activity(world))
        accounts = await stack.enter_async_context(open_accounts(world))
        pool = accounts.pool
        tasks = await stack.enter_async_context(Tasks(_MOST_BACKGROUND))
        tasks.start(keep_synced(database, clock), "committed data to the disk")
        tasks.start(keep_giving_back(clock), "freed memory")
        board = TaskBoard(TaskStore(database), tasks, cluster.bus, clock, randomness, runner)
        sign_ins = await stack.enter_async_context(open_sign_ins(world, accounts, tasks))
        live.vendors = world.vendors
        needs = TurnNeeds(
            journal,
            live,
            pool,
            identity.door,
            runner,
            tracing,
            running=lambda: front_door.running,
            draining=lambda: front_door.draining,
        )
        turns = await stack.enter_async_context(open_turns(world, needs, tasks))
        front, bodies, budgets, runs = turns.front, turns.bodies, turns.budgets, turns.runs
        tasks.start(runner.stay_alive(), "runner")
        tasks.start(board.obey(), "cancelled tasks")
        tasks.start(board.keep_recovering(), "interrupted tasks")
        switch = ServiceSwitch(key_values, changes, cluster.bus)
        await switch.load()
        tasks.start(switch.follow(), "service switch")
        gate = Gate(
            identity.door,
            front,
            clock,
            randomness,
            lambda: upkeep.settings,
            switch,
            bodies,
            Refusals(turns.ledger, clock),
            budgets,
            identity.visitors,
            PageSessions(identity.tokens),
        )
        configuration = RunningConfiguration(source, upkeep.take)

        async def jobs_changed() -> None:
            await cluster.bus.publish(Event(CRON_CHANGED, {"jobId": "", "action": "updated"}, clock.now()))

        kept = make_backups(
            launch, source, lambda: upkeep.settings, world.box, unopened or database, configuration.write, jobs_changed
        )
        upkeep.after_files.append(kept.backups.follow_configuration)
        tasks.start(kept.backups.follow_configuration(), "configuration kept")
        tasks.start(kept.backups.keep_making(), "backups")
        tasks.start(kept.restores.keep_settled(), "restores that were cut off")
        updates = make_updates(launch, kept, transport, environment, proxy_from_environment(environment))
        operations = make_operations(board, kept, updates)
        panel = PanelValues(key_values)
        tunnel_programs = LocalTunnelPrograms(home, launch.environment, str(launch.home / "bin"))
        tunnel = Tunnel(tunnel_programs, tasks, clock, lambda: upkeep.settings)
        panel_files = panel_files_in(world)
        if not safe_mode:
            tasks.start(panel_files.cleaning.keep_cleaning(), "workspace cleaning")
        panel_side = open_panel(world, tasks, identity.door, identity.tokens, identity.ended, activity)
        upkeep.noted.append(partial(note_settings, world, activity))
        jobs = make_jobs(world)
        surroundings = SurroundingsReport(LocalMachine(), LocalPrograms(home, launch.environment), clock)

        def manage(tools: AgentTools, agents: AgentParts | None, figures: ChannelFigures) -> Managed:
            return Managed(
                gate,
                accounts,
                sign_ins,
                turns.logs,
                turns.statistics,
                live,
                configuration,
                panel,
                identity.keys,
                tunnel,
                transport,
                launch.home,
                launch.environment,
                tools.approvals,
                operations,
                panel_side,
                figures,
                panel_files,
                key_values,
                cluster.bus,
                KeptSudoPassword(key_values, world.box),
                mcp=agents.mcp if agents is not None else None,
                rest=agents.rest if agents is not None else None,
                cron=agents.jobs if agents is not None else None,
                agents=agents,
                lifecycle=lifecycle,
                surroundings=surroundings,
                health=health,
                healing=healing.healing,
                jobs=jobs,
                notifications=notifications,
            )

        doorstep = Doorstep()
        inside = LocalInside(
            Outside(
                launch,
                world,
                tasks,
                environment,
                cluster.leases if cluster_url else None,
                identity.door,
                gate,
                front,
                live,
                turns.local_sources,
                turns.responses,
                turns.metrics,
                upkeep,
                panel_side,
                manage,
                doorstep,
                safe_mode,
                open_agents,
            )
        )
        lifecycle = Lifecycle(
            inside, tasks, key_values, cluster.bus, clock, randomness, lambda: upkeep.settings.gateway.drain_seconds
        )
        notifications = make_notifications(world, runner, lambda: inside, doorstep, environment)
        start_notifications(world, runner, notifications, tasks)
        start_figures(world, tasks, turns.metrics, journal, kept.backups, notifications)
        tell_of_services(world, kept.backups, updates, budgets)
        tasks.start(updates.check_quietly(), "newer versions")
        await lifecycle.load()
        health = start_health(world, tasks, pool, inside, lifecycle)
        healing = make_healing(
            Healed(
                world,
                tasks,
                health,
                inside,
                lifecycle,
                operations,
                pool,
                live,
                front,
                lambda: journal.fault or upkeep.database_fault,
                safe_mode,
            )
        )
        stack.push_async_callback(inside.close)
        await inside.enter()
        runs.sheds = lambda: world.shedding.on
        runs.may_recover = lambda: inside.entered
        await runs.recover()
        tasks.start(runs.keep_recovering(), "interrupted responses")
        front_door = FrontDoor(gate, inside.interior.routes)
        inside.attach(front_door)
        start_accounts(accounts, tasks, live, upkeep.want_lists, world.vendors)
        upkeep.after_settings += [pool.forget_offers, lambda: accounts.keeping.changed(), tunnel.check_door]
        upkeep.followed |= {
            ACCOUNTS_CHANGED: accounts.keeping.reload,
            SWITCHED: switch.refresh,
            SESSION_ENDED: identity.ended.load,
            LOCKS_CHANGED: accounts.keeping.reload_locks,
            RESTORED: begin_anew(launch.home, kept.switches, lifecycle),
        }
        upkeep.watch(tasks, database, changes, clock, identity.keys, identity.door, live)
        tasks.start(tell_crash(world, safe_mode), "crash before this start")
        tasks.start(tell_undone(world, kept.switches), "switch that was undone")
        first_token = partial(make_first_token, identity, lambda: upkeep.settings.gateway.auth, launch.home)
        application = Application(front_door, upkeep, first_token, inside, panel_side.live)
        healing.begin(lambda: front_door.draining, application.end)
        yield application


async def _database(stack: AsyncExitStack, url: str, *, safe_mode: bool) -> tuple[Database, GatewayError | None]:
    """The database. In safe mode the panels come up without it: an empty one, that is thrown away, stands in for one that does
    not open; then also why not."""
    try:
        return await stack.enter_async_context(open_database(url)), None
    except GatewayError as error:
        if not safe_mode:
            raise
        unopened = error
        _log.error("database_stood_in_for", reason=error.message())
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="crawdad-safe-mode-"))
    return await stack.enter_async_context(open_database(f"sqlite:///{folder}/crawdad.db")), unopened


async def _usable(loaded: Loaded, launch: Launch, safe_mode: bool) -> Settings:
    for problem in loaded.problems:
        if loaded.settings is not None or not problem.is_error:  # else they are told with the refusal
            level = _log.error if problem.is_error else _log.warning
            level("configuration", problem=problem.describe())
    if safe_mode and loaded.settings is None:
        # As if there were no file: what the environment says (port, token) still counts.
        bare = await configuration_source(launch._replace(config_path=launch.home / "no-configuration"))
        settings = usable_settings(await bare.load())
        return await with_those_to_tell(settings, loaded, launch, launch.home / BACKUPS)
    return usable_settings(loaded)

"""The application: everything inside one process, opened in order and closed in reverse."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import structlog

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.programs import LocalPrograms, LocalTunnelPrograms, TailscaleWhois
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.api.front_door import FrontDoor
from crawdad.api.speaking import Gate
from crawdad.app.accounts import World, open_accounts, start_accounts
from crawdad.app.agent_side import Ground, OpenAgents, open_agent_side
from crawdad.app.control_channel import ControlChannel, open_control
from crawdad.app.doors import AgentParts, make_doors, media_store
from crawdad.app.launch import Launch
from crawdad.app.logs import configure_logs
from crawdad.app.management import Managed, management_mounts
from crawdad.app.plugins import ProviderShelf
from crawdad.app.routes import routes_for
from crawdad.app.runner import Runner
from crawdad.app.sign_ins import open_sign_ins
from crawdad.app.tools import open_tools
from crawdad.app.upkeep import Upkeep
from crawdad.app.wiring import configuration_source, database_url, secret_box, usable_settings
from crawdad.core.agent_names import AGENT_PROVIDER
from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.plugins import PLUGINS_CHANGED
from crawdad.core.settings import Settings
from crawdad.services.accounts.keeping import ACCOUNTS_CHANGED, LOCKS_CHANGED
from crawdad.services.bodies import BodyKeeper
from crawdad.services.budgets import Budgets
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.demo import DemoModel
from crawdad.services.identity import Door
from crawdad.services.identity.keys import Keys
from crawdad.services.identity.living import Living
from crawdad.services.identity.visitors import Visitors
from crawdad.services.logs import Logs
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.panel_values import PanelValues
from crawdad.services.plugins.hooked import tell_exchange
from crawdad.services.prices import PriceBook
from crawdad.services.responses.runs import Runs
from crawdad.services.responses.service import Responses
from crawdad.services.statistics import Statistics
from crawdad.services.switch import SWITCHED, ServiceSwitch
from crawdad.services.tasks import Tasks
from crawdad.services.tunnel import Tunnel
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.local import LocalSource, PlainSource
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.refusals import Refusals
from crawdad.services.upstreams import DEMO_PROVIDER, default_proxy
from crawdad.store.bodies import BodyStore
from crawdad.store.budgets import BudgetStore, settle_budgets
from crawdad.store.changes import Changes
from crawdad.store.cluster import open_cluster
from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.journal import open_journal
from crawdad.store.key_values import KeyValues
from crawdad.store.keys import KeyStore
from crawdad.store.responses import ResponseStore
from crawdad.store.usage import count_older, count_usage
from crawdad.store.usage_queries import UsageLog

_log = structlog.get_logger(__name__)
_MOST_BACKGROUND = 1000
_BODIES_SECONDS = 3.0


class Application:
    """What the server serves. `first_token` is the token made at this start, to be shown once."""

    def __init__(
        self,
        door: FrontDoor,
        upkeep: Upkeep,
        first_token: str | None,
        control: ControlChannel,
        agents: AgentParts | None = None,
    ) -> None:
        self.asgi = door
        self._agents = agents
        self._control = control
        self.first_token = first_token
        self._upkeep = upkeep

    @property
    def settings(self) -> Settings:
        """The settings in effect."""
        return self._upkeep.settings

    async def drain(self, grace_seconds: float) -> None:
        """Take no more turns, let the running ones finish within the grace, cancel the rest. Turns of agents that have not
        ended by then, and for which no client waits, are left as they are: the next process takes them up."""
        self._control.close()
        drains: list[Awaitable[None]] = [self.asgi.drain(grace_seconds)]
        if self._agents is not None and self._agents.drain is not None:
            drains.append(self._agents.drain(grace_seconds))
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
    configure_logs(settings.logging)
    clock, randomness = SystemClock(), SystemRandomness()
    async with AsyncExitStack() as stack:
        upkeep = Upkeep(settings, loaded, source)
        database = await stack.enter_async_context(open_database(database_url(settings, launch)))
        cluster_url = settings.cluster.url.reveal() if settings.cluster.url else None
        cluster = await stack.enter_async_context(open_cluster(cluster_url, clock))
        journal = await stack.enter_async_context(
            open_journal(database, launch.home / "spool", followers=(count_usage,), charge=settle_budgets)
        )
        transport = await stack.enter_async_context(
            HttpTransport(f"crawdad/{__version__}", lambda: upkeep.settings.gateway.private_networks)
        )
        changes = Changes(database)
        keys = Keys(KeyStore(database), changes, clock, randomness)
        door = Door(clock)
        first_token = await keys.first_token(settings.gateway.auth)
        await keys.refresh(door, settings.gateway.auth)
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
        accounts = await stack.enter_async_context(open_accounts(world))
        body_store = BodyStore(database)
        bodies = BodyKeeper(body_store, lambda: upkeep.settings.logging.bodies, clock, cluster.bus)
        metrics = ExchangeMetrics(lambda: front_door.running, lambda: journal.dropped, lambda: bodies.dropped)
        pool = accounts.pool

        prices = PriceBook(lambda: upkeep.settings)
        budgets = Budgets(
            BudgetStore(database),
            cluster.rates,
            clock,
            price_of=prices.price_of,
            settings=lambda: upkeep.settings.budgets,
            runner=runner.name,
            settle_now=journal.flush,
        )
        await budgets.tidy(runner.is_alive)

        def observe(exchange: Exchange) -> None:
            metrics.observe(exchange)
            pool.settled(exchange)
            budgets.closed(exchange)
            tell_exchange(front.hooks, exchange)

        ledger = Ledger(clock, journal, observe, prices.price_of)
        local_sources: dict[str, LocalSource] = {DEMO_PROVIDER: PlainSource(DemoModel())}
        front = ModelFront(
            catalogue=lambda: live.current,
            transport=transport,
            ledger=ledger,
            dispatcher=Dispatcher(ledger, budgets, clock, randomness, lambda: upkeep.settings.retry, pool),
            randomness=randomness,
            local_sources=local_sources,
        )
        tasks = await stack.enter_async_context(Tasks(_MOST_BACKGROUND))
        sign_ins = await stack.enter_async_context(open_sign_ins(world, accounts, tasks))
        agent_tools = await stack.enter_async_context(open_tools(world, tasks, environment))
        doors = agents = None
        if not safe_mode:
            media = media_store(world)
            providers = ProviderShelf(live, local_sources)
            ground = Ground(world, tasks, front, door, runner, environment, media, agent_tools, providers)
            agents = await stack.enter_async_context((open_agents or open_agent_side)(ground))
            if agents.extensions is not None:
                front.hooks = agents.extensions.hooks
            doors = make_doors(world, tasks, runner, agents, media, launch.config_path.parent)
            local_sources[AGENT_PROVIDER] = doors.source
            live.offer_agents()
        response_store = ResponseStore(database)
        runs = Runs(front, response_store, tasks, clock, runner, cluster.bus)
        responses = Responses(
            front, response_store, runs, clock, randomness, Living(door, lambda: upkeep.settings.gateway)
        )
        await runs.recover()
        tasks.start(runner.stay_alive(), "runner")
        tasks.start(runs.obey(), "stopped responses")
        tasks.start(runs.keep_recovering(), "interrupted responses")
        stack.push_async_callback(_write_last, bodies)
        tasks.start(bodies.keep_writing(), "bodies")
        tasks.start(bodies.obey(), "monitor")
        tasks.start(budgets.keep_reserving(), "budgets reserved")
        tasks.start(budgets.keep_settling(), "budgets settled")
        tasks.start(budgets.keep_tidy(runner.is_alive), "budgets given back")
        key_values = KeyValues(database)
        switch = ServiceSwitch(key_values, changes, cluster.bus)
        await switch.load()
        tasks.start(switch.follow(), "service switch")
        refusals = Refusals(ledger, clock)
        home = launch.environment.get("HOME") or str(launch.home)
        whois = TailscaleWhois(LocalPrograms(home, launch.environment))
        visitors = Visitors(whois, clock, lambda: upkeep.settings.gateway)
        gate = Gate(
            door, front, clock, randomness, lambda: upkeep.settings, switch, bodies, refusals, budgets, visitors
        )

        async def settle() -> None:
            with suppress(GatewayError):  # what cannot be written now is seen later
                await journal.flush()
                await bodies.flush()

        logs = Logs(
            ExchangeLog(database),
            body_store,
            clock,
            settle=settle,
            count_older=partial(count_older, database),
            closing=lambda: front_door.draining,
        )
        statistics = Statistics(UsageLog(database), clock, lambda: upkeep.settings.logging.statistics.timezone, settle)
        configuration = RunningConfiguration(source, upkeep.take)
        panel = PanelValues(key_values)
        tunnel_programs = LocalTunnelPrograms(home, launch.environment, str(launch.home / "bin"))
        tunnel = Tunnel(tunnel_programs, tasks, clock, lambda: upkeep.settings)
        managed = Managed(
            gate,
            accounts,
            sign_ins,
            logs,
            statistics,
            live,
            configuration,
            panel,
            keys,
            tunnel,
            transport,
            launch.home,
            launch.environment,
            agent_tools.approvals,
            rest=agents.rest if agents is not None else None,
            cron=agents.jobs if agents is not None else None,
        )
        own = doors.routes(gate) if doors is not None else None
        mounts = management_mounts(managed)
        control = open_control(world, launch, gate, managed, tasks, agents)
        if agents is not None and agents.extensions is not None:
            agents.extensions.methods.attach(control.registry)
        front_door = FrontDoor(gate, routes_for(gate, responses, metrics, upkeep.failing, mounts, control.socket, own))
        start_accounts(accounts, tasks, live, upkeep.want_lists)
        upkeep.after_settings += [pool.forget_offers, lambda: accounts.keeping.changed(), tunnel.check_door]
        upkeep.followed |= {
            ACCOUNTS_CHANGED: accounts.keeping.reload,
            SWITCHED: switch.refresh,
            LOCKS_CHANGED: accounts.keeping.reload_locks,
        }
        if agents is not None and agents.extensions is not None:
            host = agents.extensions.host
            upkeep.after_settings.append(host.look_again)
            upkeep.followed[PLUGINS_CHANGED] = host.look_again
            await host.started()
        upkeep.watch(tasks, database, changes, clock, keys, door, live)
        yield Application(front_door, upkeep, first_token, control, agents)


async def _write_last(bodies: BodyKeeper) -> None:
    try:
        async with asyncio.timeout(_BODIES_SECONDS):
            await bodies.flush()
    except (TimeoutError, GatewayError) as error:
        _log.warning("bodies_not_kept", reason=str(error) or type(error).__name__)


async def _usable(loaded: Loaded, launch: Launch, safe_mode: bool) -> Settings:
    for problem in loaded.problems:
        if loaded.settings is not None or not problem.is_error:  # else they are told with the refusal
            level = _log.error if problem.is_error else _log.warning
            level("configuration", problem=problem.describe())
    if safe_mode and loaded.settings is None:
        # As if there were no file: what the environment says (port, token) still counts.
        bare = await configuration_source(launch._replace(config_path=launch.home / "no-configuration"))
        loaded = await bare.load()
    return usable_settings(loaded)

"""The application: everything inside one process, opened in order and closed in reverse."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.api.front_door import FrontDoor
from crawdad.api.speaking import Gate
from crawdad.app.launch import Launch
from crawdad.app.logs import configure_logs
from crawdad.app.management import management_mounts
from crawdad.app.routes import routes_for
from crawdad.app.upkeep import Upkeep
from crawdad.app.wiring import configuration_source, database_url, usable_settings
from crawdad.core.exchange import Exchange
from crawdad.core.settings import Settings
from crawdad.services.budgets import Budgets
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.configuration.loading import Loaded
from crawdad.services.demo import DemoModel
from crawdad.services.identity import Door
from crawdad.services.identity.keys import Keys
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.prices import PriceBook
from crawdad.services.responses.runs import Runs
from crawdad.services.responses.service import Responses
from crawdad.services.tasks import Tasks
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.passport import Ledger
from crawdad.services.upstreams import DEMO_PROVIDER
from crawdad.store.budgets import BudgetStore, settle_budgets
from crawdad.store.changes import Changes
from crawdad.store.cluster import open_cluster
from crawdad.store.database import open_database
from crawdad.store.journal import open_journal
from crawdad.store.keys import KeyStore
from crawdad.store.responses import ResponseStore

_log = structlog.get_logger(__name__)
_MOST_BACKGROUND = 1000


class Application:
    """What the server serves. `first_token` is the token made at this start, to be shown once."""

    def __init__(self, door: FrontDoor, upkeep: Upkeep, first_token: str | None) -> None:
        self.asgi = door
        self.first_token = first_token
        self._upkeep = upkeep

    @property
    def settings(self) -> Settings:
        """The settings in effect."""
        return self._upkeep.settings

    async def drain(self, grace_seconds: float) -> None:
        """Take no more turns, let the running ones finish within the grace, cancel the rest."""
        await self.asgi.drain(grace_seconds)


@asynccontextmanager
async def open_application(launch: Launch, *, safe_mode: bool = False) -> AsyncIterator[Application]:
    """Open everything. Raises BAD_REQUEST with all problems in words when the configuration cannot be used; in safe mode
    a broken configuration is set aside and the defaults are used instead."""
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
            open_journal(database, launch.home / "spool", followers=(settle_budgets,))
        )
        transport = await stack.enter_async_context(
            HttpTransport(f"crawdad/{__version__}", lambda: upkeep.settings.gateway.private_networks)
        )
        changes = Changes(database)
        keys = Keys(KeyStore(database), changes, clock, randomness)
        door = Door(clock)
        first_token = await keys.first_token(settings.gateway.auth)
        await keys.refresh(door, settings.gateway.auth)
        live = LiveCatalogue(settings, transport, proxy_from_environment(environment))
        metrics = ExchangeMetrics(lambda: front_door.running, lambda: journal.dropped)
        prices = PriceBook(lambda: upkeep.settings)
        runner, budget_store = runner_name(), BudgetStore(database)
        budgets = Budgets(
            budget_store,
            cluster.rates,
            clock,
            price_of=prices.price_of,
            settings=lambda: upkeep.settings.budgets,
            runner=runner,
            settle_now=journal.flush,
        )
        await budgets.tidy(is_runner_alive)

        def observe(exchange: Exchange) -> None:
            metrics.observe(exchange)
            budgets.closed(exchange)

        ledger = Ledger(clock, journal, observe, prices.price_of)
        front = ModelFront(
            catalogue=lambda: live.current,
            transport=transport,
            ledger=ledger,
            dispatcher=Dispatcher(ledger, budgets, clock, randomness, lambda: upkeep.settings.retry),
            randomness=randomness,
            local_sources={DEMO_PROVIDER: DemoModel()},
        )
        tasks = await stack.enter_async_context(Tasks(_MOST_BACKGROUND))
        response_store = ResponseStore(database)
        runs = Runs(front, response_store, tasks, clock, runner, cluster.bus)
        await runs.recover(is_runner_alive)
        tasks.start(runs.obey(), "stopped responses")
        tasks.start(budgets.keep_reserving(), "budgets reserved")
        tasks.start(budgets.keep_settling(), "budgets settled")
        tasks.start(budgets.keep_tidy(is_runner_alive), "budgets given back")
        gate = Gate(door, front, clock, randomness, lambda: upkeep.settings, budgets)
        responses = Responses(front, response_store, runs, clock)
        front_door = FrontDoor(
            gate, routes_for(gate, responses, metrics, upkeep.failing, management_mounts(gate, keys))
        )
        upkeep.watch(tasks, database, changes, clock, keys, door, live)
        yield Application(front_door, upkeep, first_token)


async def _usable(loaded: Loaded, launch: Launch, safe_mode: bool) -> Settings:
    for problem in loaded.problems:
        if not problem.is_error:
            _log.warning("configuration", problem=problem.describe())
    if safe_mode and loaded.settings is None:
        # As if there were no file: what the environment says (port, token) still counts.
        bare = await configuration_source(launch._replace(config_path=launch.home / "no-configuration"))
        loaded = await bare.load()
    return usable_settings(loaded)


def runner_name() -> str:
    """This process, named so that another can tell whether it is still alive: host, process id and its start time."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def is_runner_alive(runner: str) -> bool:
    """Whether the process of that name lives. Processes of other hosts mark their own dead when they start again."""
    host, _, rest = runner.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return host != socket.gethostname()
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return ""

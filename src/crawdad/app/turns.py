"""Turns put together: the front that takes them, what is counted, charged and kept of them, and the ways to read it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import structlog

from crawdad.app.accounts import World
from crawdad.app.logs import CLEANER
from crawdad.app.runner import Runner
from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Exchange
from crawdad.services.accounts.pool import Pool
from crawdad.services.bodies import BodyKeeper
from crawdad.services.budgets import Budgets
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.demo import DemoModel
from crawdad.services.identity import Door
from crawdad.services.identity.living import Living
from crawdad.services.logs import Logs
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.plugins.hooked import tell_exchange
from crawdad.services.prices import PriceBook
from crawdad.services.responses.runs import Runs
from crawdad.services.responses.service import Responses
from crawdad.services.statistics import Statistics
from crawdad.services.tasks import Tasks
from crawdad.services.tracing import Tracing
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.local import LocalSource, PlainSource
from crawdad.services.turns.passport import Ledger
from crawdad.services.upstreams import DEMO_PROVIDER
from crawdad.store.bodies import BodyStore
from crawdad.store.budgets import BudgetStore
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.journal import SpoolJournal
from crawdad.store.responses import ResponseStore
from crawdad.store.usage import count_older
from crawdad.store.usage_queries import UsageLog

_BODIES_SECONDS = 3.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TurnNeeds:
    """What turns are made of beside the world. `running` and `draining` are asked of the front door, which is opened later."""

    journal: SpoolJournal
    live: LiveCatalogue
    pool: Pool
    door: Door
    runner: Runner
    tracing: Tracing | None
    running: Callable[[], int]
    draining: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Turns:
    """The parts that others use."""

    front: ModelFront
    ledger: Ledger
    local_sources: dict[str, LocalSource]
    bodies: BodyKeeper
    budgets: Budgets
    metrics: ExchangeMetrics
    responses: Responses
    runs: Runs
    logs: Logs
    statistics: Statistics


@asynccontextmanager
async def open_turns(world: World, needs: TurnNeeds, tasks: Tasks) -> AsyncIterator[Turns]:
    """All of them. On leaving, the last bodies are written."""
    journal, runner, clock = needs.journal, needs.runner, world.clock
    body_store = BodyStore(world.database)
    bodies = BodyKeeper(body_store, lambda: world.settings().logging.bodies, clock, world.cluster.bus)
    bodies.known = CLEANER.spelled
    metrics = ExchangeMetrics(needs.running, lambda: journal.dropped, lambda: bodies.dropped)
    prices = PriceBook(world.settings)
    budgets = Budgets(
        BudgetStore(world.database),
        world.cluster.rates,
        clock,
        price_of=prices.price_of,
        settings=lambda: world.settings().budgets,
        runner=runner.name,
        settle_now=journal.flush,
    )
    await budgets.tidy(runner.is_alive)

    def observe(exchange: Exchange) -> None:
        metrics.observe(exchange)
        needs.pool.settled(exchange)
        budgets.closed(exchange)
        tell_exchange(front.hooks, exchange)
        if needs.tracing is not None:
            needs.tracing.observe(exchange)

    ledger = Ledger(clock, journal, observe, prices.price_of, CLEANER.word)
    local_sources: dict[str, LocalSource] = {DEMO_PROVIDER: PlainSource(DemoModel())}
    front = ModelFront(
        catalogue=lambda: needs.live.current,
        transport=world.transport,
        ledger=ledger,
        dispatcher=Dispatcher(ledger, budgets, clock, world.randomness, lambda: world.settings().retry, needs.pool),
        randomness=world.randomness,
        local_sources=local_sources,
    )
    response_store = ResponseStore(world.database)
    runs = Runs(front, response_store, tasks, clock, runner, world.cluster.bus)
    living = Living(needs.door, lambda: world.settings().gateway)
    responses = Responses(front, response_store, runs, clock, world.randomness, living)

    async def settle() -> None:
        with suppress(GatewayError):  # what cannot be written now is seen later
            await journal.flush()
            await bodies.flush()

    logs = Logs(
        ExchangeLog(world.database),
        body_store,
        clock,
        settle=settle,
        count_older=partial(count_older, world.database),
        closing=needs.draining,
    )

    statistics = Statistics(
        UsageLog(world.database), clock, lambda: world.settings().logging.statistics.timezone, settle
    )
    tasks.start(runs.obey(), "stopped responses")
    tasks.start(bodies.keep_writing(), "bodies")
    tasks.start(bodies.obey(), "monitor")
    tasks.start(budgets.keep_reserving(), "budgets reserved")
    tasks.start(budgets.keep_settling(), "budgets settled")
    tasks.start(budgets.keep_tidy(runner.is_alive), "budgets given back")
    try:
        yield Turns(front, ledger, local_sources, bodies, budgets, metrics, responses, runs, logs, statistics)
    finally:
        await _write_last(bodies)


async def _write_last(bodies: BodyKeeper) -> None:
    try:
        async with asyncio.timeout(_BODIES_SECONDS):
            await bodies.flush()
    except (TimeoutError, GatewayError) as error:
        _log.warning("bodies_not_kept", reason=str(error) or type(error).__name__)

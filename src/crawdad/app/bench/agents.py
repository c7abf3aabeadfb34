"""What a turn of an agent costs beside its model: one after another, and many at once, in this process and without sockets.

The model is a source inside the process that calls one tool and then answers; database, sessions, log and prompt are the real
ones. The time it takes is ours alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.accounts import World
from crawdad.app.agents import Agents, Parts, open_agents
from crawdad.app.bench import loops
from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import running_on
from crawdad.app.bench.table import Row
from crawdad.app.runner import Runner
from crawdad.core.agents import RunOrder
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.parts import JsonObject, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.ports import ModelSource
from crawdad.core.request import ModelRequest
from crawdad.core.settings import Settings
from crawdad.core.tools import SkillCall, SkillSnapshot, Tool, ToolContext, ToolDefinition, ToolOutcome, ToolScope, told
from crawdad.core.usage import Usage
from crawdad.services.catalogue import Offer
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.sessions.service import SessionService
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.local import PlainSource
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from crawdad.services.upstreams import DEMO_PROVIDER
from crawdad.store.cluster import open_cluster
from crawdad.store.database import open_database
from crawdad.store.outside_files import OutsideFileStore
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore

_GOAL_MS = 15.0
_WARM = 30
_TURNS = 150
_OWNER = Principal("bench", "token", "bench", EVERYTHING)


class _Model:
    """Calls the tool once, then answers."""

    async def take(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """One answer."""
        yield MessageStart("bench", request.model)
        if isinstance(request.messages[-1].parts[0], ToolResultPart):
            yield PartStart(0, TextPart())
            for word in ("It ", "is ", "done."):
                yield PartDelta(0, word)
            yield PartEnd(0)
            yield MessageEnd(Stop("end"), Usage(100, 10))
        else:
            yield PartStart(0, ToolCallPart("", "look"))
            yield PartDelta(0, '{"at":"it"}')
            yield PartEnd(0)
            yield MessageEnd(Stop("tool_use"), Usage(100, 10))


class _Look:
    """A tool that takes no time."""

    definition = ToolDefinition("look", "Looks.", {"type": "object"}, "fs", independent=True)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Look."""
        return told("seen")


class _Nothing:
    """No policy, no skills, no events, no budgets, no journal."""

    dropped = 0

    def record(self, exchange: Exchange) -> None:
        """Forget it."""

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        """Everything may be used."""
        return offers

    async def effective(self, scope: ToolScope) -> Mapping[str, Tool]:
        """The one tool."""
        return {"look": _Look()}

    def known(self) -> Sequence[ToolDefinition]:
        """The one tool."""
        return [_Look.definition]

    async def snapshot(self, agent_id: str, workspace: Path, only: Sequence[str] | None = None) -> SkillSnapshot:
        """None."""
        return SkillSnapshot()

    async def called(
        self, agent_id: str, workspace: Path, message: str, only: Sequence[str] | None = None
    ) -> SkillCall | None:
        """None."""
        return None

    async def add(self, session_key: str, text: str, *, key: str | None = None, untrusted: bool = True) -> bool:
        """Forget it."""
        return False

    async def take(self, session_key: str, run_id: str) -> Sequence[str]:
        """None."""
        return ()

    async def waiting(self, session_key: str) -> int:
        """None."""
        return 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Agents at work in this process, and what they stand on."""

    agents: Agents
    world: World
    front: ModelFront
    sessions: SessionService


@asynccontextmanager
async def open_ground(
    home: Path, model: ModelSource | None = None, configuration: JsonObject | None = None
) -> AsyncIterator[Ground]:
    """Agents whose model is `model`; one that calls the tool once where there is none."""
    clock, randomness, nothing = SystemClock(), SystemRandomness(), _Nothing()
    settings = Settings.model_validate({"models": {"discoverLocal": False}, **(configuration or {})})
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(f"sqlite:///{home / 'agents.db'}"))
        cluster = await stack.enter_async_context(open_cluster(None, clock))
        transport = await stack.enter_async_context(HttpTransport("crawdad/bench", lambda: False))
        live = LiveCatalogue(settings, transport, lambda _: None)
        ledger = Ledger(clock, nothing, lambda _: None, lambda _: None)
        dispatcher = Dispatcher(ledger, nothing, clock, randomness, lambda: settings.retry)
        front = ModelFront(
            catalogue=lambda: live.current,
            transport=transport,
            ledger=ledger,
            dispatcher=dispatcher,
            randomness=randomness,
            local_sources={DEMO_PROVIDER: PlainSource(model or _Model())},
        )
        sessions = SessionService(
            SessionStore(database), SessionSearch(database), clock, randomness, cluster.bus, lambda: settings
        )
        runner = Runner(None, clock)
        box = KeyedSecretBox(str(home / "secret.key"), None)
        world = World(
            database,
            cluster,
            box,
            transport,
            clock,
            randomness,
            lambda _: None,
            lambda: settings,
            runner.name,
            str(home),
        )
        outside = OutsideFileStore(database, clock.now)
        parts = Parts(front, sessions, nothing, nothing, nothing, outside, runner, {_OWNER.id: _OWNER}.get)
        agents = await stack.enter_async_context(open_agents(world, parts))
        await agents.begin()  # what waits for a place gets one
        yield Ground(agents, world, front, sessions)


async def _turn(agents: Agents, session: str) -> float:
    began = time.perf_counter()
    order = RunOrder("main", f"agent:main:{session}", _OWNER, "client", [TextPart("Look at it.")])
    state = await agents.runs.wait(await agents.runs.start(order))
    if state.status != "completed":
        raise RuntimeError(f"the turn ended {state.status}: {state.error}")
    return time.perf_counter() - began


async def _measure(home: Path, together: int, found: dict[str, float]) -> None:
    async with open_ground(home) as ground:
        agents = ground.agents
        for number in range(_WARM):
            await _turn(agents, f"warm-{number % 10}")
        alone = sorted([await _turn(agents, f"alone-{number % 15}") for number in range(_TURNS)])
        cpu, began = time.process_time(), time.perf_counter()
        crowd = sorted(await asyncio.gather(*(_turn(agents, f"crowd-{number}") for number in range(together))))
        found["crowd_seconds"] = time.perf_counter() - began
        found["crowd_cpu_ms"] = (time.process_time() - cpu) / together * 1e3
    found |= {
        "alone_p50_ms": alone[len(alone) // 2] * 1e3,
        "alone_p90_ms": alone[int(len(alone) * 0.9)] * 1e3,
        "crowd_p99_ms": crowd[int(len(crowd) * 0.99)] * 1e3,
    }


def agents(bench: Bench) -> Iterator[Row]:
    """Turns with one tool call: one after another, then all at once."""
    home = bench.folder / "agents"
    home.mkdir(exist_ok=True)
    found: dict[str, float] = {}
    with running_on(bench.cores.tested):
        loops.run(_measure(home, bench.plan.crowd, found))
    yield Row(
        "agent turn with one tool call, warm",
        f"{found['alone_p50_ms']:.1f} ms",
        f"≤ {_GOAL_MS:.0f} ms",
        found["alone_p50_ms"] <= _GOAL_MS,
        f"beside the model, p50; p90 {found['alone_p90_ms']:.1f} ms",
        found,
    )
    yield Row(
        f"{bench.plan.crowd} agent turns at once",
        f"{bench.plan.crowd / found['crowd_seconds']:.0f} turns/s",
        "",
        None,
        f"{found['crowd_cpu_ms']:.1f} ms CPU a turn; the last of them after {found['crowd_p99_ms']:.0f} ms (p99)",
        {},
    )

"""A schedule that a test moves: a manual clock, agents that answer what the test says, everything written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from crawdad.core.agents import Delivery, RunEvent, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Principal
from crawdad.core.parts import Part, TextPart
from crawdad.core.ports import UpstreamCall
from crawdad.core.schedule_settings import CronSettings
from crawdad.core.sessions import LogEvent, NewLogEvent, Route, SessionEntry, kind_of
from crawdad.core.text import Text
from crawdad.services.schedule.delivery import Deliveries
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.schedule.owners import Owners
from crawdad.services.schedule.running import Agents, Running
from crawdad.services.schedule.scheduler import Scheduler
from crawdad.services.schedule.system_events import StoredSystemEvents
from crawdad.services.schedule.zones import zones
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.inprocess import InProcessBus
from crawdad.store.rate_windows import RateWindows
from crawdad.store.schedule import ScheduleStore
from crawdad.store.system_events import SystemEventStore
from tests.support.fakes import FakeClock, FakeRandomness

ALICE = Principal("key_alice", "api_key", "alice", KEY_DEFAULT)
BOB = Principal("key_bob", "api_key", "bob", KEY_DEFAULT)
BOSS = Principal("key_boss", "api_key", "boss", EVERYTHING)


class FakeRuns:
    """`core.agents.AgentRuns`: a run ends when the test lets it, or at once with `answer`."""

    def __init__(self) -> None:
        self.orders: list[RunOrder] = []
        self.states: dict[str, RunState] = {}
        self.answer: Callable[[RunOrder], str] | None = lambda order: "done"
        self.failure: GatewayError | None = None
        self.busy: dict[str, list[RunState]] = {}
        self.cancelled: list[str] = []
        self.ended = asyncio.Event()
        self.waiting = 0

    async def start(self, order: RunOrder) -> str:
        if self.failure is not None:
            raise self.failure
        known = [state.id for state in self.states.values() if state.idempotency_key == order.idempotency_key]
        if known and order.idempotency_key:
            return known[0]
        self.orders.append(order)
        run_id = f"run{len(self.orders)}"
        self.states[run_id] = RunState(
            run_id,
            order.agent_id,
            order.session_key,
            f"session-{run_id}",
            "running",
            0.0,
            idempotency_key=order.idempotency_key,
        )
        if self.answer is not None:
            self.end(run_id, self.answer(order))
        return run_id

    def end(
        self, run_id: str, text: str, status: Any = "completed", error: str | None = None, words: Text | None = None
    ) -> None:
        state = self.states[run_id]
        state.status, state.text, state.error, state.words = status, text, error, words
        self.ended.set()

    async def follow(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        raise NotImplementedError
        yield

    async def look(self, run_id: str) -> RunState | None:
        return self.states.get(run_id)

    async def owe(self, run_id: str) -> None:
        raise NotImplementedError

    async def known(self, principal_id: str, idempotency_key: str) -> str | None:
        return next((run.id for run in self.states.values() if run.idempotency_key == idempotency_key), None)

    async def wait(self, run_id: str, seconds: float | None = None) -> RunState:
        if run_id not in self.states:
            raise GatewayError(ErrorKind.NOT_FOUND, "no such run")
        self.waiting += 1
        try:
            while not self.states[run_id].ended:
                self.ended.clear()
                await self.ended.wait()
        finally:
            self.waiting -= 1
        return self.states[run_id]

    async def cancel(self, run_id: str) -> bool:
        self.cancelled.append(run_id)
        return True

    async def cancel_session(self, session_key: str) -> Sequence[str]:
        return []

    async def active(self, session_key: str) -> Sequence[RunState]:
        return self.busy.get(session_key, [])


class FakeSessions:
    """`core.sessions.Sessions`, as far as jobs and hearts look at them."""

    def __init__(self) -> None:
        self.entries: dict[str, SessionEntry] = {}
        self.lines: dict[str, list[LogEvent]] = {}

    def add(self, key: str, route: Route | None = None, session_id: str = "s1") -> SessionEntry:
        entry = SessionEntry(key, session_id, "main", kind_of(key), 0.0, 0.0, route=route)
        self.entries[key] = entry
        self.lines.setdefault(session_id, [])
        return entry

    def say(self, session_id: str, run_id: str, kind: Any = "message") -> None:
        lines = self.lines.setdefault(session_id, [])
        lines.append(LogEvent(session_id, len(lines) + 1, f"{len(lines):08x}", kind, 0.0, {}, run_id=run_id))

    async def open(
        self, key: str, *, owner: str = "", fresh: bool = False, values: Mapping[str, Any] | None = None
    ) -> SessionEntry:
        return self.entries.get(key) or self.add(key)

    async def get(self, key: str) -> SessionEntry | None:
        return self.entries.get(key)

    async def append(self, entry: SessionEntry, events: Sequence[NewLogEvent]) -> list[LogEvent]:
        lines = self.lines.setdefault(entry.session_id, [])
        new = [
            LogEvent(entry.session_id, len(lines) + n, "0", event.kind, 0.0, event.data, run_id=event.run_id)
            for n, event in enumerate(events, 1)
        ]
        lines += new
        return new

    async def view(self, session_id: str) -> list[LogEvent]:
        return list(self.lines.get(session_id, []))

    async def change(self, key: str, values: Mapping[str, Any]) -> SessionEntry:
        return self.entries[key]

    async def count(
        self,
        entry: SessionEntry,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_tokens: int,
        cost: float,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        raise NotImplementedError

    async def reset(self, key: str, reason: str = "reset") -> SessionEntry:
        raise NotImplementedError


class FakeOutbound:
    """`core.agents.Outbound`: what was sent, once for each key."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[Route, str]] = {}
        self.failure: GatewayError | None = None

    def channels(self) -> Sequence[str]:
        return ("telegram",)

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        if self.failure is not None:
            raise self.failure
        self.sent.setdefault(key, (route, "".join(part.text for part in parts if isinstance(part, TextPart))))
        return Delivery("delivered")


class FakeAnswer:
    def __init__(self, status: int, endless: bool = False) -> None:
        self.status, self.url, self.endless = status, "", endless
        self.headers: Mapping[str, str] = {}

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"{}"

    async def read(self, limit: int) -> bytes:
        if self.endless:
            await asyncio.Event().wait()
        return b"{}"

    async def close(self) -> None:
        pass


class FakeTransport:
    """`core.ports.Transport`: calls are written down."""

    def __init__(self) -> None:
        self.calls: list[UpstreamCall] = []
        self.status = 200
        self.endless = False
        """Whether answers come to no end."""

    async def send(self, call: UpstreamCall) -> FakeAnswer:
        self.calls.append(call)
        return FakeAnswer(self.status, self.endless)


class FakeHearts:
    """`core.agents.Heartbeats`: requests are written down."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def request(self, agent_id: str, reason: str, session_key: str | None = None) -> None:
        self.requests.append((agent_id, reason))


@dataclass
class FakeRunner:
    """A process among others; the dead are named."""

    name: str = "here"
    dead: set[str] = field(default_factory=set)

    async def is_alive(self, runner: str) -> bool:
        return runner not in self.dead


@dataclass
class Office:
    """One process with a scheduler, and the world it stands in."""

    clock: FakeClock
    database: Database
    runs: FakeRuns
    sessions: FakeSessions
    outbound: FakeOutbound
    transport: FakeTransport
    hearts: FakeHearts
    events: StoredSystemEvents
    store: ScheduleStore
    jobs: Jobs
    scheduler: Scheduler
    tasks: Tasks
    runner: FakeRunner
    keys: dict[str, Principal]
    settings: CronSettings

    async def settle(self) -> None:
        """Until what was begun has come as far as it can without the test."""
        for _ in range(2000):
            await asyncio.sleep(0.001)
            working = len(self.tasks._running)
            unfinished = sum(not state.ended for state in self.runs.states.values())
            if not working or self.runs.waiting >= working <= unfinished:
                return

    async def look(self, seconds: float = 0.0) -> int:
        """Let time pass, have the scheduler look, and wait for what it began."""
        self.clock.advance(seconds)
        count = await self.scheduler.look()
        await self.settle()
        return count

    async def tick(self, seconds: float, step: float = 1.0) -> int:
        """Let time pass in steps, looking at each."""
        count = 0
        for _ in range(int(seconds / step)):
            count += await self.look(step)
        return count


async def spoken() -> str:
    """The language of whoever the gateway belongs to."""
    return "zh"


@asynccontextmanager
async def office(
    database: Database,
    clock: FakeClock,
    *,
    runs: FakeRuns | None = None,
    runner: FakeRunner | None = None,
    zone: str = "UTC",
    settings: CronSettings | None = None,
) -> AsyncIterator[Office]:
    """A process with a scheduler on the database."""
    chance, bus = FakeRandomness(), InProcessBus()
    runs, runner = runs or FakeRuns(), runner or FakeRunner()
    sessions, outbound, transport, hearts = FakeSessions(), FakeOutbound(), FakeTransport(), FakeHearts()
    store, kept = ScheduleStore(database), settings or CronSettings()
    zone_of = zones(ZoneInfo(zone), lambda: None)
    keys = {each.id: each for each in (ALICE, BOB, BOSS)}
    events = StoredSystemEvents(SystemEventStore(database), clock, chance)
    made: list[Office] = []

    def current() -> CronSettings:
        return made[0].settings if made else kept

    jobs = Jobs(store, clock, chance, bus, RateWindows(database, clock), current, zone_of)
    agents = Agents(runs, events, hearts, lambda name: name or "main", lambda: "per-sender", spoken)
    deliveries = Deliveries(outbound, sessions, transport, current)
    running = Running(store, agents, deliveries, Owners(keys.get), clock, bus, zone_of)
    async with Tasks() as tasks:
        scheduler = Scheduler(store, running, tasks, clock, runner, current, zone_of)
        made.append(
            Office(
                clock,
                database,
                runs,
                sessions,
                outbound,
                transport,
                hearts,
                events,
                store,
                jobs,
                scheduler,
                tasks,
                runner,
                keys,
                kept,
            )
        )
        yield made[0]

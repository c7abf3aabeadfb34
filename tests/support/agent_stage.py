"""Agents on a small stage: the real runtime, database, sessions and HTTP client; tools, skills and events are fakes.

async with stage(database_url, tmp_path, model.provider(), tools=[Clock()]) as agents:
    state = await agents.take("What time is it?")
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.accounts import World
from crawdad.app.agents import Agents, Parts, open_agents
from crawdad.core.agents import RunEvent, RunOrder, RunState
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.ports import Clock
from crawdad.core.settings import Settings
from crawdad.core.tools import SkillCall, SkillSnapshot, Tool, ToolContext, ToolDefinition, ToolOutcome, ToolScope, told
from crawdad.services.agents.standing import Find
from crawdad.services.catalogue import Offer
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.demo import DemoModel
from crawdad.services.prices import PriceBook
from crawdad.services.sessions.service import SessionService
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.local import PlainSource
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from crawdad.services.upstreams import DEMO_PROVIDER
from crawdad.store.cluster import Cluster, open_cluster
from crawdad.store.database import Database, open_database
from crawdad.store.outside_files import OutsideFileStore
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore
from tests.support.scripted_model import MODEL, NAME
from tests.support.waiting import PATIENCE

OWNER = Principal("token", "token", "the operator", EVERYTHING)
GUEST = Principal("key-guest", "api_key", "a guest")
KEY = "agent:main:main"
NAME_OF_MODEL = f"{NAME}/{MODEL}"


class FakeToolbox:
    """Tools without a policy."""

    def __init__(self, tools: Sequence[Tool] = ()) -> None:
        self.tools = {tool.definition.name: tool for tool in tools}
        self.asked: list[ToolScope] = []

    async def effective(self, scope: ToolScope) -> Mapping[str, Tool]:
        self.asked.append(scope)
        return dict(self.tools)

    def known(self) -> Sequence[ToolDefinition]:
        return [tool.definition for tool in self.tools.values()]


class FakeSkills:
    """The same skills for everybody: `/term words` is for the tool `command_tool`, where there is one."""

    def __init__(self, prompt: str = "", command_tool: str = "") -> None:
        self.prompt = prompt
        self.command_tool = command_tool

    async def snapshot(self, agent_id: str, workspace: Path, only: Sequence[str] | None = None) -> SkillSnapshot:
        return SkillSnapshot(self.prompt)

    async def called(
        self, agent_id: str, workspace: Path, message: str, only: Sequence[str] | None = None
    ) -> SkillCall | None:
        name, _, words = message.partition(" ")
        return (
            SkillCall("term", "term", words, "", self.command_tool) if name == "/term" and self.command_tool else None
        )


class FakeSystemEvents:
    """Events that wait, in memory."""

    def __init__(self) -> None:
        self.events: dict[str, list[str]] = {}

    async def add(self, session_key: str, text: str, *, key: str | None = None, untrusted: bool = True) -> bool:
        self.events.setdefault(session_key, []).append(f"System: {text}")
        return True

    async def take(self, session_key: str, run_id: str) -> Sequence[str]:
        return self.events.pop(session_key, [])

    async def waiting(self, session_key: str) -> int:
        return len(self.events.get(session_key, ()))


@dataclass
class FakeTool:
    """A tool that answers `answer`, or what a subclass makes of the arguments. `calls` holds what it was asked."""

    name: str = "look"
    answer: str = "ok"
    independent: bool = True
    untrusted: bool = False
    calls: list[JsonObject] = field(default_factory=list)
    contexts: list[ToolContext] = field(default_factory=list)

    @property
    def definition(self) -> ToolDefinition:
        schema = {"type": "object", "properties": {}, "additionalProperties": True}
        return ToolDefinition(self.name, f"The tool {self.name}.", schema, "fs", self.independent)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        self.calls.append(arguments)
        self.contexts.append(context)
        return told(self.answer, untrusted=self.untrusted)


class FakeRunner:
    """A process by name. `dead` holds those that live no more."""

    def __init__(self, name: str = "runner-1", dead: set[str] | None = None) -> None:
        self.name = name
        self.dead = dead if dead is not None else set()

    async def is_alive(self, runner: str) -> bool:
        return runner not in self.dead


class KeptExchanges:
    """A journal in memory."""

    dropped = 0

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


class _NoBudgets:
    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        return offers


@dataclass
class Stage:
    """What a test has in hand."""

    agents: Agents
    sessions: SessionService
    database: Database
    cluster: Cluster
    toolbox: FakeToolbox
    events: FakeSystemEvents
    journal: KeptExchanges
    home: Path

    async def order(self, text: str, **more: Any) -> str:
        """Say something to an agent: the run's id."""
        return await self.agents.runs.start(order(text, **more))

    async def take(self, text: str, **more: Any) -> RunState:
        """Say something, and wait for the end of it."""
        return await self.agents.runs.wait(await self.order(text, **more), PATIENCE)

    async def story(self, run_id: str, after: int = 0) -> list[RunEvent]:
        """All events of a run, once it has ended."""
        return [event async for event in self.agents.runs.follow(run_id, after)]


Found = TypeVar("Found")
_KNOWN = {OWNER.id: OWNER, GUEST.id: GUEST}


def _everybody(principal_id: str) -> Principal | None:
    return _KNOWN.get(principal_id) or Principal(principal_id, "api_key", principal_id, EVERYTHING)


def order(text: str, **more: Any) -> RunOrder:
    """An order of the operator's."""
    parts = more.pop("parts", None) or ([TextPart(text)] if text else [])
    values: dict[str, Any] = {"agent_id": "main", "session_key": KEY, "principal": OWNER, "origin": "client", **more}
    return RunOrder(parts=parts, **values)


def config(provider: JsonObject, agents: JsonObject | None = None, **more: Any) -> Settings:
    """The settings of a stage. `agents` are `agents.defaults`, but for `list`."""
    defaults = dict(agents or {})
    entries = defaults.pop("list", [])
    return Settings.model_validate(
        {
            "models": {"providers": {NAME: provider}, "demo": True, "discoverLocal": False},
            "agents": {"defaults": {"model": NAME_OF_MODEL, **defaults}, "list": entries},
            "retry": {"attempts": 1, "baseSeconds": 0.01},
            **more,
        }
    )


@asynccontextmanager
async def stage(
    database_url: str,
    home: Path,
    settings: Settings,
    *,
    tools: Sequence[Tool] = (),
    runner: FakeRunner | None = None,
    cluster: Cluster | None = None,
    find: Find | None = None,
    skills: FakeSkills | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Stage]:
    """The agents at work; several stages may share a database and a cluster."""
    clock, randomness = clock or SystemClock(), SystemRandomness()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(database_url))
        if cluster is None:
            cluster = await stack.enter_async_context(open_cluster(None, clock))
        transport = await stack.enter_async_context(HttpTransport("crawdad/test"))
        live = LiveCatalogue(settings, transport, lambda _: None)
        journal = KeptExchanges()
        ledger = Ledger(clock, journal, lambda _: None, PriceBook(lambda: settings).price_of)
        front = ModelFront(
            catalogue=lambda: live.current,
            transport=transport,
            ledger=ledger,
            dispatcher=Dispatcher(ledger, _NoBudgets(), clock, randomness, lambda: settings.retry),
            randomness=randomness,
            local_sources={DEMO_PROVIDER: PlainSource(DemoModel())},
        )
        sessions = SessionService(
            SessionStore(database), SessionSearch(database), clock, randomness, cluster.bus, lambda: settings
        )
        box = KeyedSecretBox(str(home / "secret.key"), None)
        runner = runner or FakeRunner()
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
        toolbox, events = FakeToolbox(tools), FakeSystemEvents()
        outside = OutsideFileStore(database, clock.now)
        parts = Parts(front, sessions, toolbox, skills or FakeSkills(), events, outside, runner, find or _everybody)
        agents = await stack.enter_async_context(open_agents(world, parts))
        toolbox.tools |= {tool.definition.name: tool for tool in agents.tools}
        await agents.begin()
        yield Stage(agents, sessions, database, cluster, toolbox, events, journal, home)

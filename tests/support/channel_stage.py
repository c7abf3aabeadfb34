"""Channels on a small stage: the real host, database and sessions; the agents do as the message says, the platform is in memory.

async with channel_stage(database_url, {"memory": {"token": TOKEN, "allowFrom": ["u1"]}}) as stage:
    stage.platform.say("say hello")
    await stage.until(lambda: stage.platform.texts() == ["hello"])
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.adapters.system import SystemRandomness
from crawdad.core.agents import AgentRuns
from crawdad.core.approvals import Approvals
from crawdad.core.channels import Account, ChannelKind, Chat
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_hooks import NoHooks, PluginHooks
from crawdad.core.settings import Settings
from crawdad.services.agents.roster import build_roster
from crawdad.services.channels.host import ChannelHost
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.channels.pairing import Pairing
from crawdad.services.channels.running import KeptState, RunningAccount
from crawdad.services.channels.views import AccountView
from crawdad.services.channels.world import ChannelWorld, Search, Transcribe
from crawdad.services.sessions.service import SessionService
from crawdad.services.tasks import Tasks
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.approvals import ApprovalStore
from crawdad.store.channel_chats import ChannelChats
from crawdad.store.channel_files import ChannelFileTable
from crawdad.store.channel_inbox import ChannelInbox
from crawdad.store.channel_outbox import ChannelOutbox
from crawdad.store.channel_people import ChannelPeople
from crawdad.store.channel_rows import StoredDelivery, StoredEvent
from crawdad.store.cluster import Cluster, open_cluster
from crawdad.store.database import Database, open_database
from crawdad.store.key_values import KeyValues
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore
from tests.support.memory_channel import TOKEN, Platform, memory_kind
from tests.support.scripted_runs import ScriptedRuns
from tests.support.waiting import PATIENCE, until, until_so

CHANNEL = "memory"
__all__ = ["CHANNEL", "TOKEN", "Stage", "SteppedClock", "channel_stage"]


class SteppedClock:
    """Real time, and as many seconds more as the test says: sleepers wake when their time has come, by either."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.wrong = 0.0
        """By how much the wall clock is set wrong."""
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now(self) -> float:
        return time.time() + self.ahead + self.wrong

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
        while self._sleepers and self._sleepers[0][0] <= self.monotonic():
            heapq.heappop(self._sleepers)[2].set()

    async def sleep(self, seconds: float) -> None:
        until, woken = self.monotonic() + seconds, asyncio.Event()
        heapq.heappush(self._sleepers, (until, next(self._count), woken))
        while (left := until - self.monotonic()) > 0 and not woken.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await woken.wait()


@dataclass
class Stage:
    """What a test has in hand."""

    host: ChannelHost
    world: ChannelWorld
    platform: Platform
    runs: Any
    """`ScriptedRuns`, unless the test brought its own."""
    outbound: OutboundChannels
    clock: SteppedClock
    database: Database
    cluster: Cluster
    kind: ChannelKind
    settings: Settings
    happened: list[Any]
    """Everything that was told on the bus under `channels.`."""

    def configure(self, channels: JsonObject, **more: Any) -> None:
        """Change the settings."""
        self.settings = config(channels, **more)

    def account(self, name: str = "default") -> Account:
        return Account(self.kind.id, name)

    def running(self, name: str = "default") -> RunningAccount:
        return self.host.running(self.account(name))

    async def view(self, name: str = "default") -> AccountView:
        """An account, once it is there."""

        async def there() -> AccountView | None:
            return next((one for one in await self.host.view() if one.account == self.account(name)), None)

        found = await until(there)
        assert isinstance(found, AccountView)
        return found

    async def state(self, name: str = "default") -> str:
        return (await self.view(name)).state

    def platform_chat(self, person: str = "u1") -> Chat:
        """The direct chat with somebody."""
        return Chat("direct", person)

    async def connected(self, name: str = "default") -> None:
        async def is_so() -> bool:
            return any(one.account.name == name and one.state == "connected" for one in await self.host.view())

        await until(is_so)

    async def event(self, event_id: str, name: str = "default") -> StoredEvent | None:
        """An event by the platform's id."""
        from sqlalchemy import select

        from crawdad.store.channel_rows import event_of
        from crawdad.store.channel_tables import channel_events

        columns = channel_events.c
        query = select(channel_events).where(
            columns.event_id == event_id, columns.channel == self.kind.id, columns.account == name
        )
        async with self.database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else event_of(row)

    async def done(self, event_id: str, name: str = "default", seconds: float = PATIENCE) -> str:
        """The reason of an event, once it is done."""

        async def reason() -> str:
            found = await self.event(event_id, name)
            return found.reason if found is not None and found.state == "done" else ""

        return str(await until(reason, f"the end of {event_id}", seconds))

    async def delivery(self, event_id: str, name: str = "default") -> StoredDelivery | None:
        """The answer to an event."""
        return await self.world.outbox.known(f"reply:{self.account(name)}:{event_id}")

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """What `condition` finds, once it finds something."""
        return await until_so(condition, seconds=seconds)


def config(channels: JsonObject, **more: Any) -> Settings:
    """Settings with these channels."""
    return Settings.model_validate({"channels": channels, "language": "en", **more})


MakeRuns = Callable[[SessionService, Tasks, Approvals], AgentRuns]


@asynccontextmanager
async def channel_stage(
    database_url: str,
    channels: JsonObject,
    *,
    kinds: Sequence[ChannelKind] = (),
    platform: Platform | None = None,
    cluster: Cluster | None = None,
    clock: SteppedClock | None = None,
    runner: str = "runner-1",
    home: Path | None = None,
    transcribe: Transcribe | None = None,
    search: Search | None = None,
    runs: MakeRuns | None = None,
    states: Mapping[str, JsonObject] | None = None,
    hooks: PluginHooks | None = None,
    **more: Any,
) -> AsyncIterator[Stage]:
    """The host at work; several stages may share a database, a cluster and a platform. `states`: what stands in the accounts'
    memories beforehand, as after a sign-in."""
    clock = clock or SteppedClock()
    platform = platform or Platform()
    offered = list(kinds) or [memory_kind(platform)]
    randomness = SystemRandomness()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(database_url))
        if cluster is None:
            cluster = await stack.enter_async_context(open_cluster(None, clock))
        transport = await stack.enter_async_context(HttpTransport("crawdad/test"))
        tasks = await stack.enter_async_context(Tasks())
        made: Stage

        def settings() -> Settings:
            return made.settings

        sessions = SessionService(
            SessionStore(database), SessionSearch(database), clock, randomness, cluster.bus, settings
        )
        approvals = ApprovalService(
            ApprovalStore(database), cluster.bus, clock, randomness, lambda: settings().approvals
        )
        people = ChannelPeople(database)
        world = ChannelWorld(
            inbox=ChannelInbox(database),
            outbox=ChannelOutbox(database),
            chats=ChannelChats(database),
            people=people,
            files=ChannelFileTable(database),
            memory=KeyValues(database),
            pairing=Pairing(people, cluster.bus, cluster.rates, clock, randomness),
            approvals=approvals,
            runs=runs(sessions, tasks, approvals) if runs is not None else ScriptedRuns(sessions, tasks),
            sessions=sessions,
            roster=lambda: build_roster(settings(), Path("/nowhere")),
            settings=settings,
            bus=cluster.bus,
            leases=cluster.leases,
            box=KeyedSecretBox(str(home / "secret.key") if home else "", None) if home else PlainBox(),
            transport=transport,
            clock=clock,
            randomness=randomness,
            runner=runner,
            secret="a secret",
            transcribe=transcribe,
            search=search,
            hooks=hooks or NoHooks(),
        )
        for account, values in (states or {}).items():
            state = KeptState(world.memory, world.box, Account(offered[0].id, account))
            for name, value in values.items():
                await state.put(name, value)
        outbound = OutboundChannels()
        host = ChannelHost(world, outbound)
        happened: list[Any] = []
        made = Stage(
            *(host, world, platform, world.runs, outbound, clock, database, cluster, offered[0]),
            config(channels, **more),
            happened,
        )

        async def listen() -> None:
            async for event in cluster.bus.subscribe(("channels.*",)):
                happened.append(event)

        tasks.start(listen(), "what happens")
        for kind in offered:
            host.register(kind)
        hosting = await stack.enter_async_context(Tasks())
        hosting.start(host.run(), "channels")
        yield made


class PlainBox:
    """A box that only looks like one."""

    def encrypt(self, value: str) -> str:
        return f"boxed:{value[::-1]}"

    def decrypt(self, token: str) -> str:
        return token.removeprefix("boxed:")[::-1]

"""What messages of channels cost: from a message to the model's request, many accounts and chats at once, a group in which all
talk at the same time, and what memory does over many.

The platform and the model are inside the process and take no time; inbox, outbox, sessions, agents and prompt are the real
ones. The model counts what it is asked, so that conversations are summed up as they would be, in a window that a chat fills
within the measure: what memory then does is due to the messages, and not to conversations that go on growing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from crawdad.app.bench import loops
from crawdad.app.bench.agents import Ground, open_ground
from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import running_on
from crawdad.app.bench.table import Row
from crawdad.app.channels import ChannelParts, open_channels
from crawdad.core.channels import (
    Capabilities,
    Channel,
    ChannelContext,
    ChannelKind,
    Chat,
    InboundMessage,
    Mentions,
    OutboundMessage,
    Person,
    Receipt,
)
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.request import ModelRequest
from crawdad.core.settings import Settings
from crawdad.core.usage import Usage
from crawdad.services.agent_tools.model_calls import ToolModelCalls
from crawdad.services.agents.roster import build_roster
from crawdad.services.channels.host import ChannelHost
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.estimate import estimate_request
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.approvals import ApprovalStore

_GOAL_MS = 10.0
_WARM = 30
_ALONE = 100
_ACCOUNTS = 50
_AT_ONCE = 20
_MARKS = 10
_WINDOW = 8_000
"""The model's, in tokens: half of it is kept free, and a chat of the long measure is summed up some times."""
_KEPT = 1_000
"""Tokens of a conversation that stand after it was summed up."""
_MEGABYTE = 1024 * 1024
_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.005


class _Model:
    """Answers at once, and knows when it was asked, and how much that was."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.longest = 0
        """The tokens of the longest request."""

    async def take(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """One answer."""
        self.asked.append(time.perf_counter())
        yield MessageStart("bench", request.model)
        yield PartStart(0, TextPart())
        yield PartDelta(0, "It is done.")
        yield PartEnd(0)
        size = estimate_request(request)
        self.longest = max(self.longest, size)
        yield MessageEnd(Stop("end"), Usage(size, 4))


class _Platform:
    """The other side of all accounts."""

    def __init__(self) -> None:
        self.contexts: dict[str, ChannelContext] = {}
        self.sent = 0
        self._count = 0

    async def say(self, account: str, person: str, *, group: str = "", mention: bool = False) -> float:
        """Somebody writes: kept when this returns. Returns when it was said."""
        self._count += 1
        began = time.perf_counter()
        event = {"id": str(self._count), "from": person, "group": group, "mention": mention}
        await self.contexts[account].admit(event)
        return began


class _Channel(Channel):
    """The transport of one account: there is none."""

    def __init__(self, context: ChannelContext, platform: _Platform) -> None:
        self._context = context
        self._platform = platform

    async def run(self) -> None:
        """Be connected."""
        self._platform.contexts[self._context.account.name] = self._context
        while True:
            self._context.heard("bench")
            await self._context.clock.sleep(10.0)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        group = event["group"]
        return InboundMessage(
            f"e{event['id']}",
            Chat("group", group) if group else Chat("direct", event["from"]),
            Person(event["from"], event["from"]),
            time.time(),
            message_id=f"m{event['id']}",
            text=f"Message {event['id']}, and a few words more for good measure.",
            mentions=Mentions(event["mention"], "native" if event["mention"] else ""),
        )

    async def send(self, message: OutboundMessage) -> Receipt:
        """It is there at once."""
        self._platform.sent += 1
        return Receipt((f"s{self._platform.sent}",))


def _settings() -> JsonObject:
    accounts: JsonObject = {f"a{number}": {} for number in range(_ACCOUNTS)}
    block = {"dmPolicy": "open", "allowFrom": ["*"], "groupPolicy": "open", "groups": {"*": {}}, "accounts": accounts}
    compaction = {"keepRecentTokens": _KEPT}
    return {
        "channels": {"bench": block},
        "session": {"dmScope": "per-account-channel-peer"},
        "agents": {"defaults": {"contextTokens": _WINDOW, "compaction": compaction}},
    }


@asynccontextmanager
async def _channels(home: Path, model: _Model, platform: _Platform) -> AsyncIterator[tuple[ChannelHost, Ground]]:
    async with open_ground(home, model, _settings()) as ground:
        world = ground.world
        settings: Callable[[], Settings] = world.settings
        approvals = ApprovalService(
            ApprovalStore(world.database),
            world.cluster.bus,
            world.clock,
            world.randomness,
            lambda: settings().approvals,
        )
        parts = ChannelParts(
            runs=ground.agents.runs,
            sessions=ground.sessions,
            approvals=approvals,
            roster=lambda: build_roster(settings(), home),
            outbound=OutboundChannels(),
            hearing=ToolModelCalls(ground.front, world.clock, world.randomness),
        )
        async with open_channels(world, parts) as host:
            capabilities = Capabilities(quote=True)
            host.register(
                ChannelKind("bench", ("Bench", "Bench"), lambda one: _Channel(one, platform), capabilities=capabilities)
            )
            await _until(lambda: _value(len(platform.contexts) == _ACCOUNTS))
            yield host, ground


async def _value(found: bool) -> bool:
    return found


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - nothing is added to the way of a message that would tell
            await asyncio.sleep(_LOOK_SECONDS)


async def _settled(host: ChannelHost, accounts: int = _ACCOUNTS) -> None:
    """Until nothing waits in the first of the accounts."""
    kinds = ("waiting", "ordered", "open", "growing")

    async def is_so() -> bool:
        return not any(view.counts.get(kind) for view in (await host.view())[:accounts] for kind in kinds)

    await _until(is_so)


async def _measure(home: Path, bench: Bench, found: dict[str, float]) -> None:
    model, platform = _Model(), _Platform()
    async with _channels(home, model, platform) as (host, _):
        for number in range(_WARM):
            await _one(platform, model, f"warm{number % 10}")
        alone = sorted([await _one(platform, model, f"alone{number % 10}") for number in range(_ALONE)])
        found |= {"p50_ms": alone[_ALONE // 2] * 1e3, "p90_ms": alone[int(_ALONE * 0.9)] * 1e3}
        await _settled(host, 1)
        await _crowd(host, platform, bench.plan.chats, found)
        await _burst(host, platform, bench.plan.chats // 2, found)
        model.longest = 0
        await _many(platform, bench.plan.turns, found)
        found["longest_tokens"] = model.longest


async def _one(platform: _Platform, model: _Model, person: str) -> float:
    asked, sent = len(model.asked), platform.sent
    began = await platform.say("a0", person)
    await _until(lambda: _value(platform.sent > sent))
    return model.asked[asked] - began


async def _crowd(host: ChannelHost, platform: _Platform, chats: int, found: dict[str, float]) -> None:
    sent, cpu, began = platform.sent, time.process_time(), time.perf_counter()
    await asyncio.gather(*(platform.say(f"a{number % _ACCOUNTS}", f"p{number}") for number in range(chats)))
    await _until(lambda: _value(platform.sent - sent >= chats))
    found["crowd_seconds"] = time.perf_counter() - began
    found["crowd_cpu_ms"] = (time.process_time() - cpu) / chats * 1e3
    await _settled(host)
    found["crowd_answers"] = platform.sent - sent


async def _burst(host: ChannelHost, platform: _Platform, messages: int, found: dict[str, float]) -> None:
    sent, cpu, began = platform.sent, time.process_time(), time.perf_counter()
    for number in range(messages):
        await platform.say("a0", f"p{number % 20}", group="g1", mention=number == messages - 1)
    found["burst_kept_seconds"] = time.perf_counter() - began
    await _until(lambda: _value(platform.sent > sent))
    found["burst_seconds"] = time.perf_counter() - began
    found["burst_cpu_ms"] = (time.process_time() - cpu) / messages * 1e3
    await _settled(host, 1)
    found["burst_answers"] = platform.sent - sent
    found["burst_dead"] = len(await host.dead_letters("bench"))


async def _many(platform: _Platform, messages: int, found: dict[str, float]) -> None:
    process, sizes = psutil.Process(), []
    for mark in range(_MARKS):
        for _ in range(max(1, messages // _MARKS // _AT_ONCE)):
            sent = platform.sent
            await asyncio.gather(*(platform.say(f"a{number}", f"many{number}") for number in range(_AT_ONCE)))
            await _until(lambda sent=sent: _value(platform.sent - sent >= _AT_ONCE))  # type: ignore[misc]
        sizes.append(process.memory_info().rss / _MEGABYTE)
        found[f"megabytes_{mark + 1}"] = sizes[-1]
    found["growth"] = sizes[-1] - sizes[_MARKS // 2]
    found["many"] = max(1, messages // _MARKS // _AT_ONCE) * _AT_ONCE * _MARKS


def channels(bench: Bench) -> Iterator[Row]:
    """One message after another, many at once, a burst, and very many."""
    home = bench.folder / "channels"
    home.mkdir(exist_ok=True)
    found: dict[str, float] = {}
    chats, messages = bench.plan.chats, bench.plan.chats // 2
    with running_on(bench.cores.tested):
        loops.run(_measure(home, bench, found))
    yield Row(
        "channel message to model request",
        f"{found['p50_ms']:.1f} ms",
        f"≤ {_GOAL_MS:.0f} ms",
        found["p50_ms"] <= _GOAL_MS,
        f"p50; p90 {found['p90_ms']:.1f} ms; {_ACCOUNTS} accounts connected",
        {name: found[name] for name in ("p50_ms", "p90_ms")},
    )
    yield Row(
        f"{chats:,} chats of {_ACCOUNTS} accounts at once",
        f"{chats / found['crowd_seconds']:.0f} messages/s",
        "",
        None,
        f"{found['crowd_cpu_ms']:.1f} ms CPU from the event to the sent answer; {found['crowd_answers']:.0f} answers",
        {name: found[name] for name in ("crowd_seconds", "crowd_cpu_ms")},
    )
    yield Row(
        f"burst of {messages} messages in one group",
        f"{messages / found['burst_kept_seconds']:.0f} kept/s",
        "none lost",
        found["burst_dead"] == 0 and found["burst_answers"] == 1,
        f"all taken after {found['burst_seconds']:.1f} s, {found['burst_cpu_ms']:.1f} ms CPU each",
        {name: found[name] for name in ("burst_kept_seconds", "burst_seconds", "burst_cpu_ms")},
    )
    sizes = [f"{found[f'megabytes_{mark + 1}']:.0f}" for mark in range(_MARKS)]
    yield Row(
        f"memory over {found['many']:,.0f} channel messages",
        f"{found['growth']:+.1f} MB in the second half",
        "flat",
        None,
        f"after each tenth: {', '.join(sizes)} MB (this process, the bench included); the longest request "
        f"{found['longest_tokens']:,.0f} tokens",
        {"megabytes": found[f"megabytes_{_MARKS}"], "growth_megabytes": found["growth"]},
    )

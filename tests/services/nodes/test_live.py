"""Nodes of several processes, and commands between them, on a bus and a clock that the test moves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.nodes import NODE_CONNECTED, LiveNode, NodeAnswer
from crawdad.services.nodes import live
from crawdad.services.nodes.live import FORGET_SECONDS, Nodes
from crawdad.services.tasks import Tasks
from crawdad.store.inprocess import InProcessBus
from tests.support.fakes import FakeClock, FakeRandomness

NODE = LiveNode("n" * 64, "c1", "one", 10.0, commands=("system.run",))


class World:
    """Two processes on one bus. `sent` is what was handed to connections."""

    def __init__(self) -> None:
        self.clock, self.bus = FakeClock(), InProcessBus()
        self.sent: list[tuple[str, Any]] = []
        self.there = True
        self.one, self.two = (
            Nodes(self.bus, self.clock, FakeRandomness(), name, self._deliver) for name in ("one", "two")
        )

    def _deliver(self, connection_id: str, payload: Any) -> bool:
        self.sent.append((connection_id, payload))
        return self.there

    async def begin(self, tasks: Tasks) -> None:
        for nodes in (self.one, self.two):
            tasks.start(nodes.follow(), "nodes")
        await settled()


async def settled() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def test_a_node_is_known_in_all_processes_and_asked_from_each() -> None:
    async with Tasks() as tasks:
        world = World()
        await world.begin(tasks)
        await world.one.join(NODE)
        await settled()
        assert world.two.find(NODE.node_id) == NODE
        asking = asyncio.get_running_loop().create_task(world.two.invoke(NODE, "system.run", '{"a":1}', 5.0, "key"))
        await settled()
        ((connection_id, payload),) = world.sent
        assert connection_id == "c1" and payload["paramsJSON"] == '{"a":1}' and payload["timeoutMs"] == 5000
        assert not await world.one.answered("other", payload["id"], NodeAnswer(True))
        asking.cancel()
        asking = asyncio.get_running_loop().create_task(world.two.invoke(NODE, "system.run", None, 5.0, "key"))
        await settled()
        call_id = world.sent[-1][1]["id"]
        assert await world.one.answered("c1", call_id, NodeAnswer(True, {"x": 1}))
        assert await asking == NodeAnswer(True, {"x": 1})
        assert not await world.one.answered("c1", call_id, NodeAnswer(True)), "it counts once"
        await world.one.leave("c1")
        await settled()
        assert world.two.find(NODE.node_id) is None


async def test_what_a_node_says_meanwhile_is_heard_where_somebody_listens() -> None:
    async with Tasks() as tasks:
        world = World()
        await world.begin(tasks)
        await world.one.join(NODE)
        await settled()
        said: list[str] = []
        invoking = world.two.invoke(NODE, "system.run", None, 5.0, "key", said.append)
        asking = asyncio.get_running_loop().create_task(invoking)
        await settled()
        call_id = world.sent[-1][1]["id"]
        assert not await world.one.progressed("other", call_id, 0, "forged"), "only the node that was asked may speak"
        for seq, chunk in ((0, "one"), (0, "one again"), (2, "three"), (1, "late")):
            assert await world.one.progressed("c1", call_id, seq, chunk)
        await world.one.answered("c1", call_id, NodeAnswer(True))
        await asking
        assert said == ["one", "three"]
        assert not await world.one.progressed("c1", call_id, 3, "over")


async def test_a_process_that_comes_later_asks_who_is_there() -> None:
    async with Tasks() as tasks:
        world = World()
        tasks.start(world.one.follow(), "nodes")
        await settled()
        await world.one.join(NODE)
        assert world.two.connected() == []
        tasks.start(world.two.follow(), "nodes")
        await settled()
        assert world.two.connected() == [NODE]


async def test_nodes_of_a_process_that_was_killed_are_forgotten() -> None:
    async with Tasks() as tasks:
        world = World()
        await world.begin(tasks)
        await world.one.join(NODE)
        await settled()
        world.clock.advance(FORGET_SECONDS - 1)
        assert world.two.connected() == [NODE]
        world.clock.advance(2)
        assert world.two.connected() == [] and world.one.connected() == [NODE]


async def test_who_goes_leaves_nobody_waiting() -> None:
    async with Tasks() as tasks:
        world = World()
        await world.begin(tasks)
        await world.one.join(NODE)
        await settled()
        asking = [
            asyncio.get_running_loop().create_task(nodes.invoke(NODE, "x", None, 5.0, "k"))
            for nodes in (world.one, world.two)
        ]
        await settled()
        await world.one.leave("c1")
        for each in asking:
            assert (await each).code == "NOT_CONNECTED"
        world.there = False
        await world.one.join(NODE)
        await settled()
        assert (await world.two.invoke(NODE, "x", None, 5.0, "k")).code == "NOT_CONNECTED"


async def test_of_a_node_that_is_there_twice_the_newer_connection_counts() -> None:
    world = World()
    await world.one.join(NODE)
    newer = replace(NODE, connection_id="c2", connected_at=20.0)
    await world.one.join(newer)
    assert world.one.connected() == [newer]
    await world.one.leave("c1")
    assert world.one.find(NODE.node_id) == newer


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_WAITING", 2)
    world = World()
    await world.one.join(NODE)
    asking = [
        asyncio.get_running_loop().create_task(world.one.invoke(NODE, "x", None, 5.0, str(number)))
        for number in range(2)
    ]
    await settled()
    with pytest.raises(GatewayError):
        await world.one.invoke(NODE, "x", None, 5.0, "one too many")
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert (await world.one.invoke(NODE, "x", None, 0.001, "room again")).code == "TIMEOUT"


async def test_what_is_not_understood_is_passed_over() -> None:
    async with Tasks() as tasks:
        world = World()
        await world.begin(tasks)
        for data in (
            {},
            {"node": {"node_id": "x"}},
            {"node": {"surprise": 1, "permissions": [], "caps": [], "commands": []}},
        ):
            await world.bus.publish(Event(NODE_CONNECTED, data, 0.0, "three"))
        await world.one.join(NODE)
        await settled()
        assert world.two.connected() == [NODE]

"""A process that is killed at any of its writes: what came in is answered, and nothing is said twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from crawdad.core.channels import OutboundMessage, Receipt
from tests.channels.lasting_runs import LastingRuns
from tests.support.channel_stage import TOKEN, Stage, channel_stage
from tests.support.memory_channel import Platform
from tests.support.waiting import PATIENCE

CHANNELS = {"memory": {"token": TOKEN, "allowFrom": ["u1"]}}


class Killed:
    """The moment from which on a process does nothing any more."""

    def __init__(self, at: int, *, before: bool) -> None:
        self.at, self.before = at, before
        self.writes = 0
        self.dead = asyncio.Event()
        self._never = asyncio.Event()

    async def stand_still(self) -> None:
        await self._never.wait()

    def patch(self, stage: Stage) -> None:
        """Have the process die at its `at`th write from now on: before it is kept, or right after."""
        write = stage.database.write

        @asynccontextmanager
        async def counted() -> AsyncIterator[Any]:
            if self.dead.is_set():
                await self.stand_still()
            self.writes += 1
            mine = self.writes
            if mine == self.at and self.before:
                self.dead.set()
                await self.stand_still()
            async with write() as connection:
                yield connection
            if mine == self.at:
                self.dead.set()
                await self.stand_still()

        stage.database.write = counted  # type: ignore[method-assign]
        take = stage.platform.take

        async def sent(account: str, message: OutboundMessage) -> Receipt:
            if self.dead.is_set():
                await self.stand_still()
            return await take(account, message)

        stage.platform.take = sent  # type: ignore[method-assign]
        self._restore = take

    def restore(self, platform: Platform) -> None:
        platform.take = self._restore  # type: ignore[method-assign]


async def answered(stage: Stage, event: str) -> str:
    """What became of an event and its answer, once both are settled."""
    while True:
        found, delivery = await stage.event(event), await stage.delivery(event)
        done = found is not None and found.state == "done"
        if done and delivery is not None and delivery.state in ("sent", "unknown", "failed"):
            return delivery.state
        stage.clock.advance(2)
        await asyncio.sleep(0.005)


async def writes_of_one_message(database_url: str) -> int:
    runs, killed = LastingRuns(), Killed(10_000, before=True)
    async with channel_stage(database_url, CHANNELS, runs=lambda *_: runs) as stage:
        await stage.connected()
        killed.patch(stage)
        event = stage.platform.say("say " + "one " * 60)["id"]
        assert await answered(stage, event) == "sent"
        return killed.writes


@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
async def test_killed_at_every_write(tmp_path: Any, before: bool) -> None:
    count = await writes_of_one_message(f"sqlite:///{tmp_path}/count.db")
    assert count >= 8
    outcomes: list[str] = []
    for at in range(1, count + 1):
        url = f"sqlite:///{tmp_path}/{at}-{before}.db"
        runs, platform, killed = LastingRuns(), Platform(), Killed(at, before=before)
        async with channel_stage(url, CHANNELS, platform=platform, runs=lambda *_, it=runs: it) as stage:
            await stage.connected()
            killed.patch(stage)
            event = platform.say("say " + "one " * 60)["id"]
            async with asyncio.timeout(PATIENCE):
                while not killed.dead.is_set():
                    stage.clock.advance(2)
                    await asyncio.sleep(0.005)
        killed.restore(platform)
        async with channel_stage(url, CHANNELS, platform=platform, runner="next", runs=lambda *_, it=runs: it) as stage:
            async with asyncio.timeout(PATIENCE):
                outcome = await answered(stage, event)
            outcomes.append(outcome)
            shown = " ".join(platform.texts()).split()
            assert len(runs.orders) == 1, f"write {at}: the agent was asked once"
            parts = [one.part for one in platform.shown()]
            assert len(parts) == len(set(parts)), f"write {at}: no part is there twice"
            if outcome == "sent":
                assert shown == ["one"] * 60, f"write {at}"
            else:
                assert outcome == "unknown", f"write {at}"
                assert any(one.data.get("code") == "unknown" for one in stage.happened), "the operator is told"
    assert outcomes.count("sent") > len(outcomes) // 2, outcomes

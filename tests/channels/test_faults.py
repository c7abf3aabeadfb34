"""Faults of our own: a database that does not answer for a while, code that throws."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from tests.channels.lasting_runs import LastingRuns
from tests.support.channel_stage import TOKEN, SteppedClock, channel_stage
from tests.support.waiting import until

BLOCK: dict[str, Any] = {"token": TOKEN, "allowFrom": ["u1"]}


@pytest.mark.parametrize("fault", [GatewayError(ErrorKind.UNAVAILABLE, "no database"), ValueError("a bug")])
async def test_what_was_ordered_is_answered_after_a_fault(database_url: str, fault: Exception) -> None:
    class Faulty(LastingRuns):
        faults = 3

        async def look(self, run_id: str) -> Any:
            if self.faults:
                self.faults -= 1
                raise fault
            return await super().look(run_id)

    runs = Faulty()
    async with channel_stage(database_url, {"memory": BLOCK}, runs=lambda *_: runs) as stage:
        event = stage.platform.say("say still")["id"]

        async def is_done() -> bool:
            stage.clock.advance(2)
            found = await stage.event(event)
            return found is not None and found.state == "done"

        await until(is_done)
        await stage.until(lambda: stage.platform.texts() == ["still"])
        assert runs.faults == 0 and len(runs.orders) == 1


class Standing(SteppedClock):
    """Whoever sleeps does not wake."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


async def test_an_account_between_two_tries_is_connected_as_soon_as_somebody_asks(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        await stage.connected()
        running, faults = stage.running(), [ValueError("a bug")]
        run = running.desk.channel.run

        async def faulty() -> None:
            if faults:
                raise faults.pop()
            await run()

        running.desk.channel.run = faulty  # type: ignore[method-assign]
        running._clock = Standing()
        running.restart()
        await stage.until(lambda: not faults and running.status.lost_at is not None)
        running.restart()
        await stage.connected()


async def test_an_account_is_opened_once_the_database_answers(database_url: str) -> None:
    async with channel_stage(database_url, {}) as stage:
        lanes, refused = stage.world.inbox.lanes, []

        async def refuse(account: Any) -> list[str]:
            refused.append(account)
            raise GatewayError(ErrorKind.UNAVAILABLE, "no database")

        stage.world.inbox.lanes = refuse  # type: ignore[method-assign]
        stage.configure({"memory": BLOCK})
        await stage.until(lambda: refused)
        stage.world.inbox.lanes = lanes  # type: ignore[method-assign]

        async def is_connected() -> bool:
            stage.clock.advance(2)
            return await stage.state() == "connected"

        await until(is_connected)
        await stage.done(stage.platform.say("say hi")["id"])

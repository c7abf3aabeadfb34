"""A wall clock that ran hours ahead and is set right: nothing waits for the hours to come by again."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.agents import RunOrder
from crawdad.core.errors import ErrorKind, GatewayError
from tests.channels.lasting_runs import LastingRuns
from tests.support.channel_stage import TOKEN, Stage, channel_stage
from tests.support.waiting import until

BLOCK: dict[str, Any] = {"token": TOKEN, "allowFrom": ["u1"]}
HOURS = 8 * 3600.0
GATHERING: dict[str, Any] = {"messages": {"inbound": {"debounceMs": 5000}}}


class Crowded(LastingRuns):
    """Takes no more orders until the test says so."""

    refused = 0
    open = False

    async def start(self, order: RunOrder) -> str:
        if not self.open:
            self.refused += 1
            raise GatewayError(ErrorKind.UNAVAILABLE, "no room")
        return await super().start(order)


async def until_answered(stage: Stage) -> None:
    """Within the minutes that anything may wait."""
    began = stage.clock.ahead

    async def is_so() -> bool:
        if stage.platform.texts() != ["hello"] and stage.clock.ahead < began + 600:
            stage.clock.advance(5)
        return stage.platform.texts() == ["hello"]

    await until(is_so)


async def test_a_message_that_is_gathered(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}, **GATHERING) as stage:
        stage.clock.wrong = HOURS
        await stage.connected()
        event = stage.platform.say("say hello")["id"]

        async def is_kept() -> bool:
            return await stage.event(event) is not None

        await until(is_kept)
        stage.clock.wrong = 0.0
        await until_answered(stage)


async def test_a_message_whose_answer_could_not_be_ordered(database_url: str) -> None:
    runs = Crowded()
    async with channel_stage(database_url, {"memory": BLOCK}, runs=lambda *_: runs) as stage:
        stage.clock.wrong = HOURS
        await stage.connected()
        event = stage.platform.say("say hello")["id"]

        async def is_put_off() -> bool:
            found = await stage.event(event)
            return found is not None and found.attempts > 0

        await until(is_put_off)
        stage.clock.wrong, runs.open = 0.0, True
        await until_answered(stage)
        assert len(runs.orders) == 1 <= runs.refused


@pytest.mark.parametrize("outcome", ["not_sent", "rate_limited"])
async def test_an_answer_that_could_not_be_sent(database_url: str, outcome: Any) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        stage.clock.wrong = HOURS
        await stage.connected()
        stage.platform.fail(outcome)
        stage.platform.say("say hello")
        await stage.until(lambda: not stage.platform.phone().faults)
        await until(lambda: put_off(stage))
        stage.clock.wrong = 0.0
        await until_answered(stage)


async def put_off(stage: Stage) -> bool:
    async with stage.database.read() as connection:
        found = await connection.exec_driver_sql("SELECT error FROM channel_deliveries WHERE error <> ''")
        return found.first() is not None

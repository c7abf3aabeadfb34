"""Two processes, one account, Redis between them: the account runs in one of them, and when that one is killed the other takes
it over, answers what was left, and says nothing twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from crawdad.adapters.channels import onebot
from crawdad.store.cluster import open_cluster
from tests.channels.holding_process import block
from tests.simulators.onebot import OneBotSimulator
from tests.support.channel_stage import SteppedClock, channel_stage
from tests.support.services import redis_prefix, redis_url
from tests.support.waiting import until

__all__ = ["redis_prefix", "redis_url"]


@pytest.fixture
def qq() -> Iterator[OneBotSimulator]:
    with OneBotSimulator() as simulator:
        yield simulator


async def test_an_account_is_taken_over_when_its_process_is_killed(
    qq: OneBotSimulator, database_url: str, redis_url: str, redis_prefix: str
) -> None:
    arguments = ("-m", "tests.channels.holding_process", database_url, redis_url, redis_prefix, qq.url, qq.token)
    other = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        assert other.stdout is not None
        async with asyncio.timeout(60):
            assert await other.stdout.readline() == b"connected\n"
        clock = SteppedClock()
        async with open_cluster(redis_url, clock, redis_prefix) as cluster:
            shared: dict[str, Any] = {"cluster": cluster, "clock": clock}
            async with channel_stage(
                database_url, block(qq.url, qq.token), kinds=[onebot.CHANNEL], runner="heir", **shared
            ) as stage:

                async def is_elsewhere() -> bool:
                    view = await stage.view()
                    return view.status.elsewhere and view.state == "connected"  # as the other tells

                await until(is_elsewhere)
                await asyncio.to_thread(lambda: qq.say("say one"))
                await stage.until(lambda: qq.texts() == ["one"])
                assert stage.runs.orders == [] and qq.connected == 1, "it runs in one process alone"
                await asyncio.to_thread(lambda: qq.say("hang"))

                async def is_ordered() -> bool:
                    return (await stage.view()).counts.get("ordered", 0) == 1

                await until(is_ordered)
                os.kill(other.pid, signal.SIGKILL)
                await other.wait()

                async def took_over() -> bool:
                    clock.advance(1)
                    view = await stage.view()
                    return not view.status.elsewhere and view.state == "connected"

                await until(took_over, "the takeover")
                await qq.until(lambda it: it.connected == 1)
                await asyncio.to_thread(lambda: qq.say("say two"))
                await stage.until(lambda: "two" in qq.texts())
                assert qq.texts().count("one") == 1 and len(stage.runs.orders) == 1
    finally:
        if other.returncode is None:
            other.kill()
            await other.wait()

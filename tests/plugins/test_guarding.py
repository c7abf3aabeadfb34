"""The guard of a plugin: what fails is counted and named, what takes too long is ended, what it made goes with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.plugins.api import outside
from crawdad.plugins.guarding import PluginFailed, PluginGuard
from crawdad.plugins.stepping import LoopAlarm
from tests.support.fakes import FakeClock
from tests.support.waiting import PATIENCE, until_so

LIMITS = PluginsLimitSettings.model_validate({"blockSeconds": 0.6, "failures": 3, "failureMinutes": 1, "tasks": 20})


@pytest.fixture
def alarm() -> Iterator[LoopAlarm]:
    found = LoopAlarm()
    found.open()
    yield found
    found.close()


class Watched:
    """A guard, and why it was set down."""

    def __init__(self, alarm: LoopAlarm) -> None:
        self.clock = FakeClock()
        self.down: list[str] = []
        self.guard = PluginGuard("hello", alarm, lambda: LIMITS, self.clock, self.down.append)

    async def fault(self, function: Any, *arguments: Any, seconds: float = PATIENCE) -> PluginFailed:
        with pytest.raises(PluginFailed) as caught:
            await self.guard.call("test", function, *arguments, seconds=seconds)
        assert "hello" in caught.value.message() and caught.value.kind is ErrorKind.INTERNAL
        return caught.value


@pytest.fixture
def watched(alarm: LoopAlarm) -> Watched:
    return Watched(alarm)


async def test_plain_and_async_functions(watched: Watched) -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    assert await watched.guard.call("test", double, 4, seconds=PATIENCE) == 8
    assert await watched.guard.call("test", lambda text: text.upper(), "a", seconds=PATIENCE) == "A"
    assert (watched.guard.calls, watched.guard.failures, watched.guard.tasks) == (2, 0, set())


def raises(error: BaseException) -> Any:
    def function() -> None:
        raise error

    return function


async def test_what_it_raises(watched: Watched) -> None:
    assert "ValueError: no" in (await watched.fault(raises(ValueError("no")))).message()
    assert "raised SystemExit" in (await watched.fault(raises(SystemExit(1)))).message()
    meant = GatewayError(ErrorKind.BAD_REQUEST, "not like this")
    with pytest.raises(GatewayError) as caught:
        await watched.guard.call("test", raises(meant), seconds=PATIENCE)
    assert caught.value is meant and watched.guard.failures == 2, "an error on purpose is no failure"
    await watched.fault(raises(KeyboardInterrupt()))
    assert watched.down == ["test: raised KeyboardInterrupt"], "three within a minute"
    with pytest.raises(GatewayError) as refused:
        await watched.guard.call("test", lambda: 1, seconds=PATIENCE)
    assert refused.value.kind is ErrorKind.UNAVAILABLE


async def test_failures_that_lie_far_apart_are_forgiven(watched: Watched) -> None:
    for _ in range(10):
        await watched.fault(raises(ValueError("no")))
        watched.clock.advance(31)
    assert watched.down == [] and watched.guard.failures == 10


async def test_one_that_waits_too_long_is_cancelled(watched: Watched) -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.append("cleaned up")

    assert "took longer than 0.05 s" in (await watched.fault(wait, seconds=0.05)).message()
    assert ended == ["cleaned up"] and not watched.guard.tasks


async def test_one_that_does_not_let_itself_be_cancelled_keeps_nobody(watched: Watched) -> None:
    go = asyncio.Event()

    async def stubborn() -> None:
        while not go.is_set():
            with suppress(asyncio.CancelledError):
                await go.wait()

    assert "cannot be stopped" in (await watched.fault(stubborn, seconds=0.05)).message()
    assert len(watched.guard.tasks) == 1, "it goes on, and nobody waited for it"
    go.set()


def sleep() -> None:
    time.sleep(600)


def spin() -> None:
    while True:
        pass


def spin_and_catch() -> None:
    caught = 0
    while caught < 2:
        try:
            spin()
        except BaseException:
            caught += 1


@pytest.mark.parametrize("function", [sleep, spin, spin_and_catch])
async def test_one_that_holds_the_loop_is_interrupted(watched: Watched, function: Any) -> None:
    async def block() -> None:
        await asyncio.sleep(0)
        function()

    if function is spin_and_catch:
        await watched.guard.call("test", block, seconds=PATIENCE)
    else:
        assert "held the event loop" in (await watched.fault(block, seconds=PATIENCE)).message()


async def test_code_outside_of_it_may_take_its_time(watched: Watched) -> None:
    async def short() -> None:
        await asyncio.sleep(0.01)

    task = asyncio.ensure_future(watched.guard.call("test", short, seconds=PATIENCE))  # noqa: TID251
    await asyncio.sleep(0)
    time.sleep(0.9)  # noqa: ASYNC251  # the gateway's own code, longer than a plugin's may be
    await task
    assert watched.guard.failures == 0


async def test_tasks_that_it_makes_are_its_own(watched: Watched) -> None:
    ended: list[str] = []

    async def beat(name: str) -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(name)

    async def start() -> None:
        loop = asyncio.get_running_loop()
        loop.create_task(beat("first"))  # noqa: RUF006  # as careless plugins do
        asyncio.create_task(beat("second"))  # noqa: RUF006, TID251
        await asyncio.sleep(0)
        loop.create_task(beat("third"))  # noqa: RUF006

    async def other() -> None:
        await asyncio.sleep(600)

    stranger = asyncio.create_task(other())  # noqa: TID251
    await watched.guard.call("test", start, seconds=PATIENCE)
    await asyncio.sleep(0)
    assert len(watched.guard.tasks) == 3
    assert await watched.guard.close() == 3
    assert sorted(ended) == ["first", "second", "third"] and not stranger.done()
    stranger.cancel()


async def test_what_the_gateway_does_for_it_is_not_its_own(watched: Watched) -> None:
    made: list[asyncio.Task[None]] = []

    async def own() -> str:
        made.append(asyncio.get_running_loop().create_task(asyncio.sleep(600)))
        time.sleep(0.9)  # noqa: ASYNC251  # longer than a plugin's step may be
        return "done"

    async def ask() -> str:
        return await outside(own())

    assert await watched.guard.call("test", ask, seconds=PATIENCE) == "done"
    assert not watched.guard.tasks and await watched.guard.close() == 0
    assert not made[0].done()
    made[0].cancel()


async def test_a_task_that_fails_later_counts(watched: Watched) -> None:
    async def fail() -> None:
        raise ValueError("later")

    watched.guard.start(fail(), "background")
    await until_so(lambda: watched.guard.last_failure, "the failure")
    assert watched.guard.last_failure == "background: ValueError: later"


async def test_too_many_tasks_are_a_failure(watched: Watched) -> None:
    async def flood() -> None:
        for _ in range(100):
            asyncio.get_running_loop().create_task(asyncio.sleep(600))

    with pytest.raises(GatewayError):
        await watched.guard.call("test", flood, seconds=PATIENCE)
        await watched.guard.call("test", flood, seconds=PATIENCE)
    assert watched.down and "too many tasks" in watched.down[0]
    await watched.guard.close()
    assert not [task for task in watched.guard.tasks if not task.done()]


async def test_a_call_that_nobody_waits_for_any_more_ends(watched: Watched) -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    task = asyncio.create_task(watched.guard.call("test", wait, seconds=60))  # noqa: TID251
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set() and watched.guard.failures == 0

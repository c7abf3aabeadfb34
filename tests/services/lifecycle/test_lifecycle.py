"""Wishes to stop, start and restart: one after the other, each with a result that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import LIFECYCLE_CHANGED
from crawdad.core.tasks import rendered, words_in
from crawdad.services.lifecycle import Lifecycle
from crawdad.services.tasks import Tasks
from crawdad.store.inprocess import InProcessBus
from crawdad.store.key_values import KeyValues
from tests.support.fakes import FakeClock
from tests.support.waiting import PATIENCE


class Values:
    """`KeyValues` without a database."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def get(self, key: str) -> Any:
        return self.kept.get(key)

    async def put(self, key: str, value: Any) -> None:
        self.kept[key] = value


class Numbers:
    """Ids that count."""

    def __init__(self) -> None:
        self.last = 0

    def new_id(self) -> str:
        self.last += 1
        return f"id-{self.last}"


class FakeInside:
    """Fails as often as it is told; `gate` holds it up while it is entered."""

    def __init__(self) -> None:
        self.entered = True
        self.failures = 0
        self.graces: list[float] = []
        self.entries = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.left = asyncio.Event()

    async def leave(self, grace_seconds: float) -> None:
        self.left.set()
        self.graces.append(grace_seconds)
        self.entered = False

    async def enter(self) -> None:
        await self.gate.wait()
        self.entries += 1
        if self.failures:
            self.failures -= 1
            raise GatewayError(ErrorKind.BAD_REQUEST, "the configuration is broken")
        self.entered = True


class Stage:
    def __init__(self, tasks: Tasks, values: Values) -> None:
        self.inside, self.values, self.bus, self.clock = FakeInside(), values, InProcessBus(), FakeClock()
        self.lifecycle = Lifecycle(
            self.inside,
            tasks,
            cast(KeyValues, values),
            self.bus,
            self.clock,
            cast(Any, Numbers()),
            lambda: 7.0,
        )


@asynccontextmanager
async def stage(values: Values | None = None) -> AsyncIterator[Stage]:
    async with Tasks() as tasks:
        yield Stage(tasks, values or Values())


def phases(stage: Stage) -> list[str]:
    assert stage.lifecycle.last is not None
    return [phase for phase, _ in stage.lifecycle.last.steps]


async def test_a_restart_leaves_with_the_grace_of_the_moment_and_enters() -> None:
    async with stage() as one:
        assert one.lifecycle.state == "running"
        assert one.lifecycle.last is None
        asked = await one.lifecycle.ask("restart", "panel")
        ended = await one.lifecycle.wait(PATIENCE)
        assert ended is asked
        assert (ended.status, ended.reason, one.lifecycle.state) == ("success", "panel", "running")
        assert phases(one) == ["accepted", "draining", "stopped", "entering", "done"]
        assert one.inside.graces == [7.0]
        assert one.values.kept["lifecycle.last"]["status"] == "success"


async def test_stop_and_start() -> None:
    async with stage() as one:
        await one.lifecycle.ask("stop")
        await one.lifecycle.wait(PATIENCE)
        assert (one.lifecycle.state, one.inside.entered) == ("stopped", False)
        assert phases(one) == ["accepted", "draining", "stopped", "done"]
        await one.lifecycle.ask("start")
        await one.lifecycle.wait(PATIENCE)
        assert (one.lifecycle.state, one.inside.entered) == ("running", True)
        assert phases(one) == ["accepted", "entering", "done"]
        await one.lifecycle.ask("start")  # what runs already is not started twice
        await one.lifecycle.wait(PATIENCE)
        assert one.inside.entries == 1


async def test_the_same_wish_is_shared_and_another_one_waits_its_turn() -> None:
    async with stage() as one:
        one.inside.gate.clear()
        first = await one.lifecycle.ask("restart")
        assert await one.lifecycle.ask("restart") is first
        with pytest.raises(GatewayError) as raised:
            await one.lifecycle.ask("stop")
        assert raised.value.kind is ErrorKind.CONFLICT
        assert await one.lifecycle.wait(0) is first
        assert first.as_json()["status"] == "running"
        one.inside.gate.set()
        await one.lifecycle.wait(PATIENCE)
        assert first.as_json()["status"] == "success"
        assert await one.lifecycle.ask("restart") is not first
        await one.lifecycle.wait(PATIENCE)


async def test_an_inside_that_cannot_be_entered_is_tried_three_times_and_may_be_asked_again() -> None:
    async with stage() as one:
        one.inside.failures = 3
        await one.lifecycle.ask("restart")
        ended = await one.lifecycle.wait(PATIENCE)
        assert ended is not None
        assert (ended.status, ended.error, ended.phase) == ("failed", "the configuration is broken", "failed")
        assert (one.lifecycle.state, one.inside.entries, one.clock.slept) == ("failed", 3, [1.0, 1.0])
        await one.lifecycle.ask("start")
        await one.lifecycle.wait(PATIENCE)
        assert one.lifecycle.state == "running"
        one.inside.failures = 2
        await one.lifecycle.ask("restart")
        ended = await one.lifecycle.wait(PATIENCE)
        assert ended is not None
        assert ended.status == "success"


async def test_what_a_dead_process_left_unfinished_counts_as_done_by_the_next() -> None:
    values = Values()
    async with stage(values) as one:
        one.inside.gate.clear()
        left = await one.lifecycle.ask("restart")
    async with stage(values) as one:
        await one.lifecycle.load()
        found = one.lifecycle.last
        assert found is not None
        assert (found.id, found.status, one.lifecycle.state) == (left.id, "success", "running")
        assert values.kept["lifecycle.last"]["status"] == "success"


async def test_a_stop_that_a_dead_process_left_unfinished_did_not_come_about() -> None:
    values = Values()
    async with stage(values) as one:
        await one.lifecycle.ask("stop")  # nothing of it is done: the process dies at once
    async with stage(values) as one:
        await one.lifecycle.load()
        found = one.lifecycle.last
        assert found is not None and (found.status, found.phase, one.lifecycle.state) == ("failed", "failed", "running")
        why = words_in(values.kept["lifecycle.last"]["error"])
        assert "started everything again" in (rendered(why, "en") or "") and rendered(why, "zh") != rendered(why, "en")


async def test_a_database_that_goes_away_in_the_midst_does_not_leave_it_stopped() -> None:
    async with stage() as one:
        real = one.values.put
        puts = 0

        async def put(key: str, value: Any) -> None:
            nonlocal puts
            puts += 1
            if puts > 1:
                raise GatewayError(ErrorKind.UNAVAILABLE, "the database is away")
            await real(key, value)

        one.values.put = put  # type: ignore[method-assign]
        await one.lifecycle.ask("restart")
        ended = await one.lifecycle.wait(5)
        assert ended is not None and (ended.status, one.lifecycle.state) == ("success", "running")
        assert phases(one) == ["accepted", "draining", "stopped", "entering", "done"]


async def test_every_phase_is_told() -> None:
    async with stage() as one:
        heard: list[str] = []

        async def listen() -> None:
            async for event in one.bus.subscribe((LIFECYCLE_CHANGED,)):
                heard.append(str(event.data["phase"]))
                if event.data["phase"] == "done":
                    return

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(listen())
            await asyncio.sleep(0)
            await one.lifecycle.ask("restart")
        assert heard == ["accepted", "draining", "stopped", "entering", "done"]

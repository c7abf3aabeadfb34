"""Work that takes a while: told, kept, cancelled from anywhere, and never left as running by a process that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import MOST_LINES, TASK_CHANGED, Report, TaskFilter, TaskOrder, task_fields
from crawdad.core.text import Text
from crawdad.services.task_board import TaskBoard
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.inprocess import InProcessBus
from crawdad.store.tasks import TaskStore
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.services import database, database_url, postgres_url
from tests.support.waiting import PATIENCE

__all__ = ["database", "database_url", "postgres_url"]
ORDER = TaskOrder("backup.create", Text("tasks.cancelled"), exclusive="backup", owner="me")


class Process:
    """One of several processes on a database."""

    alive: ClassVar[set[str]] = set()

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive.add(name)

    async def is_alive(self, runner: str) -> bool:
        return runner in self.alive


class Stage:
    """Two processes that share a database and a bus."""

    def __init__(self, database: Database, tasks: Tasks) -> None:
        self.tasks = tasks
        self.clock, self.randomness, self.bus = FakeClock(), FakeRandomness(), InProcessBus()
        self.store = TaskStore(database)
        self.one, self.other = (
            TaskBoard(self.store, tasks, self.bus, self.clock, self.randomness, Process(name)) for name in "ab"
        )


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    async with Tasks() as tasks:
        yield Stage(database, tasks)


async def test_a_task_tells_of_itself_and_ends_with_its_result(stage: Stage) -> None:
    go, told = asyncio.Event(), asyncio.Event()

    async def work(report: Report) -> JsonObject:
        report.progress(40)
        report.progress(10)
        report.say(Text("tasks.not_found", {"id": "x"}))
        told.set()
        await go.wait()
        return {"made": 1}

    task = await stage.one.start(ORDER, work)
    await told.wait()
    standing = await stage.one.get(task.id)
    assert (standing.status, standing.progress) == ("running", 40)
    go.set()
    ended = await stage.one.wait(task.id, PATIENCE)
    assert (ended.status, ended.progress, ended.result) == ("succeeded", 100, {"made": 1})
    kept = await stage.other.get(task.id)
    assert kept == ended and task_fields(kept, "zh")["log"][0]["text"] == "没有任务 x。"


async def test_a_failure_is_told_in_both_languages(stage: Stage) -> None:
    async def work(_: Report) -> JsonObject:
        raise GatewayError(ErrorKind.CONFLICT, Text("tasks.over", {"id": "7"}))

    task = await stage.one.start(ORDER, work)
    ended = await stage.one.wait(task.id, PATIENCE)
    assert ended.status == "failed"
    assert task_fields(ended, "en")["error"] == "Task 7 is over already."
    assert task_fields(ended, "zh")["error"] == "任务 7 已经结束。"


async def test_what_nobody_foresaw_fails_the_task_alone(stage: Stage) -> None:
    async def work(_: Report) -> JsonObject:
        raise ValueError("sk-secret")

    ended = await stage.one.wait((await stage.one.start(ORDER, work)).id, 10)
    assert ended.status == "failed" and "sk-secret" not in str(task_fields(ended))


async def test_one_at_a_time_where_they_are_about_the_same(stage: Stage) -> None:
    go = asyncio.Event()

    async def work(_: Report) -> None:
        await go.wait()

    task = await stage.one.start(ORDER, work)
    with pytest.raises(GatewayError) as refused:
        await stage.other.start(ORDER, work)
    assert refused.value.kind is ErrorKind.CONFLICT
    go.set()
    await stage.one.wait(task.id, PATIENCE)
    again = await stage.other.start(ORDER, work)
    assert (await stage.other.wait(again.id, PATIENCE)).status == "succeeded"


async def test_another_process_cancels(stage: Stage) -> None:
    obeying = stage.tasks.start(stage.one.obey(), "obeying")
    await asyncio.sleep(0)
    started = asyncio.Event()

    async def work(_: Report) -> None:
        started.set()
        await asyncio.Event().wait()

    task = await stage.one.start(ORDER, work)
    await started.wait()
    await stage.other.cancel(task.id)
    ended = await stage.one.wait(task.id, PATIENCE)
    assert ended.status == "cancelled"
    with pytest.raises(GatewayError) as refused:
        await stage.other.cancel(task.id)
    assert refused.value.kind is ErrorKind.CONFLICT
    obeying.cancel()


async def test_a_task_cancelled_before_it_began_is_over(stage: Stage) -> None:
    ran = []

    async def work(_: Report) -> None:
        ran.append(1)
        await asyncio.Event().wait()

    task = await stage.one.start(ORDER, work)
    assert (await stage.one.cancel(task.id)).status == "cancelled"
    assert (await stage.other.get(task.id)).status == "cancelled"


async def test_what_a_dead_process_left_is_interrupted_and_only_that(stage: Stage) -> None:
    async def work(_: Report) -> None:
        await asyncio.Event().wait()

    left = await stage.one.start(ORDER, work)
    mine = await stage.other.start(TaskOrder("other", "other"), work)
    heard: list[str] = []

    async def listen() -> None:
        async for event in stage.bus.subscribe([TASK_CHANGED]):
            heard.append(event.data["status"])

    listening = stage.tasks.start(listen(), "listening")
    await asyncio.sleep(0)
    assert await stage.other.recover() == 0
    Process.alive.discard("a")
    assert await stage.other.recover() == 1
    assert (await stage.other.get(left.id)).status == "interrupted"
    assert (await stage.other.get(mine.id)).status == "running"
    await asyncio.sleep(0)
    assert heard == ["interrupted"]
    listening.cancel()


async def test_an_end_that_the_database_did_not_take_is_kept_once_it_does(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would stand as running for as long as this process lives, and nothing else of its kind could begin."""
    go = asyncio.Event()

    async def work(_: Report) -> JsonObject:
        await go.wait()
        return {"made": 1}

    async def away(_: object) -> bool:
        raise GatewayError(ErrorKind.UNAVAILABLE, "the database is away")

    begun = await stage.one.start(ORDER, work)
    with monkeypatch.context() as patch:
        patch.setattr(stage.store, "put", away)
        go.set()
        ended = await stage.one.wait(begun.id, PATIENCE)
        assert ended.status == "succeeded", "whoever asks this process knows"
        with pytest.raises(GatewayError):
            await stage.one.recover()
    assert (await stage.other.get(begun.id)).status == "running"
    await stage.one.recover()
    kept = await stage.other.get(begun.id)
    assert (kept.status, kept.result) == ("succeeded", {"made": 1})
    assert (await stage.one.start(ORDER, work)).status == "running"


async def test_the_log_is_bounded_and_says_so(stage: Stage) -> None:
    async def work(report: Report) -> None:
        for number in range(MOST_LINES + 50):
            report.say(f"line {number} " + "x" * 5000)

    ended = await stage.one.wait((await stage.one.start(ORDER, work)).id, 10)
    assert len(ended.lines) == MOST_LINES and ended.lines_dropped == 50
    assert max(len(str(line.text)) for line in ended.lines) == 500


async def test_pages_newest_first_and_retention(stage: Stage) -> None:
    async def work(_: Report) -> None:
        return None

    made = []
    for number in range(5):
        stage.clock.advance(1)
        task = await stage.one.start(TaskOrder(f"kind.{number % 2}", "t"), work)
        await stage.one.wait(task.id, PATIENCE)
        made.append(task.id)
    first = await stage.one.page(TaskFilter(), 2)
    second = await stage.one.page(TaskFilter(), 2, first.cursor)
    third = await stage.one.page(TaskFilter(), 2, second.cursor)
    found = [task.id for page in (first, second, third) for task in page.tasks]
    assert found == made[::-1] and third.cursor is None
    assert len((await stage.one.page(TaskFilter("kind.0"))).tasks) == 3
    assert len((await stage.one.page(TaskFilter("kind."))).tasks) == 5
    assert (await stage.one.page(TaskFilter(), 2, "nonsense")).tasks == ()
    await stage.store.prune(stage.clock.now() - 2, 2)
    assert [task.id for task in (await stage.one.page(TaskFilter())).tasks] == made[:2:-1]

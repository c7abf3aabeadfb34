"""Changes as tasks: done in time, done later, failed and cancelled; and bots while the inside of the gateway is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any, cast

import orjson
import pytest
from fastapi import Request, Response

from crawdad.api.buddy import changes
from crawdad.api.buddy.context import Buddy
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskFilter, TaskOrder, Work
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
ORDER = TaskOrder("bots.add", Text("buddy.bots.add", {"id": "x"}), target="x", exclusive="agent:x")
DONE = Text("buddy.bots.add.done")


class Alone:
    name = "alone"

    async def is_alive(self, runner: str) -> bool:
        return runner == self.name


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a task waits as long as a busy machine may need."""
    monkeypatch.setattr(changes, "WAIT_SECONDS", PATIENCE)


@pytest.fixture
async def board(database: Database) -> AsyncIterator[TaskBoard]:
    async with Tasks() as tasks:
        yield TaskBoard(TaskStore(database), tasks, InProcessBus(), FakeClock(), FakeRandomness(), Alone())


def request(query: str = "", language: str = "zh", **headers: str) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "query_string": query.encode(), "headers": raw}
    return Request({**scope, "state": {"language": language}})


async def change(board: TaskBoard, work: Work, asked: Request | None = None) -> dict[str, Any] | Response:
    return await changes.changed(board, asked or request(), ORDER, work, DONE)


async def test_what_is_done_in_time_is_told_with_its_result(board: TaskBoard) -> None:
    async def work(_: Report) -> JsonObject:
        return {"id": "x"}

    found = await change(board, work)
    assert isinstance(found, dict)
    task = found["data"].pop("taskID")
    assert found["data"] == {"status": "success", "message": "创建成功", "id": "x"}
    assert (await board.get(task)).result == {"message": "创建成功", "id": "x"}


async def test_what_takes_longer_is_accepted_and_goes_on(board: TaskBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "WAIT_SECONDS", 0.01)
    go = asyncio.Event()

    async def work(_: Report) -> JsonObject:
        await go.wait()
        return {"id": "x"}

    found = await change(board, work)
    assert isinstance(found, Response)
    body = orjson.loads(bytes(found.body))
    assert (found.status_code, body["code"], set(body["data"])) == (202, 202, {"taskID"})
    with pytest.raises(GatewayError) as busy:
        await change(board, work)
    assert busy.value.kind is ErrorKind.CONFLICT
    go.set()
    assert (await board.wait(body["data"]["taskID"], PATIENCE)).status == "succeeded"


async def test_a_fault_keeps_its_kind(board: TaskBoard) -> None:
    async def work(_: Report) -> JsonObject:
        raise bad_request("buddy.bots.nothing", "config")

    with pytest.raises(GatewayError) as raised:
        await change(board, work)
    assert (raised.value.kind, raised.value.details["param"]) == (ErrorKind.BAD_REQUEST, "config")


async def test_what_breaks_is_internal_and_what_is_cancelled_a_conflict(board: TaskBoard) -> None:
    async def breaks(_: Report) -> JsonObject:
        raise RuntimeError("secret words")

    with pytest.raises(GatewayError) as raised:
        await change(board, breaks)
    assert raised.value.kind is ErrorKind.INTERNAL
    assert "secret" not in raised.value.message()

    begun = asyncio.Event()

    async def waits(_: Report) -> JsonObject:
        begun.set()
        await asyncio.Event().wait()
        return {}

    async def cancels() -> None:
        await begun.wait()
        running = (await board.page(TaskFilter(status="running"))).tasks[0]
        await board.cancel(running.id)

    cancelled, _ = await asyncio.gather(change(board, waits), cancels(), return_exceptions=True)
    assert isinstance(cancelled, GatewayError)
    assert cancelled.kind is ErrorKind.CONFLICT


def test_while_the_inside_is_left_there_are_no_bots() -> None:
    nothing = cast(Any, None)
    left = Buddy(**dict.fromkeys((each.name for each in fields(Buddy)), nothing))
    for ask in (left.side, left.administer):
        with pytest.raises(GatewayError) as raised:
            ask()
        assert (raised.value.kind, raised.value.details["code"]) == (ErrorKind.UNAVAILABLE, "gateway_stopped")

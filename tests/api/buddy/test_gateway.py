"""`gateway/*`, `tasks/status`, `system/events` and `openclaw/dashboard-url`: buddy.md §1.0, §1.2, §1.8."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import httpx
import pytest

from crawdad.api.buddy.tasks import task_told
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.tasks import Task
from crawdad.core.text import Text
from crawdad.services.lifecycle import Lifecycle, LifecycleOrders
from crawdad.services.task_board import TaskBoard
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.inprocess import InProcessBus
from crawdad.store.key_values import KeyValues
from crawdad.store.tasks import TaskStore
from tests.services.lifecycle.test_lifecycle import FakeInside, Values
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.server import Gateway, running_gateway, settings
from tests.support.services import database, database_url, postgres_url
from tests.support.waiting import PATIENCE, eventually

__all__ = ["database", "database_url", "postgres_url"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {"defaults": {"model": "crawdad/demo"}}
    with running_gateway(settings({}, agents=agents, gateway={"drainSeconds": 2})) as found:
        yield found


def ask(gateway: Gateway, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, gateway.base_url + path, timeout=PATIENCE, **{"headers": gateway.headers, **more})


def data(gateway: Gateway, path: str) -> Any:
    answer = ask(gateway, "GET", path)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (200, 200, "success"), answer.text
    return answer.json()["data"]


def ordered(gateway: Gateway, action: str) -> dict[str, Any]:
    """The task once it is over."""
    answer = ask(gateway, "POST", f"/v1/gateway/{action}", json={"ignored": True})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (202, 202), body
    assert body["message"] == f"{action.capitalize()} command initiated"

    def look() -> dict[str, Any] | None:
        [task] = data(gateway, f"/v1/tasks/status?taskId={body['data']['taskID']}")
        return dict(task) if task["status"] != "Running" else None

    return eventually(look, "the end of the task")


def turn(gateway: Gateway) -> int:
    body = {"model": "agent:main", "messages": [{"role": "user", "content": "hello"}]}
    return ask(gateway, "POST", "/v1/chat/completions", json=body).status_code


def test_stopping_starting_and_restarting_are_tasks_that_tell_the_truth(gateway: Gateway) -> None:
    assert turn(gateway) == 200
    stopped = ordered(gateway, "stop")
    assert (stopped["status"], stopped["result"], stopped["progress"]) == ("Completed", "Stopped", 100)
    assert (stopped["module"], stopped["action"], stopped["name"]) == ("gateway", "stop", "Stop the gateway")
    assert MOMENT.fullmatch(stopped["startTime"]) and MOMENT.fullmatch(stopped["endTime"])
    assert turn(gateway) == 503
    assert ordered(gateway, "start")["result"] == "Started"
    assert turn(gateway) == 200
    assert ordered(gateway, "restart")["result"] == "Restarted"
    assert turn(gateway) == 200

    found = data(gateway, "/v1/tasks/status")
    assert [task["action"] for task in found][:3] == ["restart", "start", "stop"]
    assert len({task["id"] for task in found}) == len(found)
    assert data(gateway, "/v1/tasks/status?task_id=unknown") == []

    events = data(gateway, "/v1/system/events")
    keys = {"id", "timestamp", "event_type", "message", "time", "user", "action", "status"}
    assert all(set(event) == keys and MOMENT.fullmatch(event["time"]) for event in events)
    assert [event["time"] for event in events] == sorted((event["time"] for event in events), reverse=True)
    assert len(events) <= 20
    [restarted] = [event for event in events if event["action"] == "restart_gateway"]
    assert (restarted["status"], restarted["event_type"]) == ("success", "CONTROL")
    assert restarted["user"]
    assert any(event["user"] == "system" for event in events)


def test_words_come_in_the_language_that_is_asked_for(gateway: Gateway) -> None:
    chinese = {**gateway.headers, "accept-language": "zh-CN"}
    answer = ask(gateway, "POST", "/v1/gateway/start", headers=chinese).json()
    assert answer["message"] == "已发出启动命令"
    found = ask(gateway, "GET", f"/v1/tasks/status?taskID={answer['data']['taskID']}", headers=chinese).json()
    assert found["data"][0]["name"] == "启动网关"


def test_only_the_three_actions_and_only_for_those_who_may(gateway: Gateway) -> None:
    assert ask(gateway, "POST", "/v1/gateway/pause").status_code == 404
    assert ask(gateway, "GET", "/v1/gateway/stop").status_code == 405
    made = ask(gateway, "POST", "/api/keys", json={"name": "reader", "permissions": ["system.read"]}).json()
    reader = {"authorization": f"Bearer {made['key']}"}
    for action in ("start", "stop", "restart"):
        assert ask(gateway, "POST", f"/v1/gateway/{action}", headers=reader).status_code == 403
        assert ask(gateway, "POST", f"/v1/gateway/{action}", headers={}).status_code == 401
    for path in ("tasks/status", "system/events", "openclaw/dashboard-url"):
        assert ask(gateway, "GET", f"/v1/{path}", headers=reader).status_code == 200
        assert ask(gateway, "GET", f"/v1/{path}", headers={}).status_code == 401


def test_the_dashboard_is_where_the_client_came_to_and_holds_no_token(gateway: Gateway) -> None:
    assert data(gateway, "/v1/openclaw/dashboard-url") == {"url": gateway.base_url + "/"}
    headers = {**gateway.headers, "x-forwarded-proto": "https"}
    answer = ask(gateway, "GET", "/v1/openclaw/dashboard-url", headers=headers)
    assert answer.json()["data"] == {"url": f"https://127.0.0.1:{gateway.port}/"}


def test_every_end_of_a_task_has_its_word() -> None:
    task = Task("1", "backup.create", Text("backups.task.create"), "me", "a", 0.0, 1.0, result={"size": 3})
    assert task_told(task, "en")["result"] == '{"size":3}'
    failed = Task("1", "x", "plain", "me", "a", 0.0, 1.0, status="failed", error=Text("tasks.cancelled"), ended_at=1.0)
    told = task_told(failed, "en")
    assert (told["status"], told["module"], told["action"]) == ("Failed", "x", "")
    assert told["error"] == Text("tasks.cancelled").render("en")


class Alone:
    """A process that nobody shares the database with."""

    name = "a"

    async def is_alive(self, runner: str) -> bool:
        return runner == self.name


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[tuple[LifecycleOrders, TaskBoard, FakeInside]]:
    async with Tasks() as tasks:
        bus, clock, randomness, inside = InProcessBus(), FakeClock(), FakeRandomness(), FakeInside()
        board = TaskBoard(TaskStore(database), tasks, bus, clock, randomness, Alone())
        values = cast(KeyValues, Values())
        lifecycle = Lifecycle(inside, tasks, values, bus, clock, randomness, lambda: 1.0)
        yield LifecycleOrders(board, lifecycle), board, inside


async def test_whoever_wants_the_same_shares_the_task_and_others_wait(
    stage: tuple[LifecycleOrders, TaskBoard, FakeInside],
) -> None:
    orders, board, inside = stage
    inside.gate.clear()
    first, second = await orders.order("restart", "a"), await orders.order("restart", "b")
    assert first.id == second.id
    with pytest.raises(GatewayError) as raised:
        await orders.order("stop", "b")
    assert raised.value.kind is ErrorKind.CONFLICT
    inside.gate.set()
    ended = await board.wait(first.id, PATIENCE)
    assert (ended.status, ended.result, inside.entries) == ("succeeded", {"message": "Restarted"}, 1)


async def test_an_inside_that_cannot_be_entered_fails_the_task_with_its_words(
    stage: tuple[LifecycleOrders, TaskBoard, FakeInside],
) -> None:
    orders, board, inside = stage
    inside.failures = 99
    ended = await board.wait((await orders.order("restart", "a")).id, 30)
    assert ended.status == "failed"
    assert ended.error == Text("lifecycle.failed", {"error": "the configuration is broken"})


async def test_a_process_that_ends_meanwhile_waits_for_nobody(database: Database) -> None:
    async with asyncio.timeout(PATIENCE):
        async with Tasks() as tasks:
            bus, clock, randomness, inside = InProcessBus(), FakeClock(), FakeRandomness(), FakeInside()
            board = TaskBoard(TaskStore(database), tasks, bus, clock, randomness, Alone())
            lifecycle = Lifecycle(inside, tasks, cast(KeyValues, Values()), bus, clock, randomness, lambda: 1.0)
            inside.gate.clear()
            task = await LifecycleOrders(board, lifecycle).order("restart", "a")
            await inside.left.wait()
    kept = await TaskStore(database).get(task.id)
    assert kept is not None and kept.status == "interrupted"

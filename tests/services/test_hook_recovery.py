"""Hooks across a crash: what was begun is seen through, once, by whoever comes after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from crawdad.services.hooks.orders import AgentOrder
from crawdad.services.hooks.service import HookParts, Hooks
from crawdad.services.hooks.templates import HookCall, render, value_of
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.hook_deliveries import HookDeliveries
from tests.support.agent_runs import (
    Records,
    RememberedSessions,
    ScriptedRuns,
    WrittenEvents,
    WrittenHeartbeats,
    WrittenOutbound,
)
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.services import database, database_url, postgres_url  # noqa: F401
from tests.support.waiting import until


class Runner:
    def __init__(self, name: str, alive: bool = False) -> None:
        self.name = name
        self._alive = alive

    async def is_alive(self, runner: str) -> bool:
        return self._alive


class Broken(ScriptedRuns):
    """Runs that cannot be ordered."""

    def __init__(self, records: Records, kind: ErrorKind = ErrorKind.UNAVAILABLE) -> None:
        super().__init__(records)
        self._kind = kind

    async def start(self, order: Any) -> str:
        raise GatewayError(self._kind, "full", retry_after=3)


def hooks_of(records: Records, database: Database, tasks: Tasks, name: str, runs: Any = None) -> Hooks:  # noqa: F811
    settings = Settings.model_validate({"hooks": {"enabled": True, "token": "a-hook-token-123"}})
    return Hooks(
        HookParts(
            runs=runs or ScriptedRuns(records),
            events=WrittenEvents(records),
            heartbeats=WrittenHeartbeats(records),
            outbound=WrittenOutbound(records),
            sessions=RememberedSessions(records),
            transforms=None,  # type: ignore[arg-type]
            deliveries=HookDeliveries(database),
            tasks=tasks,
            clock=FakeClock(),
            randomness=FakeRandomness(),
            runner=Runner(name),
            settings=lambda: settings,
        )
    )


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks() as running:
        yield running


def call(text: str) -> HookCall:
    return HookCall("agent", {"message": text, "channel": "telegram", "to": "ann"})


async def settled(records: Records, database: Database) -> None:  # noqa: F811
    """Everything that was begun has been seen through."""

    async def over() -> bool:
        return not await HookDeliveries(database).open()

    await until(over, "the end of what was begun")


async def begun(runs: ScriptedRuns, run_id: str) -> None:
    await until(lambda: runs.look(run_id), "the run")


async def test_what_a_dead_process_left_is_seen_through_once(database: Database, tasks: Tasks, tmp_path: Path) -> None:  # noqa: F811
    records = Records(tmp_path / "records.jsonl")
    async with Tasks() as dying:
        first = hooks_of(records, database, dying, "first")
        _, run_id = await first.call(call("wait"), "k")
    assert records.read("event") == [] and len(await HookDeliveries(database).open()) == 1
    finished = ScriptedRuns(records)
    second = hooks_of(records, database, tasks, "second", finished)
    assert await second.recover() == 1 and await second.recover() == 0
    await begun(finished, run_id)
    await finished.cancel(run_id)
    await settled(records, database)
    (event,) = records.read("event")
    assert event["text"].startswith("Hook Hook (error): cancelled") and event["session"] == "agent:main:main"
    assert len(records.read("order")) == 1 and await HookDeliveries(database).open() == []
    third = hooks_of(records, database, tasks, "third")
    assert await third.recover() == 0


async def test_what_can_no_longer_be_ordered_is_told_and_not_tried_for_ever(
    database: Database,  # noqa: F811
    tasks: Tasks,
    tmp_path: Path,
) -> None:
    """Its agent went away with the process, say."""
    records, deliveries = Records(tmp_path / "records.jsonl"), HookDeliveries(database)
    order = asdict(AgentOrder("hello", agent_id="main", session_key="agent:main:hook:x"))
    await deliveries.claim("agent:k", "first", order, 0.0)
    for kind, left in ((ErrorKind.UNAVAILABLE, 1), (ErrorKind.NOT_FOUND, 0)):
        hooks = hooks_of(records, database, tasks, kind.value, Broken(records, kind))
        assert await hooks.recover() == 1
        await until(lambda: _at_rest(tasks), "the end of the try")
        assert len(await deliveries.open()) == left
    (event,) = records.read("event")
    assert event["text"] == "Hook Hook (error): full" and event["session"] == "agent:main:main"


async def _at_rest(tasks: Tasks) -> bool:
    return not tasks.count


async def test_what_a_fault_kept_this_process_from_is_seen_through_once(
    database: Database,  # noqa: F811
    tasks: Tasks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = Records(tmp_path / "records.jsonl")
    hooks = hooks_of(records, database, tasks, "first")
    change, faults = HookDeliveries.change, iter([GatewayError(ErrorKind.UNAVAILABLE, "the database is locked")])

    async def fail(self: HookDeliveries, key: str, now: float, **values: str) -> None:
        if "status" in values and (fault := next(faults, None)) is not None:
            raise fault
        await change(self, key, now, **values)

    monkeypatch.setattr(HookDeliveries, "change", fail)
    await hooks.call(call("hello"), "k")
    assert await hooks.recover() == 0, "it is at work"
    await until(hooks.recover, "the hook to be taken up")
    await settled(records, database)
    assert len(records.read("order")) == len(records.read("event")) == len(records.read("sent")) == 1


async def test_the_answer_is_sent_on_and_told_once(database: Database, tasks: Tasks, tmp_path: Path) -> None:  # noqa: F811
    records = Records(tmp_path / "records.jsonl")
    hooks = hooks_of(records, database, tasks, "first")
    _, one = await hooks.call(call("hello"), "k")
    await settled(records, database)
    _, two = await hooks.call(call("hello"), "k")
    await settled(records, database)
    assert one == two and len(records.read("order")) == len(records.read("event")) == len(records.read("sent")) == 1


async def test_a_call_that_could_not_be_ordered_is_forgotten(database: Database, tasks: Tasks, tmp_path: Path) -> None:  # noqa: F811
    records = Records(tmp_path / "records.jsonl")
    with pytest.raises(GatewayError, match="full"):
        await hooks_of(records, database, tasks, "first", Broken(records)).call(call("x"), "k")
    assert await HookDeliveries(database).open() == []
    _, run_id = await hooks_of(records, database, tasks, "first").call(call("x"), "k")
    assert run_id == "run_1"
    await settled(records, database)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a.b[1].c", 5),
        ("payload.a.b[0]", "x"),
        ("a.b[9]", None),
        ("a.b.__class__", None),
        ("__class__.__mro__", None),
        ("a[0]", None),
        ("a..b", None),
        ("headers.X-Kind", "k"),
        ("query.q", "1"),
        ("path", "p"),
    ],
)
def test_what_templates_find(expression: str, value: Any) -> None:
    asked = HookCall("p", {"a": {"b": ["x", {"c": 5}]}}, {"x-kind": "k"}, {"q": "1"}, "now")
    assert value_of(expression, asked) == value


def test_what_is_filled_in_is_not_a_template_itself() -> None:
    asked = HookCall("p", {"a": "{{path}}", "n": 1.5, "t": True, "o": {"k": None}})
    assert render("{{a}} {{ n }} {{t}} {{o}} {{gone}}|", asked) == '{{path}} 1.5 true {"k":null} |'

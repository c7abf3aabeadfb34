"""The heartbeat: when it beats, what it leaves out, who hears of it, and what keeps it from feeding itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawdad.core.agents import RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.heartbeat_settings import ActiveHours, HeartbeatSettings
from crawdad.core.sessions import Route
from crawdad.services.schedule.active_hours import is_active, is_empty
from crawdad.services.schedule.delivery import Deliveries
from crawdad.services.schedule.heartbeat import Body, Hearts, Surroundings
from crawdad.services.schedule.tokens import read_answer
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.heartbeats import HeartbeatStore
from crawdad.store.inprocess import InProcessBus
from crawdad.store.rate_windows import RateWindows
from tests.support.fakes import FakeClock
from tests.support.schedule import Office, office, spoken
from tests.support.waiting import until_so

MAIN = "agent:main:main"
HALF_HOUR = 1800


@dataclass
class Chest:
    """A desk with a heart."""

    desk: Office
    hearts: Hearts
    tasks: Tasks
    settings: dict[str, HeartbeatSettings]
    files: dict[str, str] = field(default_factory=dict)

    async def look(self, seconds: float = 0.0) -> int:
        self.desk.clock.advance(seconds)
        count = await self.hearts.look()
        await until_so(lambda: not self.tasks._running, "what was begun")
        return count

    @property
    def last(self) -> Any:
        return self.hearts.last

    def set(self, **values: Any) -> None:
        self.settings["main"] = HeartbeatSettings(**values)


def heart_of(desk: Office, tasks: Tasks, runner: str = "here") -> Chest:
    chest: Chest

    async def checklist(agent_id: str) -> str | None:
        return chest.files.get(agent_id)

    def zone_of(name: str) -> tzinfo:
        return ZoneInfo("UTC" if name in ("user", "local") else name)

    settings = {"main": HeartbeatSettings()}
    hearts = Hearts(
        HeartbeatStore(desk.database),
        desk.runs,
        desk.sessions,
        desk.events,
        Deliveries(desk.outbound, desk.sessions, desk.transport, lambda: desk.settings),
        Body(lambda: settings, zone_of, checklist, lambda: "per-sender", spoken),
        Surroundings(tasks, desk.clock, RateWindows(desk.database, desk.clock), InProcessBus(), runner),
    )
    chest = Chest(desk, hearts, tasks, settings)
    return chest


@pytest.fixture
async def chest(database: Database, clock: FakeClock) -> AsyncIterator[Chest]:
    async with office(database, clock) as desk, Tasks() as tasks:
        made = heart_of(desk, tasks)
        desk.sessions.add(MAIN, Route("telegram", "42"))
        yield made


async def test_it_beats_at_its_interval_with_little_context(chest: Chest) -> None:
    chest.desk.runs.answer = lambda _: "HEARTBEAT_OK"
    assert await chest.look() == 0
    assert await chest.look(HALF_HOUR) == 1
    assert await chest.look(1) == 0
    assert await chest.look(HALF_HOUR) == 1
    order = chest.desk.runs.orders[0]
    assert (order.session_key, order.origin, order.context_messages) == (MAIN, "heartbeat", 20)
    assert order.language == "zh", "so are the files of a new workspace"
    assert chest.last["status"] == "ok-token"


async def test_it_can_be_turned_off(chest: Chest) -> None:
    chest.set(every="0m")
    assert await chest.look(86_400) == 0 and chest.desk.runs.orders == []


async def test_a_shorter_interval_counts_at_once(chest: Chest) -> None:
    chest.set(every="24h")
    await chest.look()
    chest.set(every="5m")
    await chest.look(1)
    assert await chest.look(300) == 1


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        (ActiveHours(), True),
        (ActiveHours(start="09:00", end="22:00"), False),
        (ActiveHours(start="22:00", end="06:00"), True),
        (ActiveHours(start="09:00", end="22:00", timezone="Asia/Shanghai"), False),
        (ActiveHours(start="08:00", end="22:00", timezone="Asia/Shanghai"), True),
    ],
)
async def test_active_hours(chest: Chest, hours: ActiveHours, wanted: bool) -> None:
    chest.set(active_hours=hours)
    await chest.look()
    await chest.look(HALF_HOUR)  # half past midnight UTC, half past eight in Shanghai
    assert bool(chest.desk.runs.orders) is wanted
    if not wanted:
        assert chest.last["reason"] == "quiet-hours"


def test_hours_end_where_they_end() -> None:
    day, zone = 1_767_225_600, ZoneInfo("UTC")
    hours = ActiveHours(start="09:00", end="24:00")
    assert [is_active(hours, day + minute * 60, zone) for minute in (539, 540, 1439)] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", True),
        ("# Tasks\n\n- [ ]\n-\n<!-- nothing\n yet -->\n", True),
        ("# Tasks\n- look at the post", False),
        ("look", False),
    ],
)
def test_an_empty_checklist(text: str, wanted: bool) -> None:
    assert is_empty(text) is wanted


async def test_nothing_to_look_at_is_no_beat_unless_words_wait(chest: Chest) -> None:
    chest.files["main"] = "# HEARTBEAT.md\n"
    await chest.look()
    await chest.look(HALF_HOUR)
    assert chest.last["reason"] == "empty-heartbeat-file" and not chest.desk.runs.orders
    await chest.desk.events.add(MAIN, "the build has ended")
    await chest.look(HALF_HOUR)
    assert [order.untrusted for order in chest.desk.runs.orders] == [True]


async def test_requests_that_come_together_are_one_and_wait_while_the_agent_is_busy(chest: Chest) -> None:
    await chest.look()
    chest.desk.runs.busy[MAIN] = [RunState("r", "main", MAIN, "s1", "running", 0.0)]
    for reason in ("wake", "hook:1", "hook:2"):
        chest.hearts.request("main", reason)
    assert await chest.look(1) == 1 and chest.last["reason"] == "busy"
    for _ in range(20):
        assert await chest.look(1) == 0, "it is not tried at every look"
    del chest.desk.runs.busy[MAIN]
    assert await chest.look(11) == 1
    assert len(chest.desk.runs.orders) == 1 and chest.last["reasons"] == ["wake", "hook:1", "hook:2"]


async def test_a_request_is_not_lost_while_the_database_is_away(chest: Chest, monkeypatch: pytest.MonkeyPatch) -> None:
    chest.hearts.request("main", "hook")
    pulses = HeartbeatStore.pulses

    async def away(*_: Any) -> Any:
        raise GatewayError(ErrorKind.UNAVAILABLE, "the database is locked")

    monkeypatch.setattr(HeartbeatStore, "pulses", away)
    with pytest.raises(GatewayError, match="locked"):
        await chest.look()
    monkeypatch.setattr(HeartbeatStore, "pulses", pulses)
    assert await chest.look() == 1 and chest.last["reasons"] == ["hook"]
    assert await chest.look() == 0


async def test_a_heart_that_feeds_itself_comes_to_rest(chest: Chest) -> None:
    chest.set(every="24h", max_per_hour=5)
    await chest.look()
    for _ in range(50):
        chest.hearts.request("main", "wake")
        await chest.look(10)
    assert len(chest.desk.runs.orders) == 5 and chest.last["reason"] == "too-often"


async def test_news_are_told_once_a_day(chest: Chest) -> None:
    chest.set(target="last")
    chest.desk.runs.answer = lambda _: "The disk is full."
    await chest.look()
    await chest.look(HALF_HOUR)
    assert chest.last["status"] == "sent"
    await chest.look(HALF_HOUR)
    assert (chest.last["status"], chest.last["reason"]) == ("skipped", "duplicate")
    assert [text for _, text in chest.desk.outbound.sent.values()] == ["The disk is full."]
    for _ in range(48):
        await chest.look(HALF_HOUR)
    assert len(chest.desk.outbound.sent) == 2


async def test_without_a_target_nobody_is_told(chest: Chest) -> None:
    chest.desk.runs.answer = lambda _: "The disk is full."
    await chest.look()
    await chest.look(HALF_HOUR)
    assert chest.last["status"] == "ok" and not chest.desk.outbound.sent


async def test_a_beat_that_said_nothing_leaves_the_view_unless_somebody_spoke(chest: Chest) -> None:
    def answer(order: Any) -> str:
        run_id = f"run{len(chest.desk.runs.orders)}"
        chest.desk.sessions.say("s1", run_id)
        chest.desk.sessions.say("s1", run_id)
        chest.desk.runs.states[run_id].session_id = "s1"
        if len(chest.desk.runs.orders) == 2:
            chest.desk.sessions.say("s1", "somebody")
        return "HEARTBEAT_OK"

    chest.desk.runs.answer = answer
    chest.desk.sessions.say("s1", "before")
    await chest.look()
    await chest.look(HALF_HOUR)
    lines = chest.desk.sessions.lines["s1"]
    assert [(line.kind, line.data) for line in lines if line.kind == "trim"] == [("trim", {"after": 1})]
    await chest.look(HALF_HOUR)
    assert len([line for line in lines if line.kind == "trim"]) == 1


async def test_two_processes_have_one_heart(database: Database, clock: FakeClock) -> None:
    async with office(database, clock) as desk, Tasks() as here, Tasks() as there:
        one, two = heart_of(desk, here), heart_of(desk, there, "there")
        await one.look()
        for _ in range(5):
            clock.advance(HALF_HOUR)
            await asyncio.gather(one.hearts.look(), two.hearts.look())
            await one.look()
            await two.look()
        assert len(desk.runs.orders) == 5


@pytest.mark.parametrize(
    ("text", "token", "silent", "rest"),
    [
        ("HEARTBEAT_OK", True, True, ""),
        ("**HEARTBEAT_OK**", True, True, ""),
        ("All is well. HEARTBEAT_OK", True, True, "All is well."),
        ("HEARTBEAT_OK " + "x" * 400, True, False, "x" * 400),
        ("The word HEARTBEAT_OK stands inside.", False, False, "The word HEARTBEAT_OK stands inside."),
        ("HEARTBEAT_OKAY", False, False, "HEARTBEAT_OKAY"),
        ("NO_REPLY", False, True, ""),
        ("", False, True, ""),
        ("The disk is full.", False, False, "The disk is full."),
    ],
)
def test_answers_taken_apart(text: str, token: bool, silent: bool, rest: str) -> None:
    found = read_answer(text, 300)
    assert (found.token, found.silent, found.text) == (token, silent, rest)

"""What operators are told: once, in time, in quiet hours only what is urgent, and nothing lost with a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import HEALTH_CHANGED, Event
from crawdad.core.notification_settings import NotificationSettings, NotificationTarget, QuietHours
from crawdad.core.notifications import Letter, NotDelivered, Notice
from crawdad.core.text import Text
from crawdad.services.notifications import Notifications
from crawdad.services.notifications.listening import Listening
from crawdad.services.notifications.reading import Reading, mark_of
from crawdad.services.notifications.sending import GATHER_SECONDS, GIVE_UP_SECONDS, MOST_WAITING, Sending
from crawdad.services.notifications.timing import quiet_until
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.inprocess import InProcessBus, InProcessLeases
from crawdad.store.notifications import NotificationStore
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.services import database, database_url, postgres_url

__all__ = ["database", "database_url", "postgres_url"]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()
NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=UTC).timestamp()
QUIET = QuietHours(enabled=True, timezone="UTC")


class Process:
    """One of several processes on a database."""

    alive: ClassVar[set[str]] = set()

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive.add(name)

    async def is_alive(self, runner: str) -> bool:
        return runner in self.alive


class Postman:
    """A courier that does as it is told: `faults` are raised first, one a try."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Letter]] = []
        self.faults: list[Exception] = []

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        self.letters.append((target.to, letter))
        if self.faults:
            raise self.faults.pop(0)
        return f"receipt {len(self.letters)}"

    @property
    def texts(self) -> list[str]:
        return [letter.text for _, letter in self.letters]


class WrongClock(FakeClock):
    """Its wall clock is `wrong` by so many seconds."""

    wrong = 0.0

    def now(self) -> float:
        return self.time + self.wrong


class Stage:
    """Notifications over a database, with a clock of the test's own."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.settings = NotificationSettings(**{"targets": {"ops": NotificationTarget(kind="x", to="1")}, **settings})
        self.clock, self.randomness, self.postman = WrongClock(NOON), FakeRandomness(), Postman()
        self.store = NotificationStore(database)
        self.runner = Process("one")
        self.sending = self.process(self.runner)
        self.notifications = Notifications(self.store, lambda: self.settings, self.sending, self.clock, self.randomness)

    def process(self, runner: Process) -> Sending:
        return Sending(
            self.store, lambda: self.settings, lambda _: self.postman, lambda: UTC, self.clock, runner, "claw"
        )

    async def tell(self, kind: str = "plugin.down", subject: str = "plugin:a", text: str = "It went down.") -> int:
        now = self.clock.now()
        notice = Notice(kind, subject, {"en": text, "zh": f"中文 {text}"}, now, self.randomness.new_id())
        return await self.notifications.take(notice)

    async def states(self) -> list[tuple[str, str]]:
        return [(one.kind, one.state) for one in reversed(await self.store.page(100))]


@pytest.fixture
def stage(database: Database) -> Callable[..., Stage]:
    return lambda **settings: Stage(database, **settings)


async def test_a_notice_reaches_those_who_want_it_in_their_language(stage: Callable[..., Stage]) -> None:
    found = stage(
        targets={
            "all": NotificationTarget(kind="x", to="all"),
            "chinese": NotificationTarget(kind="x", to="zh", language="zh", events=("plugin.*",)),
            "urgent": NotificationTarget(kind="x", to="urgent", level="urgent"),
            "other": NotificationTarget(kind="x", to="other", events=("health.*",)),
            "off": NotificationTarget(kind="x", to="off", enabled=False),
        }
    )
    assert await found.tell() == 2
    await found.sending.round()
    told = {to: letter for to, letter in found.postman.letters}
    assert set(told) == {"all", "zh"}
    assert told["all"].title == "[claw] Warning: a plugin was set down"
    assert told["all"].text == "It went down.\n2026-03-02 12:00 UTC"
    assert told["zh"].title == "[claw] 警告：插件已被停用"
    assert told["zh"].text.startswith("中文 It went down.")
    assert {one.receipt for one in await found.store.page(9)} == {"receipt 1", "receipt 2"}
    await found.sending.round()
    assert len(found.postman.letters) == 2


async def test_the_same_is_told_once_in_a_while_and_then_how_often(stage: Callable[..., Stage]) -> None:
    found = stage(dedupe_seconds=100)
    for _ in range(3):
        await found.tell()
    await found.tell(kind="health.down", subject="health", text="down")
    await found.sending.round()
    assert sorted(text.splitlines()[0] for text in found.postman.texts) == [
        "It went down. (It happened 2 more times.)",
        "down",
    ]
    found.clock.advance(101)
    await found.tell()
    await found.sending.round()
    assert found.postman.texts[-1].splitlines()[0] == "It went down. (It happened 2 more times.)"
    # That it is well again, and down anew, is news however soon.
    for kind in ("health.ok", "health.down", "health.down"):
        await found.tell(kind=kind, subject="health", text=kind)
    assert [one.kind for one in await found.store.page(2)] == ["health.down", "health.ok"]


async def test_a_clock_that_is_set_right_holds_nothing_back_and_hides_nothing(stage: Callable[..., Stage]) -> None:
    found = stage(dedupe_seconds=100)
    found.clock.wrong = 8 * 3600.0
    found.postman.faults.append(NotDelivered("not now"))
    await found.tell()
    await found.sending.round()
    assert await found.states() == [("plugin.down", "waiting")]
    found.clock.wrong = 0.0
    await found.sending.round()
    assert await found.states() == [("plugin.down", "sent")]
    found.clock.advance(GATHER_SECONDS)
    await found.tell(text="Again.")
    await found.tell(text="And again.")
    await found.sending.round()
    assert [text.splitlines()[0] for text in found.postman.texts[2:]] == ["Again. (It happened 1 more times.)"]


async def test_in_quiet_hours_only_urgent_things_are_told_and_the_rest_at_their_end(
    stage: Callable[..., Stage],
) -> None:
    found = stage(quiet_hours=QUIET)
    found.clock.time = NIGHT
    await found.tell(text="first")
    await found.tell(kind="backup.failed", subject="backup", text="second")
    await found.tell(kind="health.down", subject="health", text="it burns")
    await found.sending.round()
    assert [text.splitlines()[0] for text in found.postman.texts] == ["it burns"]
    found.clock.time = QUIET_END - 1
    await found.sending.round()
    assert len(found.postman.letters) == 1
    found.clock.time = QUIET_END
    await found.sending.round()
    _, digest = found.postman.letters[-1]
    assert digest.title == "[claw] 2 notifications"
    assert digest.text == "• 23:00 first\n• 23:00 second"
    assert [state for _, state in await found.states()] == ["sent"] * 3


QUIET_END = datetime(2026, 3, 3, 7, 0, tzinfo=UTC).timestamp()


async def test_what_comes_right_after_another_is_gathered(stage: Callable[..., Stage]) -> None:
    found = stage()
    await found.tell(text="first")
    await found.sending.round()
    for number in range(40):
        await found.tell(subject=f"plugin:{number}", text=f"number {number}")
    await found.sending.round()
    assert len(found.postman.letters) == 1
    found.clock.advance(GATHER_SECONDS)
    await found.sending.round()
    _, digest = found.postman.letters[-1]
    assert digest.title == "[claw] 40 notifications"
    lines = digest.text.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (31, "(10 earlier ones are not shown.)", "• 12:00 number 39")


async def test_much_that_is_urgent_at_once_is_one_letter(stage: Callable[..., Stage]) -> None:
    found = stage()
    for count, letters in ((3, 3), (20, 4)):
        for number in range(count):
            await found.tell(kind="approval.waiting", subject=f"approval:{count}:{number}", text=f"{number}")
        await found.sending.round()
        assert len(found.postman.letters) == letters
    assert "20" in found.postman.letters[-1][1].title


async def test_a_digest_that_does_not_arrive_is_the_same_the_next_time(stage: Callable[..., Stage]) -> None:
    found = stage()
    await found.tell(text="a", subject="plugin:a")
    await found.tell(text="b", subject="plugin:b")
    found.postman.faults = [NotDelivered("busy"), TimeoutError(), ValueError("a fault of the courier")]
    for _ in range(3):
        await found.sending.round()
        found.clock.advance(1000)
    await found.tell(text="c", subject="plugin:c")
    await found.sending.round()
    letters = [(letter.id, [one.text for one in letter.notices]) for _, letter in found.postman.letters]
    assert letters[:4] == [letters[0]] * 4
    assert [len(texts) for _, texts in letters] == [2, 2, 2, 2, 1]
    assert {state for _, state in await found.states()} == {"sent"}


async def test_what_cannot_arrive_is_given_up_and_told_why(stage: Callable[..., Stage]) -> None:
    found = stage()
    found.postman.faults = [NotDelivered(Text("notifications.status", {"status": 410}), again=False)]
    await found.tell()
    await found.sending.round()
    (one,) = await found.store.page(9)
    assert (one.state, one.error, one.attempts) == ("failed", "It was answered with HTTP 410.", 1)
    await found.tell(subject="plugin:b")
    tries = 0
    while (await found.store.page(1))[0].state != "failed":
        found.postman.faults = [NotDelivered("busy")]
        await found.sending.round()
        found.clock.advance(900)
        tries += 1
    assert tries <= GIVE_UP_SECONDS / 900 + 2


async def test_a_process_that_dies_loses_nothing(stage: Callable[..., Stage]) -> None:
    found = stage()
    await found.tell(text="a", subject="plugin:a")
    await found.tell(text="b", subject="plugin:b")
    dead = Process("dead")
    waiting = await found.store.ready(found.clock.now())
    ids = [one.id for one in waiting]
    assert await found.store.claim(ids, ids[0], dead.name, found.clock.now())
    assert not await found.store.claim(ids, ids[0], "another", found.clock.now())
    await found.sending.round()
    assert found.postman.letters == []
    Process.alive.discard("dead")
    async with Tasks() as tasks:
        task = tasks.start(found.sending.keep_sending(), "notifications")
        while not found.postman.letters:
            await _turn()
        task.cancel()
    (letter,) = [letter for _, letter in found.postman.letters]
    assert (letter.id, letter.text) == (ids[0], "• 12:00 a\n• 12:00 b")


async def test_a_target_that_is_gone_or_swamped_bounds_what_waits(stage: Callable[..., Stage]) -> None:
    found = stage()
    for number in range(MOST_WAITING + 5):
        await found.tell(subject=f"plugin:{number}")
    states = [state for _, state in await _all(found)]
    assert (states.count("waiting"), states.count("failed")) == (MOST_WAITING, 5)
    assert states[:5] == ["failed"] * 5
    found.settings = NotificationSettings(targets={})
    await found.sending.round()
    assert {state for _, state in await _all(found)} == {"failed"}


async def test_a_target_is_tried_at_any_hour_and_that_it_fails_is_an_answer(stage: Callable[..., Stage]) -> None:
    found = stage(quiet_hours=QUIET)
    found.clock.time = NIGHT
    assert (await found.notifications.test("ops"))["ok"]
    found.postman.faults = [NotDelivered("closed on Sundays")]
    told = await found.notifications.test("ops")
    assert (told["ok"], told["error"]) == (False, "closed on Sundays")
    assert [(one["kind"], one["state"]) for one in (await found.notifications.history())["notifications"]] == [
        ("test", "failed"),
        ("test", "sent"),
    ]
    (target,) = await found.notifications.targets()
    assert (target["name"], target["problem"], target["last"]["state"]) == ("ops", "", "failed")


async def test_of_two_processes_that_hear_of_it_one_tells(stage: Callable[..., Stage]) -> None:
    found = stage()
    bus, leases = InProcessBus(), InProcessLeases(found.clock)
    event = Event(HEALTH_CHANGED, {"before": "ok", "now": "down", "parts": ["database"]}, NOON)

    async def failures(_: str) -> int:
        return 0

    async with Tasks() as tasks:
        for name in ("one", "two"):
            reading = Reading(failures, lambda: 3)
            listening = Listening(bus, leases, reading, found.clock, Process(name), found.notifications.take)
            tasks.start(listening.follow(), name)
        await _turn()
        await bus.publish(event)
        await bus.publish(Event(HEALTH_CHANGED, {"nonsense": True}, NOON))
        while not await found.store.page(1):
            await _turn()
    (one,) = await found.store.page(9)
    assert (one.kind, one.mark, one.repeats) == ("health.down", mark_of(event), 0)


@pytest.mark.parametrize(
    ("kind", "failures", "told"),
    [(ErrorKind.UNAVAILABLE, 40, True), (ErrorKind.UNAVAILABLE, 1000, False), (ErrorKind.BAD_REQUEST, 10, False)],
)
async def test_a_notice_waits_for_the_database_but_not_for_ever(kind: ErrorKind, failures: int, told: bool) -> None:
    clock, bus = FakeClock(NOON), InProcessBus()
    taken: list[str] = []
    tries = 0

    async def take(notice: Notice) -> int:
        nonlocal tries
        tries += 1
        if notice.kind == "health.down" and tries <= failures:
            raise GatewayError(kind, "no")
        taken.append(notice.kind)
        return 1

    async def errors(_: str) -> int:
        return 0

    async with Tasks() as tasks:
        listening = Listening(bus, InProcessLeases(clock), Reading(errors, lambda: 3), clock, Process("one"), take)
        tasks.start(listening.follow(), "one")
        await _turn()
        for level in ("down", "ok"):
            await bus.publish(Event(HEALTH_CHANGED, {"before": "degraded", "now": level, "parts": ["database"]}, NOON))
        while "health.ok" not in taken:
            await _turn()
    assert taken == (["health.down", "health.ok"] if told else ["health.ok"])


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        ({}, "UTC", "2026-03-02T12:00", None),
        ({}, "UTC", "2026-03-02T22:00", "2026-03-03T07:00"),
        ({}, "UTC", "2026-03-03T06:59", "2026-03-03T07:00"),
        ({}, "UTC", "2026-03-03T07:00", None),
        ({"start": "13:00", "end": "15:30"}, "UTC", "2026-03-02T13:00", "2026-03-02T15:30"),
        ({"start": "20:00", "end": "24:00"}, "UTC", "2026-03-02T23:59", "2026-03-03T00:00"),
        ({"enabled": False}, "UTC", "2026-03-02T23:00", None),
        ({}, "Asia/Shanghai", "2026-03-02T22:30", "2026-03-03T07:00"),
        # The clock is put forward that night.
        ({}, "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T07:00"),
    ],
)
def test_until_when_it_is_quiet(hours: dict[str, Any], zone: str, now: str, until: str | None) -> None:
    there = ZoneInfo(zone)
    moment = datetime.fromisoformat(now).replace(tzinfo=there).timestamp()
    found = quiet_until(QuietHours(**{"enabled": True, **hours}), moment, there)
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=there).timestamp())


async def _turn() -> None:
    await asyncio.sleep(0)


async def _all(found: Stage) -> Sequence[tuple[str, str]]:
    return [(one.kind, one.state) for one in reversed(await found.store.page(2000))]

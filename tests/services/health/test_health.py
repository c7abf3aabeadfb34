"""The rounds, what is kept of them, and the probes, by a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from crawdad.adapters.machine import LocalProcess
from crawdad.app.health import front_door_url
from crawdad.core.channels import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.health import Finding, HealthLevel, HealthSample
from crawdad.core.machine import Machine, ProcessState
from crawdad.core.ports import Transport, UpstreamCall
from crawdad.core.settings import GatewaySettings
from crawdad.services.accounts.pool import Pool
from crawdad.services.channels.host import ChannelHost
from crawdad.services.health import Health
from crawdad.services.health.inner import AccountProbe, ChannelProbe, CronProbe, InsideProbe, unconnected
from crawdad.services.health.process import ClockProbe, DatabaseProbe, FrontDoorProbe, Heart, ProcessProbe
from crawdad.services.health.service import DAY_SECONDS, KEPT_SECONDS, ROUND_SECONDS
from crawdad.store.database import Database
from crawdad.store.health import HealthStore
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.services import database, database_url, postgres_url
from tests.support.waiting import PATIENCE

__all__ = ["database", "database_url", "postgres_url"]


class Says:
    """A probe that finds what it is told."""

    def __init__(self, **levels: HealthLevel) -> None:
        self.levels: dict[str, HealthLevel] = dict(levels)
        self.fault: Exception | None = None

    async def look(self) -> Mapping[str, Finding]:
        if self.fault is not None:
            raise self.fault
        return {name: Finding(level, 12.0) for name, level in self.levels.items()}


class FakeMachine:
    async def look(self) -> Machine:
        return Machine(*("linux", "x86_64", "host"), 1000, 250, 2, "cpu", 1, "me", "", "", [], "3.11", 7.5, "/", 40.0)


class Memory:
    """A store that may be broken."""

    def __init__(self) -> None:
        self.samples: list[HealthSample] = []
        self.broken = False
        self.folded: list[tuple[float, int]] = []
        self.deleted: list[float] = []

    async def add(self, sample: HealthSample) -> None:
        if self.broken:
            raise GatewayError(ErrorKind.UNAVAILABLE, "no")
        self.samples.append(sample)

    async def since(self, at: float) -> list[HealthSample]:
        return [sample for sample in self.samples if sample.at >= at]

    async def fold(self, before: float, span: int) -> int:
        self.folded.append((before, span))
        return 0

    async def delete_before(self, at: float) -> int:
        self.deleted.append(at)
        return 0


class Stage:
    def __init__(self, probe: Says) -> None:
        self.clock, self.store, self.probe = FakeClock(), Memory(), probe
        self.health = self.of(self.store)

    def of(self, store: Any) -> Health:
        heart = Heart(self.clock)
        self.heart = heart
        return Health([self.probe], heart, FakeMachine(), store, self.clock, FakeRandomness())

    async def rounds(self, count: int) -> HealthLevel:
        for _ in range(count):
            await self.heart.beat()
            await self.health.look()
            await self.health.keep()
            self.clock.advance(ROUND_SECONDS - 1)
        return self.health.report.level


async def test_a_vital_part_takes_all_down_and_another_degrades() -> None:
    for part, level in (("front_door", "down"), ("database", "down"), ("disk", "degraded"), ("channels", "degraded")):
        found: dict[str, HealthLevel] = {part: "down"}
        stage = Stage(Says(**found))
        assert await stage.rounds(1) == "ok"
        assert await stage.rounds(1) == level, part
        stage.probe.levels[part] = "ok"
        assert await stage.rounds(2) == level
        assert await stage.rounds(1) == "ok"


async def test_a_part_that_is_gone_is_forgotten() -> None:
    stage = Stage(Says(channels="down"))
    await stage.rounds(2)
    stage.probe.levels.clear()
    assert await stage.rounds(1) == "ok"
    assert set(stage.health.report.parts) == {"heartbeat", "event_loop"}


async def test_a_probe_that_breaks_is_a_finding_and_the_others_are_asked() -> None:
    stage = Stage(Says())
    stage.probe.fault = ZeroDivisionError()
    assert await stage.rounds(2) == "degraded"
    parts = stage.health.report.parts
    assert parts["Says"].held.level == "degraded"
    assert parts["heartbeat"].held.level == "ok"


async def test_once_a_minute_is_kept_with_the_worst_of_it() -> None:
    stage = Stage(Says(front_door="ok", disk="ok"))
    await stage.rounds(1)
    stage.probe.levels["disk"] = "down"
    await stage.rounds(2)
    stage.probe.levels["disk"] = "ok"
    await stage.rounds(7)
    assert len(stage.store.samples) == 4
    assert [sample.level for sample in stage.store.samples] == ["ok", "degraded", "degraded", "ok"]
    first, second = stage.store.samples[:2]
    assert (first.response_ms, first.processor, first.memory, first.span) == (12.0, 7.5, 75.0, 60)
    assert (first.parts, second.parts) == ({}, {"disk": "down"})
    assert second.at - first.at == pytest.approx(60)
    assert len(await stage.health.history()) == 4


async def test_what_cannot_be_kept_leaves_a_gap_and_no_more() -> None:
    stage = Stage(Says())
    stage.store.broken = True
    await stage.rounds(50)
    assert stage.store.samples == []
    stage.store.broken = False
    await stage.rounds(4)
    assert 1 <= len(stage.store.samples) <= 2


async def test_tidying_comes_once_an_hour() -> None:
    stage = Stage(Says())
    await stage.rounds(3 * 61)
    assert len(stage.store.folded) == len(stage.store.deleted) == 2
    before, span = stage.store.folded[0]
    assert (before % span, span) == (0, 900)
    assert stage.clock.time - 3 * DAY_SECONDS < before <= stage.clock.time - DAY_SECONDS
    assert stage.store.deleted[0] < stage.clock.time - KEPT_SECONDS


async def test_a_week_in_the_database_is_a_day_by_the_minute_and_the_rest_by_the_quarter(database: Database) -> None:
    stage = Stage(Says(front_door="ok"))
    stage.health = stage.of(HealthStore(database))
    now = stage.clock.now()
    store = HealthStore(database)
    for number, age in enumerate((KEPT_SECONDS + 60, DAY_SECONDS + 7200, DAY_SECONDS + 7140, 3600)):
        parts: dict[str, HealthLevel] = {"disk": "degraded"} if number == 1 else {}
        level: HealthLevel = "degraded" if number == 1 else "ok"
        await store.add(HealthSample(f"old{number}", now - age, 60, level, 10.0 * number, 1.0, 2.0, parts))
    await stage.rounds(1)
    kept = await store.since(0)
    assert [sample.span for sample in kept] == [900, 60, 60]
    assert (kept[0].level, kept[0].response_ms, kept[0].parts) == ("degraded", 15.0, {"disk": "degraded"})
    assert len(await stage.health.history()) == 2
    assert await store.fold(now, 900) == 1  # what is folded is not folded again
    await store.answers()


class Late(FakeClock):
    """Sleeps longer than it is told."""

    late = 0.0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + self.late)


async def test_the_heart_knows_by_how_much_it_was_late_and_forgets_it_once_told() -> None:
    clock = Late()
    heart = Heart(clock)
    clock.late = 2.0
    await heart.beat()
    clock.late = 0.0
    await heart.beat()
    found = await heart.look()
    assert (found["event_loop"].level, found["event_loop"].figure) == ("degraded", 2000.0)
    assert (await heart.look())["event_loop"].level == "ok"
    assert heart.beat_at == clock.now()
    clock.advance(30)
    assert (await heart.look())["heartbeat"].level == "degraded"


async def test_the_heart_beats_when_the_others_look_and_that_is_not_late() -> None:
    clock = FakeClock(1000.25)
    heart = Heart(clock)
    await heart.beat()
    assert clock.slept == [0.75]
    assert (await heart.look())["event_loop"].figure == 0


async def test_the_heart_beats_until_it_is_stopped() -> None:
    before = FakeClock().now()

    async def until_beaten() -> None:
        async with asyncio.timeout(PATIENCE):
            await heart.keep_beating()

    class Once(FakeClock):
        async def sleep(self, seconds: float) -> None:
            if self.slept:
                raise asyncio.CancelledError
            await super().sleep(seconds)

    heart = Heart(Once())
    with pytest.raises(asyncio.CancelledError):
        await until_beaten()
    assert heart.beat_at == before + 1


async def test_a_clock_that_is_set_is_noticed_and_told_for_some_minutes() -> None:
    clock = FakeClock()
    shift = 0.0
    probe = ClockProbe(cast(Any, SimpleNamespace(now=lambda: clock.time + shift, monotonic=clock.monotonic)))
    clock.advance(20)
    assert (await probe.look())["clock"].level == "ok"
    shift = -3600.0
    found = (await probe.look())["clock"]
    assert (found.level, found.figure) == ("degraded", -3600.0)
    clock.advance(299)
    assert (await probe.look())["clock"] == found, "long enough for two looks, of which one alone is none"
    clock.advance(1)
    assert (await probe.look())["clock"].level == "ok"


async def test_in_a_container_memory_is_what_that_is_let(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{(await LocalProcess(str(tmp_path)).process()).resident}\n")
    monkeypatch.setattr("crawdad.adapters.machine._limit_files", lambda: [str(limit)])
    facts = LocalProcess(str(tmp_path))
    assert (await facts.process()).most_memory == int(limit.read_text())
    assert (await ProcessProbe(facts, FakeClock()).look())["memory"].level == "down", "the kernel is about to act"


async def test_the_process_is_looked_at_as_it_is(tmp_path: Any) -> None:
    facts = LocalProcess(str(tmp_path))
    state = await facts.process()
    assert 0 < state.resident < state.most_memory
    assert 0 < state.open_files <= state.most_files
    assert 0 < state.disk_free <= state.disk_total
    found = await ProcessProbe(facts, FakeClock()).look()
    assert set(found) == {"memory", "memory_slope", "files", "disk"}


async def test_a_leak_is_found_over_the_rounds() -> None:
    clock = FakeClock()

    class Leaking:
        async def process(self) -> ProcessState:
            grown = int(200e6 + 100e3 * (clock.time - 1_700_000_000))
            return ProcessState(1, 1.0, grown, 10**12, 1, 100, 10**12, 10**13)

    probe = ProcessProbe(Leaking(), clock)
    levels = []
    for _ in range(60):
        levels.append((await probe.look())["memory_slope"].level)
        clock.advance(20)
    assert (levels[0], levels[-1]) == ("ok", "degraded")


async def test_a_database_that_does_not_answer_is_down_and_a_slow_one_degraded() -> None:
    clock = FakeClock()

    async def slow() -> None:
        clock.advance(2)

    async def broken() -> None:
        raise GatewayError(ErrorKind.UNAVAILABLE, "locked")

    assert (await DatabaseProbe(slow, clock).look())["database"].level == "degraded"
    found = (await DatabaseProbe(broken, clock).look())["database"]
    assert found.level == "down"
    assert found.words is not None and "locked" in found.words.render("zh")


class Answers:
    """A transport with one answer."""

    def __init__(self, status: int | GatewayError) -> None:
        self.status = status
        self.calls: list[UpstreamCall] = []

    async def send(self, call: UpstreamCall) -> Any:
        self.calls.append(call)
        if isinstance(self.status, GatewayError):
            raise self.status

        async def read(_: int) -> bytes:
            return b"{}"

        async def close() -> None:
            return None

        return SimpleNamespace(status=self.status, read=read, close=close)


@pytest.mark.parametrize(
    ("status", "level"),
    [(200, "ok"), (500, "down"), (302, "down"), (GatewayError(ErrorKind.UPSTREAM_BROKEN, "refused"), "down")],
)
async def test_the_way_in_is_asked(status: int | GatewayError, level: HealthLevel) -> None:
    transport = Answers(status)
    found = await FrontDoorProbe(cast(Transport, transport), "http://127.0.0.1:1/healthz", FakeClock()).look()
    assert found["front_door"].level == level
    assert [(call.method, call.url, call.redirects) for call in transport.calls] == [
        ("GET", "http://127.0.0.1:1/healthz", False)
    ]
    assert await FrontDoorProbe(cast(Transport, transport), "", FakeClock()).look() == {}


def test_where_the_way_in_is() -> None:
    def url(**values: Any) -> str:
        return front_door_url(GatewaySettings.model_validate(values))

    assert url(port=4000) == "http://127.0.0.1:4000/healthz"
    assert url(port=4000, bind="lan") == "http://127.0.0.1:4000/healthz"
    assert httpx.URL(url(port=4000, bind="::1")).host == "::1"


async def test_the_inner_parts() -> None:
    clock = FakeClock()
    for state, level in (("running", "ok"), ("starting", "ok"), ("stopped", "degraded"), ("failed", "down")):
        assert (await InsideProbe(lambda state=state: state).look())["inside"].level == level  # type: ignore[misc]

    states = {"qq": "connected", "telegram": "stopped", "feishu": "degraded", "others": "needs_login"}

    def status(account: Account) -> Any:
        return SimpleNamespace(state=lambda _now: states[account.channel], elsewhere=account.channel == "others")

    kinds = [SimpleNamespace(id=name, label=(name.title(), f"{name}渠道")) for name in states]
    offered = {
        "kinds": kinds,
        "accounts": lambda channel: [Account(channel, "work" if channel == "qq" else "default")],
        "is_running": lambda account: account.channel != "others",
        "name": lambda account: {"qq": "Night shift"}.get(account.channel, ""),
    }
    host = cast(ChannelHost, SimpleNamespace(**offered, status=status))
    found = (await ChannelProbe(lambda: host, clock).look())["channels"]
    assert (found.level, found.figure) == ("degraded", 1)
    states["qq"] = "needs_login"
    found = (await ChannelProbe(lambda: host, clock).look())["channels"]
    assert found.level == "down"
    assert found.words is not None and found.words.render("en").endswith(": Feishu, Qq (Night shift)")
    assert found.words.render("zh").endswith("：feishu渠道、qq渠道（Night shift）")
    assert await ChannelProbe(lambda: None, clock).look() == {}
    states |= {"qq": "starting", "telegram": "connected"}
    asked = ["qq:work", "telegram:default", "feishu:default"]
    assert unconnected(host, clock.now(), asked) == ["qq:work", "feishu:default"]
    assert unconnected(host, clock.now(), ["telegram:default"]) == unconnected(None, clock.now(), asked) == []

    async def due() -> int | None:
        return next_time

    next_time: int | None = None
    assert (await CronProbe(due, lambda: True, clock).look())["cron"].level == "ok"
    next_time = int((clock.now() + 60) * 1000)
    assert (await CronProbe(due, lambda: True, clock).look())["cron"].figure == 0
    next_time = int((clock.now() - 400) * 1000)
    late = (await CronProbe(due, lambda: True, clock).look())["cron"]
    assert (late.level, late.figure) == ("degraded", 400)
    assert await CronProbe(due, lambda: False, clock).look() == {}


async def test_providers_without_an_account_and_those_that_only_fail() -> None:
    def account(name: str, usable: bool = True, paused: float | None = None) -> Any:
        return SimpleNamespace(id=name, usable=usable, paused_at=paused)

    by_provider: dict[str, list[Any]] = {"a": [account("a1"), account("a2", False)]}
    health = {"a1": 1.0}
    pool = cast(
        Pool,
        SimpleNamespace(
            snapshot=SimpleNamespace(by_provider=by_provider),
            health=SimpleNamespace(of=lambda name: health.get(name, 1.0)),
        ),
    )

    async def levels() -> tuple[HealthLevel, HealthLevel]:
        found = await AccountProbe(pool).look()
        return found["accounts"].level, found["upstreams"].level

    assert await levels() == ("ok", "ok")
    health["a1"] = 0.125
    assert await levels() == ("ok", "down")
    by_provider["b"] = [account("b1")]
    assert await levels() == ("ok", "degraded")
    by_provider["c"] = [account("c1", False), account("c2", False, 1.0)]
    assert await levels() == ("degraded", "degraded")
    by_provider["c"] = [account("c1", False, 1.0)]  # somebody paused it: nothing is wrong
    assert await levels() == ("ok", "degraded")

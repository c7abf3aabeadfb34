"""Healing at work, over a health, a memory and remedies that the test has in its hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters import heal_folder
from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import HEAL_CHANGED
from crawdad.core.healing import HealEvent
from crawdad.core.health import Finding, HealthLevel
from crawdad.core.machine import MemoryUse
from crawdad.core.operation_settings import HealingAnalysisSettings, HealingSettings
from crawdad.core.tasks import Words
from crawdad.core.text import Text
from crawdad.services.healing.analysis import Analysis
from crawdad.services.healing.diagnosis import Diagnosis
from crawdad.services.healing.intake import Intake
from crawdad.services.healing.last_good import LastGoodRecord
from crawdad.services.healing.policy import BACK_OFF_SECONDS, WHILE_RUNNING, WINDOW_SECONDS
from crawdad.services.healing.service import Healing, HealingParts
from crawdad.services.health import HealthReport, Part
from crawdad.services.health.hysteresis import Held
from crawdad.store.database import Database
from crawdad.store.healing import HealEventStore
from crawdad.store.key_values import KeyValues
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.services import database, database_url, postgres_url

__all__ = ["database", "database_url", "postgres_url"]
_BAD = 400.0


class Table:
    """A store in memory, that may be broken."""

    def __init__(self) -> None:
        self.events: dict[str, HealEvent] = {}
        self.broken = False

    async def put(self, event: HealEvent) -> None:
        if self.broken:
            raise GatewayError(ErrorKind.UNAVAILABLE, "no")
        self.events[event.id] = event

    async def newest(self, limit: int) -> list[HealEvent]:
        return sorted(self.events.values(), key=lambda event: event.at, reverse=True)[:limit]

    async def since(self, at: float) -> list[HealEvent]:
        if self.broken:
            raise GatewayError(ErrorKind.UNAVAILABLE, "no")
        return [event for event in self.events.values() if event.at >= at]

    async def running(self) -> list[HealEvent]:
        return [event for event in self.events.values() if event.status == "running"]

    async def delete_before(self, at: float) -> int:
        return 0


class Heard:
    """A bus that keeps what is told."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []

    async def publish(self, event: Any) -> None:
        assert event.topic == HEAL_CHANGED
        self.told.append(event.data)


class Stage:
    """A gateway that is as the test says. `helps`: the remedies after which all is well."""

    def __init__(self, home: Path) -> None:
        self.clock, self.table, self.bus = FakeClock(), Table(), Heard()
        self.levels: dict[str, HealthLevel] = {}
        self.memory = MemoryUse(10, 100)
        self.helps: set[str] = set()
        self.starting: set[str] = set()
        self.done: list[str] = []
        self.task = ""
        self.leaves = False
        self.settings = HealingSettings()
        self.folder = LocalHealFolder(home, lambda: 10)
        names: tuple[Any, ...] = ("recycle", "replace", "shed_load", "free_disk", "reconnect", "enter")
        parts = HealingParts(
            store=self.table,
            folder=self.folder,
            report=self.report,
            look=self.look,
            memory=self.use,
            reconnectable=lambda: ["telegram:main"] if "channels" in self.levels else [],
            unconnected=lambda names: [name for name in names if name in self.starting],
            damage=self.damage,
            busy=self.busy,
            leaving=lambda: self.leaves,
            acts={name: self.act(name) for name in names},
            resume=self.resume,
        )
        settings = lambda: self.settings  # noqa: E731
        bus: Any = self.bus
        self.healing = Healing(parts, bus, self.clock, FakeRandomness(), settings, "me")

    def report(self) -> HealthReport:
        parts = {name: Part(Held(level), Finding(level)) for name, level in self.levels.items()}
        return HealthReport("down" if "down" in self.levels.values() else "ok", self.clock.now(), 1.0, parts)

    async def look(self) -> HealthReport:
        return self.report()

    async def use(self) -> MemoryUse:
        return self.memory

    async def damage(self) -> Words | None:
        return None

    async def busy(self) -> str:
        return self.task

    async def resume(self) -> bool:
        return True

    def act(self, name: str) -> Any:
        async def do(_: Diagnosis) -> Words:
            self.done.append(name)
            if name in self.helps:
                self.levels.clear()
                self.memory = MemoryUse(10, 100)
            return Text("healing.step.recycled")

        return do

    async def pass_by(self, seconds: float) -> None:
        """Rounds for so long."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            await self.healing.look()
            await self.healing.look_at_memory()
            self.clock.advance(10)

    @property
    def told(self) -> list[tuple[str, str]]:
        events = sorted(self.table.events.values(), key=lambda event: event.at)
        return [(event.remedy, event.status) for event in events]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_a_fault_is_acted_upon_verified_written_down_and_told(stage: Stage, tmp_path: Path) -> None:
    stage.levels, stage.helps = {"front_door": "down"}, {"recycle"}
    await stage.pass_by(20)
    assert stage.done == [], "it may be over by itself"
    await stage.pass_by(40)
    assert stage.done == ["recycle"] and stage.told == [("recycle", "healed")]
    event = next(iter(stage.table.events.values()))
    assert event.verify_ms is not None and event.verify_tries == 1
    reports = await stage.folder.reports()
    assert [report.name for report in reports] == [event.report]
    assert "it helped" in await stage.folder.read_report(event.report)
    assert (tmp_path / "reports" / event.report).stat().st_mode & 0o777 == 0o600
    assert [told["status"] for told in stage.bus.told] == ["running", "healed"]
    assert stage.bus.told[-1]["words"]["zh"].startswith("网关没有响应请求")


async def test_what_does_not_help_leads_on_and_ends_with_a_person_once(stage: Stage) -> None:
    stage.levels = {"front_door": "down"}
    await stage.pass_by(1200)
    assert stage.told == [("recycle", "failed"), ("replace", "failed"), ("tell", "told")]
    failed = min(stage.table.events.values(), key=lambda event: event.at)
    assert failed.error is not None and failed.verify_ms is not None and failed.verify_ms >= 90_000


async def test_what_nothing_can_be_done_about_is_told_once_for_as_long_as_it_lasts(stage: Stage) -> None:
    stage.levels = {"accounts": "down"}
    await stage.pass_by(3 * WINDOW_SECONDS)
    assert stage.told == [("tell", "told")]
    stage.levels = {}
    await stage.pass_by(30)
    stage.levels = {"accounts": "down"}
    await stage.pass_by(WINDOW_SECONDS)
    assert stage.told == [("tell", "told")] * 2


async def test_what_flaps_is_not_restarted_again_and_again(stage: Stage) -> None:
    stage.helps = {"recycle"}
    for _ in range(int(WINDOW_SECONDS / _BAD)):
        stage.levels = {"cron": "down"}
        await stage.pass_by(_BAD)
    assert len(stage.done) <= len(BACK_OFF_SECONDS)
    assert stage.told[-1] == ("tell", "told")


async def test_nothing_is_done_beside_other_work_nor_when_switched_off_nor_while_leaving(stage: Stage) -> None:
    stage.levels = {"front_door": "down"}
    stage.task = "update.run"
    await stage.pass_by(200)
    stage.task, stage.settings = "", HealingSettings(enabled=False)
    await stage.pass_by(200)
    stage.settings, stage.leaves = HealingSettings(), True
    await stage.pass_by(200)
    assert stage.done == [] and not stage.table.events
    stage.leaves = False
    await stage.pass_by(60)
    assert stage.done == ["recycle"]


async def test_memory_is_shed_first_and_then_the_process_replaced(stage: Stage) -> None:
    stage.memory = MemoryUse(80, 100)
    await stage.healing.look_at_memory()
    await stage.healing.look_at_memory()
    assert stage.done == ["shed_load", "replace"]


async def test_memory_that_is_nearly_gone_does_not_wait_for_milder_things(stage: Stage) -> None:
    stage.memory, stage.helps = MemoryUse(95, 100), {"replace"}
    await stage.healing.look_at_memory()
    assert stage.done == ["replace"] and stage.told == [("replace", "healed")]


async def test_memory_that_goes_on_growing_ends_the_wait_for_a_mild_remedy(stage: Stage) -> None:
    async def grow(_: Diagnosis) -> Words:
        stage.memory = MemoryUse(90, 100)
        return "shed"

    stage.healing._parts.acts["shed_load"] = grow  # type: ignore[index]
    stage.memory = MemoryUse(80, 100)
    await stage.healing.look_at_memory()
    assert stage.told == [("shed_load", "failed")] and stage.clock.slept == [], "at once"


async def test_without_a_database_the_journal_has_it(stage: Stage) -> None:
    stage.levels, stage.helps, stage.table.broken = {"inside": "down"}, {"enter"}, True
    await stage.pass_by(10)
    assert [(event.remedy, event.status) for event in await stage.folder.noted()] == [("enter", "healed")]


async def test_without_a_database_a_process_that_was_replaced_counts_for_the_next(stage: Stage, tmp_path: Path) -> None:
    """Else what is wrong with all of them would have one after the other replaced."""
    stage.table.broken, stage.memory = True, MemoryUse(95, 100)
    await stage.folder.note(HealEvent("s", stage.clock.now(), "memory", "salvage_database", "start", status="failed"))
    replaced = []
    for number in range(8):
        process = Stage(tmp_path)
        process.table.broken, process.memory, process.clock.time = True, MemoryUse(95, 100), stage.clock.time
        process.healing._randomness = stage.healing._randomness  # no two events share an id
        await process.healing.load()

        async def replacing(_: Diagnosis, process: Stage = process, number: int = number) -> Words:
            process.leaves = True
            replaced.append(number)
            return Text("healing.step.asked_replacement")

        process.healing._parts.acts["replace"] = replacing  # type: ignore[index]
        await process.healing.look_at_memory()
        stage.clock.advance(20)
    assert replaced == [0, 3], "a pause of a minute, then of two"


async def test_a_remedy_that_is_not_to_be_had_is_a_failure_in_words(stage: Stage) -> None:
    async def refuse(_: Diagnosis) -> Words:
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("healing.why.unsupervised"))

    stage.healing._parts.acts["enter"] = refuse  # type: ignore[index]
    stage.levels = {"inside": "down"}
    await stage.healing.look()
    assert stage.told == [("enter", "failed")]


async def test_what_others_did_is_taken_in_once_a_process_does_well(stage: Stage, database: Database) -> None:
    store, values = HealEventStore(database, "here"), KeyValues(database)
    stage.healing._store = store
    now = stage.clock.now()
    await stage.folder.note(HealEvent("j1", now - 5, "database", "restore_database", "start", report="a_report.md"))
    await store.put(HealEvent("r1", now - 9, "memory", "replace", report="b_report.md"))
    await store.put(HealEvent("old", now - 900, "disk", "free_disk", status="failed"))
    crash = {"at": "2026-11-29T19:00:00.000Z", "event": "application_crashed", "pid": 7, "signal": "SIGKILL"}

    async def log() -> list[dict[str, Any]]:
        return [crash]

    async def steps() -> list[tuple[float, str]]:
        return [(1_795_978_801.0, "dice")]

    await values.put("healing.taken:here", 0)
    intake = Intake(stage.healing, store, values, stage.clock, stage.report, log, steps)
    for _ in range(2):
        await intake.run("here")
    told = {event.id: (event.status, event.subject) for event in await store.newest(10)}
    assert told == {
        "j1": ("healed", ""),
        "r1": ("healed", ""),
        "old": ("failed", ""),
        "crash-7-1795978800000": ("healed", "dice"),
    }
    assert [data["id"] for data in stage.bus.told] == ["j1", "r1", "crash-7-1795978800000"], "each is told once"
    assert await HealEventStore(database, "there").since(0) == [], "another installation's attempts are its own"
    assert await store.delete_before(now - 100) >= 1


async def test_a_clock_that_was_put_back_hides_no_crash_and_repeats_none(stage: Stage, database: Database) -> None:
    store, values, now = HealEventStore(database, "here"), KeyValues(database), stage.clock.now()
    stage.healing._store = store
    lines: list[dict[str, Any]] = []

    def crash(pid: int, at: float) -> None:
        when = datetime.fromtimestamp(at, UTC).isoformat()
        lines.append({"at": when, "event": "application_crashed", "pid": pid, "signal": "SIGKILL"})

    async def log() -> list[dict[str, Any]]:
        return lines

    async def steps() -> list[tuple[float, str]]:
        return []

    async def taken() -> list[str]:
        await Intake(stage.healing, store, values, stage.clock, stage.report, log, steps).run("here")
        return [str(data["id"]).split("-")[1] for data in stage.bus.told]

    crash(1, now - 5)
    assert await taken() == ["1"]
    stage.clock.advance(-600)
    crash(2, stage.clock.now() - 5)
    assert await taken() == ["1", "2"]
    stage.clock.advance(1200)
    crash(3, stage.clock.now() - 5)
    assert await taken() == ["1", "2", "3"]


async def test_a_crash_is_known_however_long_safe_mode_lasted(stage: Stage, database: Database) -> None:
    store, values, now = HealEventStore(database, "here"), KeyValues(database), stage.clock.now()
    stage.healing._store = store
    lines = [{"at": datetime.fromtimestamp(now, UTC).isoformat(), "event": "application_ready", "pid": 1}]

    async def log() -> list[dict[str, Any]]:
        return lines

    async def steps() -> list[tuple[float, str]]:
        return []

    intake = Intake(stage.healing, store, values, stage.clock, stage.report, log, steps)
    await intake.run("here")
    when = datetime.fromtimestamp(now + 60, UTC).isoformat()
    lines.append({"at": when, "event": "application_crashed", "pid": 1, "signal": "SIGSEGV"})
    stage.clock.advance(8 * 3600)
    await intake.run("here")
    assert [data["cause"] for data in stage.bus.told] == ["crash"]


async def test_the_journal_outlives_a_cut_line_and_reports_rotate(tmp_path: Path) -> None:
    folder = LocalHealFolder(tmp_path, lambda: 2)
    for number in range(4):
        await folder.write_report(f"r{number}.md", "x")
    assert len(await folder.reports()) == 2
    for name in ("../r3.md", "r3", "/etc/passwd", "r3.md/..", "R.md", ".md"):
        with pytest.raises(GatewayError) as caught:
            await folder.read_report(name)
        assert caught.value.kind is ErrorKind.NOT_FOUND
    (tmp_path / "reports" / "link.md").symlink_to("/etc/passwd")
    with pytest.raises(GatewayError):
        await folder.read_report("link.md")
    await folder.note(HealEvent("a", 1.0, "disk", "free_disk"))
    journal = tmp_path / "heal" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"id": "b", "at"')
    assert [event.id for event in await folder.noted()] == ["a"]
    await folder.note(HealEvent("c", 2.0, "disk", "free_disk"))
    assert [event.id for event in await folder.noted()] == ["a", "c"], "what was cut off took the next one with it"
    await folder.forget(2.0)
    assert [event.id for event in await folder.noted()] == ["c"]


async def test_what_one_process_notes_is_not_lost_while_another_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one finishes up and has no database, the other has taken in what it found."""
    folder = LocalHealFolder(tmp_path, lambda: 2)
    await folder.note(HealEvent("old", 1.0, "disk", "free_disk"))
    real, tasks = heal_folder._replace, list[threading.Thread]()

    def replace(path: Path, data: bytes) -> None:
        tasks.append(threading.Thread(target=folder._note, args=(HealEvent("new", 3.0, "disk", "free_disk"),)))
        tasks[-1].start()
        tasks[-1].join(0.3)  # it waits, or it has written into a file that is on its way out
        real(path, data)

    monkeypatch.setattr(heal_folder, "_replace", replace)
    await folder.forget(2.0)
    await asyncio.to_thread(tasks[0].join)
    assert [event.id for event in await folder.noted()] == ["new"]


async def test_a_journal_that_has_become_long_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heal_folder, "_JOURNAL_BYTES", 2000)
    monkeypatch.setattr(heal_folder, "_KEPT_EVENTS", 3)
    folder = LocalHealFolder(tmp_path, lambda: 2)
    for number in range(30):
        await folder.note(HealEvent(f"e{number}", float(number), "disk", "free_disk"))
    noted = [event.id for event in await folder.noted()]
    assert noted[-4:] == ["e26", "e27", "e28", "e29"] and len(noted) < 15


async def test_last_good_is_what_did_well_for_long_enough() -> None:
    clock, written = FakeClock(), list[Mapping[str, Any]]()

    class Kept:
        configuration, id, valid = "one", "b1", True
        parts = ("config",)

    class Backups:
        ground = type("Ground", (), {"version": "1"})()

        async def note_configuration(self) -> None: ...

        async def listed(self) -> list[Any]:
            return [Kept]

    class File:
        async def read(self) -> None: ...

        async def write(self, value: Mapping[str, Any]) -> None:
            written.append(value)

    level: list[HealthLevel | None] = ["ok"]
    backups: Any = Backups()
    record = LastGoodRecord(File(), backups, lambda: level[0], lambda: {"dice": "d1"}, lambda: 60.0, clock)

    async def pass_by(seconds: int) -> None:
        for _ in range(0, seconds, 10):
            clock.advance(10)
            await record.look()

    await pass_by(60)
    assert written == []
    level[0] = "down"
    await pass_by(10)
    level[0] = "degraded"
    await pass_by(50)
    assert written == [], "it began anew"
    await pass_by(200)
    assert [(each["backup"], each["plugins"]) for each in written] == [("b1", {"dice": "d1"})]
    Kept.configuration, Kept.valid = "two", False
    await pass_by(300)
    assert len(written) == 1, "what is not free of errors is not good"


async def test_a_model_is_asked_where_one_is_named_so_often_and_without_secrets() -> None:
    asked: list[str] = []
    settings = [HealingAnalysisSettings()]

    class Model:
        async def ask(self, asker: Any, model: str, parts: Any, *, system: str = "") -> str:
            asked.append(parts[0].text)
            return " It was the cat. "

    class Day:
        used = 0

        async def add(self, key: str, amount: int, limit: int, window: int) -> tuple[bool, float]:
            self.used += amount
            return self.used <= limit, 0.0

    analysis = Analysis(Model(), Day(), lambda: settings[0])
    event = HealEvent(
        "e", 1.0, "plugin", "set_down_plugin", seen=("Authorization: Bearer sk-live-0123456789abcdefghij",)
    )
    assert await analysis.explain(event) == "" and asked == []
    settings[0] = HealingAnalysisSettings(model="crawdad/demo", most_per_day=1)
    assert await analysis.explain(event) == "It was the cat."
    assert await analysis.explain(event) == "", "one a day"
    assert "sk-live" not in asked[0] and "A plugin harms the process" in asked[0]


def test_the_ladder_that_is_tried_is_the_one_that_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    for cause in WHILE_RUNNING:
        assert f"`{cause}`" in text, cause


async def test_a_channel_that_is_still_starting_has_not_recovered(stage: Stage) -> None:
    """That its task runs again says nothing: what counts is that the account was connected."""
    stage.levels, stage.helps, stage.starting = {"channels": "down"}, {"reconnect"}, {"telegram:main"}
    await stage.pass_by(130)
    assert stage.told == [("reconnect", "failed")]
    stage.levels, stage.starting = {"channels": "down"}, set()
    await stage.pass_by(WINDOW_SECONDS)
    assert stage.told == [("reconnect", "failed"), ("reconnect", "healed")]

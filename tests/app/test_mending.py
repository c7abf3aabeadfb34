"""What is looked into before a start: on homes with real faults, and with real processes under a real supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.adapters.last_good_file import LocalLastGood
from crawdad.adapters.system import SystemClock
from crawdad.app import exits, switching
from crawdad.app.launch import Launch
from crawdad.app.mending import facts_of, mend
from crawdad.app.operations import open_backups
from crawdad.core.healing import HealEvent
from crawdad.core.tasks import LogLine
from crawdad.plugins.step_record import StepRecord, died_in_steps
from crawdad.store.copying import damage_of
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues
from tests.app.processes import ROOT, Running, running
from tests.services.backups.home import SECRET, make_home, remember, remembered
from tests.support.waiting import eventually

FAILED = {"reason": "failures", "how": "exit code 5", "failures": 3, "last": True, "unknown": "to come"}
KILLER = """
import os
def register(api):
    async def run():
        os._exit(9)
    api.register_service("die", run)
"""
_PATIENCE = 120.0
"""Several starts of the whole application, one after the other, on a machine that has other things to do."""
MANIFEST = {"id": "killer", "version": "1.0.0", "crawdad": ">=1,<2", "entry": "killer:register", "isolated": False}


async def back_up(launch: Launch) -> str:
    async with open_backups(launch) as kept:
        return (await kept.backups.create("full", "manual")).id


async def remember_good(launch: Launch, **more: Any) -> None:
    """As a gateway writes it down that has done well with what is there."""
    async with open_backups(launch) as kept:
        await kept.backups.note_configuration()
        newest = (await kept.backups.listed())[0]
    value = {"at": 1.0, "backup": newest.id, "configuration": newest.configuration, **more}
    await LocalLastGood(launch.home).write(value)


def change(launch: Launch, **config: Any) -> str:
    document = {**orjson.loads(launch.config_path.read_bytes()), **config}
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    launch.config_path.write_text(text)
    return text


def damage(launch: Launch) -> None:
    path = launch.home / "crawdad.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[4096 : len(data) // 2] = b"x" * (len(data) // 2 - 4096)
    path.write_bytes(data)


async def look(launch: Launch, **facts: Any) -> tuple[bool, list[tuple[str, str, str]]]:
    told = await mend(launch, facts_of({**FAILED, **facts}))
    return told["acted"], [(each["cause"], each["remedy"], each["status"]) for each in told["events"]]


async def newest(launch: Launch) -> HealEvent:
    return (await LocalHealFolder(launch.home, lambda: 9).noted())[-1]


async def test_a_configuration_that_cannot_be_used_gives_way_to_the_last_good_one_once(tmp_path: Path) -> None:
    launch = make_home(tmp_path, logging={"level": "info"})
    await remember(launch, "kept")
    await remember_good(launch)
    good = orjson.loads(launch.config_path.read_bytes())
    launch.config_path.write_text(f'{{"models": {{"providers": {{"x": {{"apiKey": "{SECRET}"}}}}, "gateway": {{}}')
    assert await look(launch, code=exits.CONFIGURATION) == (
        True,
        [("configuration", "restore_configuration", "running")],
    )
    assert orjson.loads(launch.config_path.read_bytes())["logging"] == good["logging"]
    event = await newest(launch)
    report = (tmp_path / "reports" / event.report).read_text()
    assert SECRET not in report + json.dumps(str(event)) and "```diff" in report
    # Nobody has seen it help since: it is not done a second time, and safe mode is told of.
    launch.config_path.write_text("{")
    acted, events = await look(launch, code=exits.CONFIGURATION)
    assert not acted and events == [("configuration", "safe_mode", "told")]


async def test_a_crash_never_brings_weaker_security_back(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "kept")
    await remember_good(launch)
    tightened = change(launch, gateway={"port": 0, "bind": "127.0.0.1", "allowedHosts": ["ai.example.org"]})
    acted, events = await look(launch)
    assert not acted and events[0] == ("configuration", "restore_configuration", "failed")
    assert launch.config_path.read_text() == tightened and not switching.is_waiting(tmp_path)
    assert "gateway.allowedHosts" in str((await LocalHealFolder(tmp_path, lambda: 9).noted())[0].error)
    # Processes that had come to serve say nothing against the configuration at all.
    launch = make_home(tmp_path / "other")
    await remember(launch, "kept")
    await remember_good(launch)
    change(launch, logging={"level": "debug"})
    assert await look(launch, served=True) == (False, [("crash", "safe_mode", "told")])


async def test_a_harmless_change_is_taken_back_on_trial_alone(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "kept")
    await remember_good(launch)
    changed = change(launch, logging={"file": "/proc/nowhere/log"})
    assert await look(launch) == (True, [("configuration", "restore_configuration", "running")])
    assert launch.config_path.read_text() == changed, "it is put in place by the start that tries it"
    assert switching.is_waiting(tmp_path)
    switching.begin(tmp_path)
    assert "logging" not in orjson.loads(launch.config_path.read_bytes())
    switching.undo(tmp_path, "the former one does not serve either")
    assert launch.config_path.read_text() == changed


async def test_what_the_application_asked_for_is_done(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "kept")
    await back_up(launch)
    damage(launch)
    asked = HealEvent("a", SystemClock.now(), "database", "restore_database")
    await LocalHealFolder(tmp_path, lambda: 9).note(asked)
    # Nothing of it can be read: what is left is the snapshot, at once.
    tried = [("database", "salvage_database", "failed"), ("database", "restore_database", "running")]
    assert await look(launch, code=exits.DAMAGED) == (True, tried)
    assert switching.is_waiting(tmp_path)


async def test_salvage_that_is_cut_off_is_begun_anew_and_what_cannot_be_saved_is_restored(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "old")
    await back_up(launch)
    await remember(launch, "acknowledged since")
    spoil_exchanges(launch)
    folder, now = LocalHealFolder(tmp_path, lambda: 9), SystemClock.now()
    begun = (LogLine(now, "begun"),)
    await folder.note(HealEvent("cut off", now, "database", "salvage_database", "start", steps=begun))
    left = tmp_path / ".crawdad.db.left.new"
    left.mkdir()
    assert await look(launch, code=exits.DAMAGED) == (True, [("database", "salvage_database", "running")])
    assert not left.exists()
    await asyncio.to_thread(switching.withdraw, tmp_path)  # nobody has seen it help
    assert await look(launch, code=exits.DAMAGED) == (True, [("database", "restore_database", "running")])


def test_what_came_after_the_snapshot_is_kept(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    asyncio.run(remember(launch, "old"))
    backup = asyncio.run(back_up(launch))
    asyncio.run(remember(launch, "acknowledged since"))
    spoil_exchanges(launch)
    acted = asyncio.run(look(launch, code=exits.DAMAGED))
    assert acted == (True, [("database", "salvage_database", "running")])
    switching.begin(tmp_path)
    switching.keep(tmp_path)
    assert asyncio.run(remembered(launch)) == "acknowledged since"
    report = (tmp_path / "reports" / asyncio.run(newest(launch)).report).read_text()
    assert backup in report and "exchange_totals: 0 rows read" in report and "数量未知" in report
    assert [path for path in tmp_path.glob(".crawdad.db.*.old") if path.stat().st_size], "the damaged one is kept"


def spoil_exchanges(launch: Launch) -> None:
    """The one page of a table."""
    path = launch.home / "crawdad.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (number,) = connection.execute("SELECT pageno FROM dbstat WHERE name = 'exchange_totals'").fetchone()
    with path.open("r+b") as file:
        file.seek((number - 1) * 4096)
        file.write(os.urandom(4096))


async def test_switched_off_nothing_is_touched(tmp_path: Path) -> None:
    launch = make_home(tmp_path, healing={"enabled": False})
    await remember(launch, "kept")
    await back_up(launch)
    damage(launch)
    assert await look(launch, code=exits.DAMAGED) == (False, [])
    assert await damage_of(tmp_path / "crawdad.db") is not None


async def test_a_plugin_that_came_since_is_set_down_before_anything_else_is_guessed(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "kept")
    await remember_good(launch)
    folder = _plugin(tmp_path / "extra")
    change(launch, plugins={"load": {"paths": [folder]}, "entries": {"killer": {"enabled": True}}})
    assert await look(launch) == (True, [("plugin", "set_down_plugin", "running")])
    async with open_database(f"sqlite:///{tmp_path / 'crawdad.db'}") as database:
        assert "killer" in await KeyValues(database).get("plugins.down")


def test_what_a_dead_process_did_is_told_and_what_a_living_one_does_is_not(tmp_path: Path) -> None:
    living, ended = StepRecord(tmp_path), StepRecord(tmp_path)
    living.open()
    living.enter("alive")
    ended.open()
    ended.enter("done")
    ended.leave()
    ended.close()
    pid = os.fork()
    if pid == 0:  # dies like one that a plugin ends
        try:
            record = StepRecord(tmp_path)
            record.open()
            with record.loading("slow"):
                record.enter("killer")
                os._exit(9)
        finally:
            os._exit(1)
    os.waitpid(pid, 0)
    assert died_in_steps(tmp_path, 50.0, 0.0) == [(50.0, "killer")]
    assert died_in_steps(tmp_path, 60.0, 0.0) == [(50.0, "killer")]
    assert died_in_steps(tmp_path, 60.0, 55.0) == []
    assert len(list(tmp_path.glob("*.step"))) == 1, "that of the one that lives"
    living.close()


def test_whoever_is_killed_while_it_looks_has_lost_no_death_and_counts_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    record = StepRecord(tmp_path)
    record.open()
    record.enter("killer")
    assert record._map is not None
    record._map.close()
    os.close(record._descriptor)  # all as a death does it
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "unlink", killed)
        died_in_steps(tmp_path, 50.0, 0.0)
    assert died_in_steps(tmp_path, 60.0, 0.0) == [(50.0, "killer")]
    assert list(tmp_path.glob("*.step")) == []


def test_a_damaged_database_and_a_broken_configuration_are_mended_and_it_serves(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    asyncio.run(remember(launch, "acknowledged"))
    backup = asyncio.run(back_up(launch))
    damage(launch)
    launch.config_path.write_text('{"gateway": {"port": 0')
    with running(tmp_path, PYTHONPATH=str(ROOT / "src")) as crawdad:
        serving(crawdad)
        mended = crawdad.event("mended")
        assert [each["remedy"] for each in mended["events"]] == [
            "restore_configuration",
            "salvage_database",
            "restore_database",
        ]
        assert not crawdad.state()["safe_mode"] and crawdad.health()
        wanted = {"restore_database", "restore_configuration", "replace"}
        eventually(lambda: wanted <= _healed(tmp_path), "the events in the table", _PATIENCE)
    assert asyncio.run(remembered(launch)) == "acknowledged"
    assert [path for path in tmp_path.glob(".crawdad.db.*.old") if path.stat().st_size], "the damaged one is kept"
    reports = "".join(path.read_text() for path in (tmp_path / "reports").glob("*database*.md"))
    assert backup in reports and "it helped" in reports and "已恢复" in reports


def test_a_plugin_that_kills_the_process_is_set_down(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    change(launch, plugins={"load": {"paths": [_plugin(tmp_path / "extra")]}, "entries": {"killer": {"enabled": True}}})
    with running(tmp_path, PYTHONPATH=str(ROOT / "src")) as crawdad:
        # By the look before a start where it dies fast, else by the start that follows the third death.
        eventually(lambda: "set_down_plugin" in _noted(tmp_path), "the plugin to be set down", _PATIENCE)
        crashed = [each["pid"] for each in crawdad.events() if each["event"] == "application_crashed"]
        assert len(crashed) == 3
        serving(crawdad, *crashed)
        assert crawdad.health() and not crawdad.state()["safe_mode"]


def test_without_a_backup_the_panels_come_back_all_the_same(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    asyncio.run(remember(launch, "lost"))
    damage(launch)
    with running(tmp_path, PYTHONPATH=str(ROOT / "src")) as crawdad:
        serving(crawdad)
        assert crawdad.state()["safe_mode"] and crawdad.health()
        tried = [each["remedy"] for each in crawdad.event("mended")["events"]]
        assert tried == ["salvage_database", "restore_database", "safe_mode"]
    assert asyncio.run(damage_of(tmp_path / "crawdad.db")) is not None, "what is left of it stays"


def test_a_taken_port_is_written_down_with_its_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with running(tmp_path, CRAWDAD_PORT=str(port)) as crawdad:
            assert crawdad.end(_PATIENCE) == exits.ADDRESS_TAKEN
    (report,) = (tmp_path / "reports").glob("*_port_*.md")
    assert f"port {port} is held by" in report.read_text() and f"({os.getpid()})" in report.read_text()


def serving(crawdad: Running, *gone: int) -> None:
    """Wait until a process serves that is none of those."""

    def look() -> bool:
        state = crawdad.state()
        return state.get("state") == "ready" and state["application"]["pid"] not in gone

    eventually(look, "an application that serves", _PATIENCE)


def _noted(home: Path) -> set[str]:
    path = home / "heal" / "journal.jsonl"
    return {json.loads(line)["remedy"] for line in path.read_text().splitlines()} if path.exists() else set()


def _plugin(folder: Path) -> str:
    folder.mkdir()
    (folder / "crawdad.plugin.json").write_text(json.dumps({**MANIFEST, "offers": {"services": ["die"]}}))
    (folder / "killer.py").write_text(KILLER)
    return str(folder)


def _healed(home: Path) -> set[str]:
    with sqlite3.connect(f"file:{home / 'crawdad.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT event FROM heal_events WHERE status = 'healed'").fetchall()
    return {json.loads(text)["remedy"] for (text,) in rows}

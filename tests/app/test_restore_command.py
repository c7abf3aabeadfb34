"""`crawdad backup` and `crawdad restore` beside a real gateway under its supervisor."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawdad.app import switching
from tests.app.processes import ROOT
from tests.support.server import UP, Gateway, running_gateway, settings
from tests.support.waiting import eventually


def crawdad(gateway: Gateway, *arguments: str) -> tuple[int, Any]:
    """A command on the gateway's home: its exit code, and its JSON."""
    with begun(gateway, *arguments) as process:
        shown, said = process.communicate(timeout=120)
    assert shown, said
    return process.returncode, json.loads(shown)


def begun(gateway: Gateway, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **{"PYTHONPATH": str(ROOT / "src"), "CRAWDAD_LANG": "en"},
    }
    command = [sys.executable, "-m", "crawdad.app.main", *arguments, "--home", str(gateway.home), "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def events(gateway: Gateway) -> list[str]:
    lines = (gateway.home / "logs" / "supervisor.jsonl").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}), command=UP) as running:
        yield running


def keys(gateway: Gateway) -> set[str]:
    _, found = crawdad(gateway, "keys", "list")
    return {key["name"] for key in found["keys"]}


def test_a_restore_under_a_running_gateway_and_its_undoing(gateway: Gateway) -> None:
    crawdad(gateway, "keys", "create", "first")
    code, backup = crawdad(gateway, "backup", "create")
    assert code == 0 and backup["database"] == "sqlite"
    crawdad(gateway, "keys", "create", "second")
    (gateway.home / "workspace").mkdir(exist_ok=True)
    code, restored = crawdad(gateway, "restore", backup["id"], "--only", "database")
    assert (code, restored["outcome"]) == (0, "kept"), gateway.log()
    assert keys(gateway) == {"first"}
    code, undone = crawdad(gateway, "restore", restored["undo"], "--only", "database")
    assert (code, undone["outcome"]) == (0, "kept")
    assert keys(gateway) == {"first", "second"}
    assert events(gateway).count("switch_applied") == 2 and "application_crashed" not in events(gateway)


def test_the_configuration_is_kept_at_every_change(gateway: Gateway) -> None:
    def kept() -> list[Any]:
        return [each for each in crawdad(gateway, "backup", "list")[1]["backups"] if each["reason"] == "change"]

    eventually(lambda: len(kept()) == 1, "the first backup")
    crawdad(gateway, "config", "set", "logging.level", "debug")
    eventually(lambda: len(kept()) == 2, "a backup of the change")
    _, found = crawdad(gateway, "backup", "diff", kept()[1]["id"], kept()[0]["id"])
    assert '"level": "debug"' in found["diff"]
    crawdad(gateway, "restore", kept()[1]["id"], "--only", "config")
    assert crawdad(gateway, "config", "get", "logging.level")[1]["value"] == "info"
    assert "making_room" not in events(gateway)


def test_a_database_that_the_application_cannot_live_with_gives_way_again(gateway: Gateway) -> None:
    """What the rehearsal cannot know: the application does not come up with it."""
    crawdad(gateway, "keys", "create", "first")
    bad = gateway.home / "bad.db"
    bad.write_bytes(b"this is no database" * 1000)
    target = str(gateway.home / "crawdad.db")
    moves = [switching.Move(target, str(bad), f"{target}.old")]
    moves += [switching.Move(f"{target}{end}", "", f"{target}{end}.old") for end in ("-wal", "-shm")]
    switching.prepare(gateway.home, "s", "restore", moves, {})
    os.kill(gateway.pid, signal.SIGHUP)
    eventually(lambda: switching.last(gateway.home) is not None, "the end of the switch")
    last = switching.last(gateway.home)
    assert last is not None and last.state == "undone" and last.reason
    eventually(lambda: gateway._ready(), "the gateway")
    assert keys(gateway) == {"first"} and "safe_mode" not in events(gateway)


@pytest.mark.parametrize("after", ["prepared", "applying", "trial"])
def test_a_supervisor_killed_in_the_middle(gateway: Gateway, after: str) -> None:
    crawdad(gateway, "keys", "create", "first")
    _, backup = crawdad(gateway, "backup", "create")
    crawdad(gateway, "keys", "create", "second")
    gateway.kill()
    lock = switching.share(gateway.home)
    code, restored = crawdad(gateway, "restore", backup["id"], "--only", "database")
    assert (code, restored["outcome"]) == (0, "waiting")
    os.close(lock)
    journal = switching.read(gateway.home)
    assert journal is not None and journal.state == "prepared"
    if after != "prepared":
        half_done(gateway.home, journal, whole=after == "trial")
    gateway.start()
    eventually(lambda: switching.read(gateway.home) is None, "the end of the switch")
    assert keys(gateway) == {"first"}


def test_a_restore_killed_before_its_rows_are_written_has_done_nothing(gateway: Gateway) -> None:
    environment = gateway.home / ".env"
    environment.write_text("NAME=then\n")
    _, backup = crawdad(gateway, "backup", "create", "--config-only")
    environment.write_text("NAME=now\n")
    assert crawdad(gateway, "cron", "add", "now", "--cron", "0 3 * * *", "--message", "go")[0] == 0
    gateway.kill()
    with closing(sqlite3.connect(gateway.home / "crawdad.db", isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        with begun(gateway, "restore", backup["id"]) as restoring:
            eventually(lambda: switching.read(gateway.home) is not None, "the journal")
            restoring.kill()
    gateway.start()
    eventually(lambda: switching.read(gateway.home) is None, "the end of the switch")
    gateway.kill()
    with closing(sqlite3.connect(gateway.home / "crawdad.db")) as database:
        assert database.execute("SELECT name FROM cron_jobs").fetchall() == [("now",)]
    assert environment.read_text() == "NAME=now\n", "of one restore all stands or nothing"
    assert not list(gateway.home.glob(".*.new")), "nothing is left lying about"


def test_a_restore_killed_after_its_rows_were_written_is_done_by_the_next_start(gateway: Gateway) -> None:
    environment, staged = gateway.home / ".env", gateway.home / ".staged"
    environment.write_text("NAME=now\n")
    gateway.kill()
    staged.write_text("NAME=then\n")
    with closing(sqlite3.connect(gateway.home / "crawdad.db")) as database, database:
        database.execute("INSERT INTO key_values (key, value) VALUES ('backups.rows_of', '\"s\"')")
    moves = [switching.Move(str(environment), str(staged), str(gateway.home / ".aside"))]
    switching.prepare(gateway.home, "s", "restore", moves, {}, rows=True)
    gateway.start()
    eventually(lambda: switching.read(gateway.home) is None, "the end of the switch")
    last = switching.last(gateway.home)
    assert last is not None and last.state == "kept" and environment.read_text() == "NAME=then\n"
    assert "application_crashed" not in events(gateway)[events(gateway).index("making_room") :]


def test_a_restore_that_waits_for_its_database_is_ended_by_the_command(tmp_path: Path) -> None:
    nobody_runs = cast(Gateway, SimpleNamespace(home=tmp_path))
    staged = tmp_path / ".staged"
    staged.write_text("then")
    moves = [switching.Move(str(tmp_path / ".env"), str(staged), str(tmp_path / ".aside"))]
    switching.prepare(tmp_path, "s", "restore", moves, {"backup": "b0", "safety": "b1"}, rows=True)
    assert crawdad(nobody_runs, "restore", "--abandon") == (0, {"outcome": "abandoned", "backup": "b0", "undo": "b1"})
    last = switching.last(tmp_path)
    assert last is not None and last.state == "undone" and not staged.exists()
    code, said = crawdad(nobody_runs, "restore", "--abandon")
    assert (code, said["error"]["code"]) == (1, "no_switch")


def half_done(home: Path, journal: Any, *, whole: bool) -> None:
    """As a kill leaves it."""
    if whole:
        switching.begin(home)
        return
    moves = tuple(move._replace(had=os.path.lexists(move.target)) for move in journal.moves)
    switching._write(home, journal._replace(state="applying", moves=moves))
    os.rename(moves[0].target, moves[0].aside)

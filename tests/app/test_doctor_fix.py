"""`crawdad doctor --fix` on a real installation with faults planted in it: each is told, repaired, and gone."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits, main, record, switching
from crawdad.app.doctor import running, sqlite
from crawdad.app.service import wish
from crawdad.store.database import open_database
from crawdad.store.migrations import HEAD

Capture = pytest.CaptureFixture[str]
CONFIGURATION = {"gateway": {"port": 0}, "models": {"discoverLocal": False}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that has run: configuration, database and logs."""
    home = tmp_path / "home"
    record.make_home(home)
    (home / "openclaw.json").write_text(json.dumps(CONFIGURATION))
    monkeypatch.setenv("CRAWDAD_HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("CRAWDAD_CONFIG", "CRAWDAD_PORT", "CRAWDAD_TOKEN", "CRAWDAD_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)

    async def make() -> None:
        async with open_database(f"sqlite:///{home / 'crawdad.db'}"):
            pass

    asyncio.run(make())
    for path in home.iterdir():
        if path.is_file():
            path.chmod(0o600)
    return home


def report(capsys: Capture, *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main.run(["doctor", "--offline", "--json", *arguments]) == code
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def found(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in document["findings"]}


def fixed(capsys: Capture, fault: str, *, code: int = 0) -> dict[str, Any]:
    """Repair everything: what was done about `fault`, which is gone then."""
    before = found(report(capsys, code=code))
    assert before[fault]["fixable"] and before[fault]["advice"]
    after = report(capsys, "--fix", "--yes")
    assert fault not in found(after)
    (done,) = [each for each in after["fixes"] if each["id"] == fault]
    assert done["done"] and not done["error"]
    result: dict[str, Any] = done
    return result


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_healthy_installation_has_nothing_to_repair(capsys: Capture, home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.suffix != ".lock"}
    document = report(capsys, "--fix", "--yes")
    assert document["fixes"] == [] and document["warned"] == 1  # there is no key yet
    assert {each["id"] for each in document["findings"] if each["verdict"] != "ok"} == {"keys_none"}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_permissions(capsys: Capture, home: Path) -> None:
    home.chmod(0o755)
    (home / "secret.key").write_text("x")
    (home / "secret.key").chmod(0o644)
    fixed(capsys, "secrets_open")
    assert (mode(home), mode(home / "secret.key")) == (0o700, 0o600)


def test_a_link_counts_as_what_it_leads_to(capsys: Capture, home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    (home / "openclaw.json").rename(kept)
    (home / "openclaw.json").symlink_to(kept)
    assert "secrets_ok" in found(report(capsys))
    kept.chmod(0o640)
    fixed(capsys, "secrets_open")
    assert mode(kept) == 0o600


def test_what_a_killed_supervisor_left(capsys: Capture, home: Path) -> None:
    record.write_state(home, {"pid": 1, "state": "ready", "addresses": []})
    old = home / "supervisor.new"
    old.touch()
    os.utime(old, (0, 0))
    done = fixed(capsys, "leftovers_found")
    assert not (home / "supervisor.json").exists() and not old.exists()
    assert [json.loads(Path(copy).read_text())["pid"] for copy in done["copies"] if copy.endswith(".json")] == [1]
    record.write_state(home, {"pid": 1, "state": "ready", "addresses": []})
    holding = record.lock(home)  # a supervisor that lives
    assert "leftovers_found" not in found(report(capsys))
    os.close(holding)


def test_what_a_killed_restore_had_laid_out(capsys: Capture, home: Path) -> None:
    staged = home / ".crawdad.db.0192.new"
    staged.mkdir()
    (staged / "crawdad.db").write_bytes(b"x" * 1000)
    assert "leftovers_found" not in found(report(capsys)), "it may be at it this very moment"
    os.utime(staged, (0, 0))
    switching.prepare(home, "0192", "restore", [], {"leftovers": [str(staged)]})
    assert "leftovers_found" not in found(report(capsys)), "it is wanted yet"
    switching.withdraw(home)
    rehearsal = home / "rehearsal-x"
    for folder in (staged, rehearsal):
        folder.mkdir()
        os.utime(folder, (0, 0))
    fixed(capsys, "leftovers_found")
    assert not staged.exists() and not rehearsal.exists()


def test_the_copy_is_of_the_file_as_it_was_before_any_repair(capsys: Capture, home: Path) -> None:
    path = home / "openclaw.json"
    text = json.dumps({**CONFIGURATION, "zzqx": 1, "zzqy": 2})
    path.write_text(text)
    done = report(capsys, "--fix", "--yes")["fixes"]
    assert len(done) == 2 and "zzq" not in path.read_text()
    assert {Path(copy).read_text() for each in done for copy in each["copies"]} == {text}
    path.write_text(text.replace("zzq", "zzp"))
    again = report(capsys, "--fix", "--yes")["fixes"]
    assert not {copy for each in again for copy in each["copies"]} & {copy for each in done for copy in each["copies"]}


def test_an_unknown_key_goes_and_a_wrong_value_stays(capsys: Capture, home: Path) -> None:
    path = home / "openclaw.json"
    path.write_text(
        '{\n  // mine\n  "gateway": {"port": 0},\n  "models": {"discoverLocal": false},\n  "zzqx": {"a": 1}\n}\n'
    )
    done = fixed(capsys, "configuration.key.unknown")
    assert "zzqx" not in path.read_text() and "// mine" in path.read_text()
    assert "zzqx" in Path(done["copies"][0]).read_text() and mode(Path(done["copies"][0])) == 0o600
    path.write_text('{"gateway": {"port": "many"}}')
    after = report(capsys, "--fix", "--yes", code=exits.PROBLEM)
    assert after["fixes"] == [] and "many" in path.read_text()


def test_a_broken_index_is_made_anew(capsys: Capture, home: Path) -> None:
    path = home / "crawdad.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE planted (a INTEGER)")
        connection.execute("CREATE INDEX planted_index ON planted (a)")
        # A partial index whose condition is changed behind its back lacks the rows that it should have.
        connection.execute("INSERT INTO planted VALUES (1), (2), (3)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX planted_index ON planted (-a)' WHERE name = 'planted_index'"
        )
    done = fixed(capsys, "index_broken", code=exits.PROBLEM)
    (copy,) = done["copies"]
    assert mode(Path(copy)) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM planted").fetchone() == (3,)


def test_a_damaged_file_is_told_and_left(capsys: Capture, home: Path) -> None:
    path = home / "crawdad.db"
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 4))
    before = path.read_bytes()
    after = report(capsys, "--fix", "--yes", code=exits.PROBLEM)
    finding = found(after)["database_damaged"]
    assert not finding["fixable"] and "restore" in finding["advice"] and path.read_bytes() == before


def test_older_tables_are_not_touched_before_somebody_says_so(capsys: Capture, home: Path) -> None:
    path = home / "crawdad.db"

    def revision(to: str | None = None) -> str:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            if to is not None:
                connection.execute("UPDATE alembic_version SET version_num = ?", (to,))
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])

    revision("9999")
    assert "schema_newer" in found(report(capsys, code=exits.PROBLEM))
    revision("0001")
    assert found(report(capsys))["schema_old"]["fixable"] and revision() == "0001"
    # These tables are the newest already, so that the way up must fail: it is told, and what was is kept.
    failed = report(capsys, "--fix", "--yes", code=exits.PROBLEM)
    (done,) = failed["fixes"]
    assert done["id"] == "schema_old" and done["error"] and done["copies"]
    path.unlink()

    async def made() -> None:
        async with open_database(f"sqlite:///{path}"):
            pass

    asyncio.run(made())
    assert revision() == HEAD


def test_a_large_log_of_writes(capsys: Capture, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_LARGE_LOG", 100_000)
    with closing(sqlite3.connect(home / "crawdad.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE planted (a BLOB)")
        writer.execute("INSERT INTO planted VALUES (zeroblob(300000))")
        for path in home.glob("crawdad.db-*"):
            path.chmod(0o600)
        fixed(capsys, "wal_large")
        assert (home / "crawdad.db-wal").stat().st_size < 100_000


def test_an_application_without_a_supervisor_is_ended(capsys: Capture, home: Path) -> None:
    words = ["crawdad.app.server", "--home", str(home)]
    # Its parent is this test, which is no supervisor.
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", *words], start_new_session=True
    ) as orphan:
        try:
            done = fixed(capsys, "orphan_application")
            assert str(orphan.pid) in done["done"][0] and orphan.poll() is not None
        finally:
            orphan.kill()


def test_a_program_in_the_workspace_is_only_told(capsys: Capture, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "600"], cwd=home) as program:
        monkeypatch.setattr(running, "_is_left", lambda one, _: one.pid == program.pid)
        finding = found(report(capsys))["orphan_programs"]
        assert str(program.pid) in finding["message"] and not finding["fixable"]
        program.kill()


def test_tokens_programs_and_an_old_service(capsys: Capture, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "12345:not-the-form"
    settings = {
        **CONFIGURATION,
        "channels": {"telegram": {"botToken": secret}, "slack": {"botToken": "xoxb-1234567890-abc"}},
        "mcp": {"servers": {"files": {"command": "no-such-program-here"}}},
    }
    (home / "openclaw.json").write_text(json.dumps(settings))
    unit = home.parent / "config" / "systemd" / "user" / "crawdad.service"
    unit.parent.mkdir(parents=True)
    assert main.run(["service", "install", "--print"]) == 0
    unit.write_text(capsys.readouterr().out)
    assert found(report(capsys))["service_ok"]
    monkeypatch.setattr(wish, "EDITION", wish.EDITION + 1)
    document = report(capsys)
    assert "service_old" in found(document)
    assert "telegram.botToken" in found(document)["token_odd"]["message"] and secret not in json.dumps(document)
    assert [each["id"] for each in document["findings"]].count("token_odd") == 1
    assert "no-such-program-here" in found(document)["program_missing"]["message"]


def test_nobody_is_repaired_unasked(capsys: Capture, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.chmod(0o755)
    assert "--yes" in report(capsys, "--fix", code=exits.USAGE)["error"]["message"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []

    def answer(question: str, default: bool) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("typer.confirm", answer)
    assert main.run(["doctor", "--offline", "--fix"]) == 0
    assert str(home) in asked[0] and mode(home) == 0o755
    assert not (home / "doctor").exists()

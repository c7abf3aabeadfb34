"""`crawdad service` and `crawdad probe`: what is written for systemd and launchd, and what is done with it."""

from __future__ import annotations

import configparser
import json
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits, main, versions
from crawdad.app.commands import service
from crawdad.app.launch import Launch
from crawdad.app.service.launchd import Launchd
from crawdad.app.service.systemd import Systemd, quoted
from crawdad.app.service.wish import EDITION, Wish, edition_of, left_behind, search_path, wish_for
from tests.app.processes import environment, running

Capture = pytest.CaptureFixture[str]


def wish(home: Path, **changes: Any) -> Wish:
    launch = Launch.from_environment(str(home), environment={"PATH": "/usr/bin:/bin", "CRAWDAD_LANG": "zh"})
    made = wish_for(launch, name="crawdad", system=False, user="root", new_privileges=False)
    return made._replace(**changes)


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_unit_waits_for_readiness_watches_and_lets_requests_finish(tmp_path: Path) -> None:
    parsed = unit(Systemd().text(wish(tmp_path, drain_seconds=100.0)))["Service"]
    assert parsed["Type"] == "notify" and float(parsed["WatchdogSec"]) > 0
    assert parsed["Restart"] == "always" and int(parsed["TimeoutStopSec"]) > 100
    assert parsed["NoNewPrivileges"] == "yes" and parsed["OOMPolicy"] == "continue"
    assert parsed["ExecStart"].startswith(sys.executable) and str(tmp_path) in parsed["ExecStart"]
    assert "ProtectSystem" not in parsed  # the user's own systemd may have no right to mount
    assert parsed["LockPersonality"] == parsed["RestrictRealtime"] == "yes"


@pytest.mark.parametrize("system", [False, True])
def test_programs_may_gain_privileges_where_that_was_wished(tmp_path: Path, system: bool) -> None:
    """systemd.exec(5): without CAP_SYS_ADMIN each filter of system calls implies NoNewPrivileges=yes."""
    free = unit(Systemd().text(wish(tmp_path, new_privileges=True, system=system, user="a" if system else "")))[
        "Service"
    ]
    implying = ("LockPersonality", "RestrictRealtime", "ProtectKernelModules", "RestrictSUIDSGID", "PrivateDevices")
    assert not {"NoNewPrivileges", "CapabilityBoundingSet", *implying} & set(free)
    assert not [name for name in free if name.startswith(("SystemCall", "Restrict", "MemoryDeny", "ProtectKernel"))]


def test_a_unit_of_the_system(tmp_path: Path) -> None:
    launch = Launch.from_environment(environment={"CRAWDAD_PORT": "443", "CRAWDAD_TOKEN": "secret"})
    made = wish_for(launch, name="crawdad", system=True, user="crawdad", new_privileges=False)
    text = Systemd().text(made)
    parsed = unit(text)["Service"]
    assert parsed["User"] == "crawdad" and parsed["StateDirectory"] == "crawdad"
    assert "/var/lib/crawdad" in parsed["ExecStart"] and parsed["ProtectSystem"] == "full"
    assert parsed["AmbientCapabilities"] == parsed["CapabilityBoundingSet"] == "CAP_NET_BIND_SERVICE"
    assert "secret" not in text and left_behind(launch.environment) == ["CRAWDAD_TOKEN"]
    assert left_behind({"https_proxy": "http://user:secret@10.0.0.1", "LANG": "C"}) == ["https_proxy"]
    named = Launch.from_environment(str(tmp_path), environment={})
    assert wish_for(named, name="a", system=True, user="b", new_privileges=False).launch.home == tmp_path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("system", [False, True])
def test_systemd_finds_nothing_to_complain_about(tmp_path: Path, system: bool) -> None:
    file = tmp_path / "crawdad-under-test.service"
    odd = tmp_path / 'a "home" with % and $HOME'
    file.write_text(Systemd().text(wish(odd, system=system, user="root" if system else "")))
    command = ["systemd-analyze", *([] if system else ["--user"]), "verify", str(file)]
    variables = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    answer = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_words_of_a_unit_mean_themselves() -> None:
    assert quoted("/usr/bin/python3") == "/usr/bin/python3"
    assert quoted('a b"\\%$') == '"a b\\"\\\\%%$$"'
    assert quoted("") == '""'
    made = Systemd().text(wish(Path("/srv/a$b"), path="/opt/$x/bin", system=True, user="a"))
    assert 'up --home "/srv/a$$b"' in made
    # systemd.exec(5): no variables are filled in here, so that a dollar is one.
    assert 'Environment="PATH=/opt/$x/bin"' in made or "Environment=PATH=/opt/$x/bin" in made
    assert "ReadWritePaths=-/srv/a$b" in made
    assert search_path("/usr/bin:.:bin:/usr/bin/:/bin:") == "/usr/bin:/bin"


def test_a_service_is_started_with_what_no_update_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update, installed = tmp_path / "versions" / "99.0.0" / "bin" / "python", tmp_path / "venv" / "bin" / "python"
    for python in (update, installed):
        python.parent.mkdir(parents=True)
        python.touch(mode=0o755)
    (tmp_path / "versions" / "current").symlink_to("99.0.0")
    begun: list[Any] = []
    monkeypatch.setattr(sys, "executable", str(installed))
    monkeypatch.setattr(os, "execve", lambda *arguments: begun.append(arguments))
    versions.make_room(tmp_path, ["service", "install"])
    (python, _, variables), *_ = begun
    assert python == str(update)
    monkeypatch.setattr(sys, "executable", python)
    launch = Launch.from_environment(str(tmp_path), environment=variables)
    made = wish_for(launch, name="crawdad", system=False, user="", new_privileges=False)
    assert made.python == str(installed) and not left_behind({versions.ORIGIN: "x"})
    installed.unlink()
    assert wish_for(launch, name="crawdad", system=False, user="", new_privileges=False).python == str(update)


def test_the_property_list(tmp_path: Path) -> None:
    text = Launchd().text(wish(tmp_path))
    facts = plistlib.loads(text.encode())
    assert facts["ProgramArguments"][:4] == [sys.executable, "-P", "-m", "crawdad.app.main"]
    assert facts["KeepAlive"] is True and facts["ExitTimeOut"] > 30 and facts["Umask"] == 0o077
    assert facts["EnvironmentVariables"] == {"PATH": "/usr/bin:/bin", "CRAWDAD_LANG": "zh"}
    assert "UserName" not in facts
    daemon = wish(tmp_path, system=True, user="crawdad")
    assert plistlib.loads(Launchd().text(daemon).encode())["UserName"] == "crawdad"
    assert Launchd().file(daemon) == Path("/Library/LaunchDaemons/crawdad.crawdad.plist")
    assert Launchd().install(daemon, start=True)[0][:3] == ["launchctl", "bootstrap", "system"]
    assert edition_of(text) == edition_of(Systemd().text(daemon)) == EDITION
    assert edition_of("[Unit]\nDescription=Mine\n") is None


SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$RECORD"
case "$*" in *status*) echo "active (running)"; [ -e "$RECORD.stopped" ] && exit 3;; esac
[ -e "$RECORD.leaving" ] && case "$*" in *status*) mv "$RECORD.leaving" "$RECORD.stopped";; esac
case "$*" in *enable*) [ -e "$RECORD.broken" ] && { echo "no bus" >&2; exit 1; };; esac
exit 0
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemd that only writes down what it is told; where it does so."""
    folder, record = tmp_path / "bin", tmp_path / "record"
    folder.mkdir()
    (folder / "systemctl").write_text(SYSTEMCTL)
    (folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(record))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CRAWDAD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(service, "present", Systemd)
    return record


def document(capsys: Capture, *arguments: str, code: int = 0) -> Any:
    assert main.run(["service", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_installed_looked_at_brought_up_to_date_and_removed(
    capsys: Capture, systemctl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert document(capsys, "status", code=exits.PROBLEM)["error"]["installed"] is False
    for name in [name for name in os.environ if name.startswith("CRAWDAD_") and name != "CRAWDAD_HOME"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CRAWDAD_SECRET_KEY", "x" * 32)
    done = document(capsys, "install")
    file = Path(done["file"])
    assert file.name == "crawdad.service" and file.is_relative_to(systemctl.parent / "config")
    assert done["variables_left"] == ["CRAWDAD_SECRET_KEY"] and "xxx" not in file.read_text()
    assert systemctl.read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable crawdad.service",
        "--user restart crawdad.service",
    ]
    assert document(capsys, "status")["running"] is True
    systemctl.with_name("record.stopped").touch()
    assert document(capsys, "status", code=exits.PROBLEM)["running"] is False
    assert (systemctl.parent / "home" / "logs").stat().st_mode & 0o777 == 0o700, "launchd makes no folders"
    file.write_text(file.read_text() + "# by hand\n")
    again = document(capsys, "install", "--no-start")
    assert "by hand" in Path(again["kept"]).read_text() and "by hand" not in file.read_text()
    assert systemctl.read_text().splitlines()[-1] == "--user enable crawdad.service"
    document(capsys, "uninstall")
    assert not file.exists()
    assert systemctl.read_text().splitlines()[-2:] == ["--user disable --now crawdad.service", "--user daemon-reload"]


def test_what_is_on_its_way_out_is_waited_for(capsys: Capture, systemctl: Path) -> None:
    document(capsys, "install")
    systemctl.with_name("record.leaving").touch()
    systemctl.write_text("")
    document(capsys, "install")
    status = "--user status --no-pager --lines=0 crawdad.service"
    told = [line for line in systemctl.read_text().splitlines() if "daemon" not in line]
    assert told == [
        "--user disable --now crawdad.service",
        *(status, status),
        "--user enable crawdad.service",
        "--user restart crawdad.service",
    ]


def test_nobody_elses_unit_is_touched(capsys: Capture, systemctl: Path) -> None:
    file = systemctl.parent / "config" / "systemd" / "user" / "crawdad.service"
    file.parent.mkdir(parents=True)
    file.write_text("[Service]\nExecStart=/bin/true\n")
    for verb in ("install", "uninstall"):
        assert str(file) in document(capsys, verb, code=exits.PROBLEM)["error"]["message"]
    assert file.read_text() == "[Service]\nExecStart=/bin/true\n" and not systemctl.exists()


def test_what_goes_wrong_is_told(capsys: Capture, systemctl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemctl.with_name("record.broken").touch()
    message = document(capsys, "install", code=exits.PROBLEM)["error"]["message"]
    assert "systemctl --user enable crawdad.service" in message and "no bus" in message
    assert document(capsys, "install", "--name", "../x", code=exits.USAGE)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert document(capsys, "install", "--system", code=exits.DENIED)
    monkeypatch.setattr(service, "present", lambda: None)
    assert "crawdad up" in document(capsys, "install", code=exits.PROBLEM)["error"]["message"]
    assert "[Service]" in document(capsys, "install", "--print")["text"]  # that needs no service manager


def test_the_health_check_is_quick_and_true(tmp_path: Path) -> None:
    def probe(*arguments: str) -> tuple[int, float]:
        command = [sys.executable, "-P", "-m", "crawdad.app.main", "probe", *arguments]
        began = os.times()
        code = subprocess.run(command, env=environment(tmp_path), capture_output=True, timeout=60).returncode
        spent = os.times()
        return code, spent.children_user + spent.children_system - began.children_user - began.children_system

    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        code, seconds = probe()
        assert (code, probe("--live")[0]) == (0, 0)
        port = str(crawdad.port)
        assert probe("--port", port)[0] == 0
    assert seconds < 0.2  # of the processor: what the clock says depends on who else runs
    assert probe("--port", port)[0] == exits.UNREACHABLE  # at the usual one somebody else may be

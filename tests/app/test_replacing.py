"""What the supervisor does where two things happen at once: with processes that the test has in its hand."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import application_processes, exits, recovery, switching, trial
from crawdad.app.control import SupervisorEnd
from crawdad.app.launch import Launch
from crawdad.app.mending_process import Mended
from crawdad.app.process import ApplicationProcess, Patience
from crawdad.app.supervisor import Supervisor


class Process(ApplicationProcess):
    """One whose end and whose words the test decides on."""

    made: list[Process]

    def __init__(self, launch: Launch, *, safe_mode: bool) -> None:
        ours, self.theirs = socket.socketpair()
        self.end, self.safe_mode, self.pid = SupervisorEnd(ours), safe_mode, 100 + len(self.made)
        self.born = self.last_sign = time.monotonic()
        self.started_at, self.drain_seconds = time.time(), 30.0
        self.state, self.has_served, self.asked, self.kill_at = "starting", False, None, None
        self.code: int | None = None
        self.made.append(self)

    def reap(self) -> int | None:
        return self.code

    def _signal(self, number: int) -> None: ...

    def kill(self) -> None: ...


class Look:
    """A look into what fails. `acts`: whether it comes to something."""

    acts = False

    def __init__(self, launch: Launch, facts: dict[str, Any], seconds: float) -> None:
        self.facts, self.pid, self.kill_at, self.killed = facts, 99, time.monotonic() + seconds, False
        self._ours, self.theirs = socket.socketpair()

    def fileno(self) -> int:
        return self._ours.fileno()

    def kill(self) -> None:
        self.killed = True

    def close(self) -> Mended:
        self._ours.close()
        self.theirs.close()
        return Mended(self.acts)


class Stage:
    """A supervisor, step by step."""

    def __init__(self, home: Path) -> None:
        (home / "logs").mkdir()
        self.home = home
        self.supervisor = Supervisor(Launch.from_environment(str(home), environment={}), Patience(backoff=0.0))
        self.supervisor._start_when_due()

    @property
    def current(self) -> Process:
        found = self.supervisor.processes.current
        assert isinstance(found, Process)
        return found

    @property
    def successor(self) -> Process | None:
        found = self.supervisor.processes.successor
        assert found is None or isinstance(found, Process)
        return found

    def serves(self, process: ApplicationProcess | None) -> None:
        assert isinstance(process, Process)
        process.theirs.send(b'{"say": "ready"}\n')
        self.supervisor._listen_to(process)

    def ends(self, process: ApplicationProcess | None, code: int = -signal.SIGSEGV) -> None:
        assert isinstance(process, Process)
        process.code = code
        self.supervisor._reap()

    def hangup(self) -> None:
        self.supervisor._on_signal(signal.SIGHUP)

    def events(self) -> list[str]:
        lines = (self.home / "logs" / "supervisor.jsonl").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines]

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "supervisor.json").read_text())
        return found


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    Process.made = []
    monkeypatch.setattr(application_processes, "ApplicationProcess", Process)
    monkeypatch.setattr(recovery, "MendingProcess", Look)
    monkeypatch.setattr("crawdad.app.supervisor.MendingProcess", Look)
    monkeypatch.setattr("crawdad.app.greeting.greet", lambda *_, **__: None)
    stage = Stage(tmp_path)
    yield stage
    for process in Process.made:
        process.theirs.close()
        process.end.connection.close()
    stage.supervisor.selector.close()


def test_one_that_dies_while_its_successor_begins_leaves_its_place_and_every_wish_to_it(stage: Stage) -> None:
    first = stage.current
    stage.serves(first)
    stage.hangup()
    second = stage.successor
    stage.hangup()  # what has changed meanwhile, the second may have read before
    stage.ends(first)
    assert stage.current is second and stage.successor is None
    assert stage.events()[-1] == "application_crashed"
    stage.serves(second)
    third = stage.successor
    assert third is not None, "the second wish was not granted by the second process"
    stage.serves(third)
    assert stage.current is third and not stage.supervisor.replace_again


def test_safe_mode_ends_with_the_process_that_it_was_the_mode_of(stage: Stage) -> None:
    stage.serves(stage.current)
    stage.supervisor.recovery.safe_mode = True
    stage.hangup()
    stage.ends(stage.current)
    assert stage.state()["safe_mode"] is False, "what is on its way now is the whole application"
    stage.serves(stage.current)
    assert stage.state()["state"] == "ready" and stage.state()["safe_mode"] is False


def test_a_replacement_that_is_asked_for_while_it_is_looked_into_comes_afterwards(stage: Stage) -> None:
    stage.ends(stage.current, exits.CONFIGURATION)
    assert stage.supervisor.recovery.mending is not None
    stage.hangup()
    stage.supervisor._mended()
    stage.supervisor._start_when_due()
    assert not stage.current.safe_mode and "safe_mode" not in stage.events()
    stage.ends(stage.current, exits.CONFIGURATION)
    stage.supervisor._mended()
    stage.supervisor._start_when_due()
    assert stage.current.safe_mode, "the wish was granted once"


def test_a_configuration_that_is_put_right_while_it_is_looked_into_ends_safe_mode(stage: Stage) -> None:
    stage.ends(stage.current, exits.CONFIGURATION)
    (stage.home / "openclaw.json").write_text("{}")
    stage.supervisor._mended()
    watch = stage.supervisor.recovery.watch
    assert watch.gone(1e9, []) == [] and watch.gone(1e9 + 10, []) == ["configuration"]


def test_whoever_stops_it_while_it_is_looked_into_is_not_told_of_safe_mode(stage: Stage) -> None:
    stage.ends(stage.current, exits.DAMAGED)
    look = stage.supervisor.recovery.mending
    assert isinstance(look, Look)
    stage.supervisor._on_signal(signal.SIGTERM)
    assert look.killed and stage.supervisor.exit_code == exits.OK and stage.supervisor.recovery.start_at is None
    assert stage.events()[-3:] == ["mending", "stopping", "mended"]


def test_a_taken_port_is_looked_into_and_then_there_is_an_end(stage: Stage) -> None:
    stage.ends(stage.current, exits.ADDRESS_TAKEN)
    stage.supervisor._mended()
    assert stage.supervisor.exit_code == exits.ADDRESS_TAKEN and "safe_mode" not in stage.events()


def test_what_could_not_be_put_in_place_is_once_the_last_one_that_finished_up_has_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stage.current
    stage.serves(first)
    stage.hangup()
    stage.serves(stage.successor)
    switching.prepare(stage.home, "s1", "restore", (), {})
    lock = switching.share(stage.home)  # that of the first, which finishes what it has begun
    stage.ends(stage.current)
    stage.supervisor._start_when_due()
    third = stage.current
    stage.serves(third)
    assert switching.is_waiting(stage.home) and "switch_waits" in stage.events()
    os.close(lock)
    stage.ends(first, 0)
    assert stage.supervisor.making_room
    stage.ends(third, 0)
    stage.supervisor._start_when_due()
    assert not switching.is_waiting(stage.home) and stage.events()[-2:] == ["switch_applied", "application_started"]


def test_what_was_asked_of_one_on_trial_says_nothing_of_the_next(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/sleep")
    asked: list[int] = []
    real = os.posix_spawn

    def spawn(path: str, arguments: list[str], *more: Any, **options: Any) -> int:
        asked.append(real(path, ["sleep", "600"], *more, **options))
        return asked[-1]

    monkeypatch.setattr(os, "posix_spawn", spawn)
    on_trial = trial.Trial(stage.home, stage.supervisor.log)
    for number in (1, 2):
        switching.prepare(stage.home, f"s{number}", "update", (), {})
        assert on_trial.begin()
        on_trial.probe([("127.0.0.1", 9)])
        assert len(asked) == number and not on_trial.probe_failed()
        assert on_trial.failed("SIGKILL"), "what was before is back"
        with suppress(ChildProcessError):
            raise AssertionError(f"process {os.waitpid(asked[-1], os.WNOHANG)} is still there")


def test_what_a_process_left_behind_is_ended_before_its_number_is_free(tmp_path: Path) -> None:
    killed: list[int] = []

    class Ended(ApplicationProcess):
        def __init__(self) -> None:
            self.pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], os.environ, setpgroup=0)

        def kill(self) -> None:
            os.kill(self.pid, 0)  # raises where it has been forgotten
            killed.append(self.pid)

    process = Ended()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process.reap() == 3 and killed == [process.pid]

"""The supervisor with real processes: what dies is replaced, what runs may finish, and nobody is refused meanwhile."""

from __future__ import annotations

import errno
import http.client
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from crawdad.app import application_processes, exits, supervisor
from crawdad.app.launch import Launch
from crawdad.app.process import ApplicationProcess, Patience
from crawdad.app.record import EventLog, holder
from tests.app.processes import Running, environment, running
from tests.support.waiting import PATIENCE, eventually


def test_greets_with_address_the_way_to_the_token_and_a_line_to_try(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        url = f"http://127.0.0.1:{crawdad.port}"
        crawdad.signal(signal.SIGTERM)
        output, _ = crawdad.process.communicate(timeout=PATIENCE)
        assert url in output and "'crawdad token'" in output and "crawdad/demo" in output
        assert "cd-stand-in-token" not in output, "no terminal: what is printed goes into a log"
        assert crawdad.end() == exits.OK
    with running(tmp_path) as again:
        again.until_ready()
        again.signal(signal.SIGTERM)
        output, _ = again.process.communicate(timeout=PATIENCE)
        assert "'crawdad token'" not in output and "$CRAWDAD_TOKEN" in output


def test_answers_on_both_loopback_families(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        pid = crawdad.until_ready()
        hosts = {host for host, _ in crawdad.state()["addresses"]}
        assert "127.0.0.1" in hosts
        for host in hosts:
            assert crawdad.health(host)["pid"] == pid


def test_a_crash_is_replaced_and_no_connection_refused(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        first = crawdad.until_ready()
        with pytest.raises(ConnectionResetError), crawdad.asking("/crash"):
            pass
        # Nobody accepts at this moment: the connections wait in the sockets that the supervisor holds.
        answers = [crawdad.health() for _ in range(3)]
        assert {answer["pid"] for answer in answers} == {crawdad.until_ready(other_than=first)}
        crash = crawdad.event("application_crashed")
        assert (crash["pid"], crash["exit_code"]) == (first, 7)
        assert crawdad.state()["restarts"] == 1


def test_a_kill_is_told_by_its_signal(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        first = crawdad.until_ready()
        os.kill(first, signal.SIGKILL)
        crawdad.until_ready(other_than=first)
        assert crawdad.event("application_crashed")["signal"] == "SIGKILL"


def test_what_stood_still_together_with_the_supervisor_is_not_taken_for_hung(tmp_path: Path) -> None:
    """`docker pause`, and a machine that is moved: no clock stops, and nobody runs."""
    with running(tmp_path, CRAWDAD_HANG_SECONDS="4") as crawdad:
        first = crawdad.until_ready()
        for pid in (crawdad.process.pid, first):
            os.kill(pid, signal.SIGSTOP)
        until = time.monotonic() + 5
        eventually(lambda: time.monotonic() > until)
        crawdad.signal(signal.SIGCONT)
        assert crawdad.event("stood_still")["seconds"] > 1
        os.kill(first, signal.SIGCONT)
        assert crawdad.health()["pid"] == first
        crawdad.signal(signal.SIGHUP)
        crawdad.until_ready(other_than=first)
        assert "application_hung" not in [each["event"] for each in crawdad.events()]


def test_a_hang_leaves_a_traceback_and_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, CRAWDAD_HANG_SECONDS="1") as crawdad:
        first = crawdad.until_ready()
        with closing(crawdad.connect()) as hanging:
            hanging.request("GET", "/block")
            assert crawdad.event("application_hung")["pid"] == first
            assert crawdad.health()["pid"] != first
        crash = crawdad.event("application_crashed")
        assert crash["hung"] and crash["signal"] == "SIGABRT"
        assert "_test_route" in (tmp_path / "logs" / "traceback.log").read_text()


def test_sigterm_lets_a_stream_finish(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        port = crawdad.port
        with crawdad.asking("/stream?15") as answer:
            assert answer.readline() == b"data: 0\n"
            crawdad.signal(signal.SIGTERM)
            eventually(lambda: _refused(port), "new connections to be refused")
            assert answer.read().endswith(b"data: 14\n\ndata: end\n\n")
        assert crawdad.end() == exits.OK
        assert crawdad.event("application_stopped")["exit_code"] == 0


def test_the_grace_has_an_end(tmp_path: Path) -> None:
    with running(tmp_path, CRAWDAD_TEST_DRAIN="0.3") as crawdad:
        crawdad.until_ready()
        with crawdad.asking("/stream?600") as answer:
            answer.readline()
            crawdad.signal(signal.SIGTERM)
            with pytest.raises(http.client.IncompleteRead):
                answer.read()
        assert crawdad.end() == exits.OK
        assert crawdad.event("application_stopped")["exit_code"] == 0


def test_the_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        with crawdad.asking("/stream?600") as answer:
            answer.readline()
            crawdad.signal(signal.SIGINT)
            crawdad.event("stopping")
            crawdad.signal(signal.SIGINT)
            assert crawdad.end() == exits.INTERRUPTED


class Caller(threading.Thread):
    """Asks for `/healthz` again and again until told to stop, and keeps every answer and every failure."""

    def __init__(self, crawdad: Running, *, keep_alive: bool) -> None:
        super().__init__()
        self.crawdad, self.keep_alive = crawdad, keep_alive
        self.port = crawdad.port
        self.pids: list[int] = []
        self.failures: list[Exception] = []
        self.enough = threading.Event()

    def run(self) -> None:
        connection = self.crawdad.connect()
        while not self.enough.is_set():
            try:
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                assert answer.status == 200
                self.pids.append(int(answer.read().split(b":")[1].split(b",")[0]))
            except (OSError, http.client.HTTPException, AssertionError) as failure:
                self.failures.append(failure)
                connection.close()
            if not self.keep_alive:
                connection.close()
        connection.close()


def test_sighup_replaces_without_a_failed_request(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        first = crawdad.until_ready()
        callers = [Caller(crawdad, keep_alive=keep_alive) for keep_alive in (True, False)]
        with crawdad.asking("/stream?30") as stream:
            stream.readline()
            for caller in callers:
                caller.start()
            try:
                crawdad.signal(signal.SIGHUP)
                second = crawdad.until_ready(other_than=first)
                eventually(lambda: all(each.pids[-1:] == [second] for each in callers), "answers of the replacement")
                crawdad.event("application_stopped")
            finally:
                for caller in callers:
                    caller.enough.set()
                    caller.join()
            assert stream.read().endswith(b"data: end\n\n")
        for caller in callers:
            assert caller.failures == []
            assert set(caller.pids) == {first, second}
        assert crawdad.event("application_replaced")["replaced"] == first
        assert crawdad.state()["restarts"] == 0


def test_a_replacement_that_fails_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path, CRAWDAD_TEST_FAULT="file") as crawdad:
        first = crawdad.until_ready()
        (tmp_path / "fault").touch()
        crawdad.signal(signal.SIGHUP)
        assert crawdad.event("replacement_failed")["exit_code"] == 9
        assert crawdad.health()["pid"] == first


def test_repeated_crashes_lead_to_safe_mode(tmp_path: Path) -> None:
    with running(tmp_path, CRAWDAD_TEST_FAULT="exit") as crawdad:
        crawdad.until_ready()
        assert crawdad.health()["safe_mode"] is True
        crashes = [event for event in crawdad.events() if event["event"] == "application_crashed"]
        assert [crash["exit_code"] for crash in crashes] == [9] * 5
        assert crawdad.state()["safe_mode"] is True


def test_a_bad_configuration_leads_to_safe_mode_at_once(tmp_path: Path) -> None:
    with running(tmp_path, CRAWDAD_TEST_FAULT="configuration") as crawdad:
        crawdad.until_ready()
        assert crawdad.health()["safe_mode"] is True
        assert crawdad.state()["restarts"] == 1


def test_sighup_leaves_safe_mode_when_the_fault_is_gone(tmp_path: Path) -> None:
    (tmp_path / "fault").touch()
    with running(tmp_path, CRAWDAD_TEST_FAULT="file") as crawdad:
        first = crawdad.until_ready()
        assert crawdad.health()["safe_mode"] is True
        (tmp_path / "fault").unlink()
        crawdad.signal(signal.SIGHUP)
        crawdad.until_ready(other_than=first)
        assert crawdad.health()["safe_mode"] is False


def test_a_taken_port_is_told_with_its_holder_and_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with running(tmp_path, CRAWDAD_PORT=str(port)) as crawdad:
            _, problem = crawdad.process.communicate(timeout=90)
            assert crawdad.end() == exits.ADDRESS_TAKEN
    assert str(port) in problem and f"process {os.getpid()}" in problem
    assert "gateway.port" in problem and "CRAWDAD_PORT" in problem and "Traceback" not in problem


def test_one_home_has_one_supervisor(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        with running(tmp_path) as second:
            _, problem = second.process.communicate(timeout=PATIENCE)
            assert second.end() == exits.ALREADY_RUNNING
        assert f"process {crawdad.process.pid}" in problem
        assert crawdad.health()
    assert holder(tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux only")
def test_the_application_dies_with_its_supervisor(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        application = psutil.Process(crawdad.until_ready())
        crawdad.signal(signal.SIGKILL)
        crawdad.end()
        application.wait(PATIENCE)
        assert _refused(crawdad.port)


def test_a_closed_terminal_ends_it(tmp_path: Path) -> None:
    """SIGHUP with the terminal gone is the user closing the window, not a wish for a replacement."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "crawdad.app.supervisor"],
        env=environment(tmp_path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        eventually(lambda: b"listening" in os.read(ours, 4096), "the greeting")
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == exits.OK
    finally:
        process.kill()
        process.wait()


def test_a_system_without_processes_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process(*_: object, **__: object) -> ApplicationProcess:
        raise BlockingIOError(errno.EAGAIN, "no process to give")

    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(application_processes, "ApplicationProcess", no_process)
    launch = Launch.from_environment(str(tmp_path), environment={})
    watching = supervisor.Supervisor(launch, Patience())
    watching._start_when_due()
    assert watching.processes.current is None and watching.recovery.start_at is not None
    assert "no process to give" in (tmp_path / "logs" / "supervisor.jsonl").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted differently elsewhere")
def test_the_supervisor_is_small(tmp_path: Path) -> None:
    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        assert psutil.Process(crawdad.process.pid).memory_info().rss <= 20 * 1024 * 1024


def test_the_event_log_is_rotated(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "supervisor.jsonl")
    for number in range(60):
        log.append("something", number=number, filling="x" * 100_000)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["supervisor.jsonl", *(f"supervisor.jsonl.{number}" for number in (1, 2, 3))]
    assert all(path.stat().st_size < 1_200_000 for path in tmp_path.iterdir())


def _refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED

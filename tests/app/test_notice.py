"""What a service manager is told, with a socket of systemd's kind in its place."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawdad.app import exits
from crawdad.app.notice import Notice
from tests.app.processes import running
from tests.support.waiting import PATIENCE


class ServiceManager:
    """The receiving end: each message as a mapping."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(str(path))

    def next(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def until(self, key: str) -> list[dict[str, str]]:
        """What comes up to the first message with `key`, that included."""
        messages = [self.next()]
        while key not in messages[-1]:
            messages.append(self.next())
        return messages


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def test_the_life_of_a_supervisor(tmp_path: Path, systemd: ServiceManager) -> None:
    home = tmp_path / "home"
    with running(home, NOTIFY_SOCKET=str(systemd.path), WATCHDOG_USEC="400000") as crawdad:
        systemd.until("READY")
        first = crawdad.until_ready()
        told = Path(f"/proc/{first}/environ").read_bytes()
        assert b"CRAWDAD_HOME" in told and b"NOTIFY_SOCKET" not in told and b"WATCHDOG_USEC" not in told
        systemd.until("WATCHDOG")
        systemd.until("WATCHDOG")  # it goes on while nothing happens
        crawdad.signal(signal.SIGHUP)
        reloading = systemd.until("RELOADING")[-1]
        assert int(reloading["MONOTONIC_USEC"]) > 0
        systemd.until("READY")
        assert crawdad.until_ready(other_than=first)
        crawdad.signal(signal.SIGTERM)
        stopping = systemd.until("STOPPING")[-1]
        assert int(stopping["EXTEND_TIMEOUT_USEC"]) > 30_000_000  # longer than the grace of the requests
        assert crawdad.end() == exits.OK


def test_a_replacement_that_fails_ends_the_reload(tmp_path: Path, systemd: ServiceManager) -> None:
    home = tmp_path / "home"
    with running(home, NOTIFY_SOCKET=str(systemd.path), CRAWDAD_TEST_FAULT="file") as crawdad:
        systemd.until("READY")
        crawdad.until_ready()
        (home / "fault").touch()
        crawdad.signal(signal.SIGHUP)
        assert not [each for each in systemd.until("RELOADING") if "READY" in each]
        systemd.until("READY")
        crawdad.event("replacement_failed")


def test_the_variables_are_taken_and_judged(tmp_path: Path, systemd: ServiceManager) -> None:
    environment = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}
    notice = Notice.take(environment)
    assert environment == {} and notice.due() == 0.0
    notice.alive(100.0)
    notice.alive(104.9)
    assert (systemd.next(), notice.due()) == ({"WATCHDOG": "1"}, 105.0)
    notice.status("two\nlines")
    assert systemd.next() == {"STATUS": "two lines"}  # and no second WATCHDOG before it
    for strange in ({"WATCHDOG_USEC": "10000000"}, {"NOTIFY_SOCKET": "vsock:1:2"}, {"NOTIFY_SOCKET": "/nowhere"}):
        other = Notice.take(strange)
        other.ready()
        assert other.due() is None
    for_another = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}
    assert Notice.take(for_another).due() is None


def test_an_abstract_name() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(PATIENCE)
        receiver.bind(f"\0crawdad-test-{os.getpid()}")
        Notice(f"@crawdad-test-{os.getpid()}").ready()
        assert receiver.recv(100) == b"READY=1"

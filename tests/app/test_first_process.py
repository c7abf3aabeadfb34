"""Crawdad as the first process of a container: here the parent of the orphans, which the kernel lets any process be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.app.processes import ROOT
from tests.support.waiting import PATIENCE, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_CHILD_SUBREAPER")

PROGRAM = """
import ctypes, os, signal, subprocess, sys, time
from crawdad.app.first_process import guard
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans come to this process, as they do to PID 1
guard()
signal.signal(signal.SIGHUP, lambda *_: print("told", flush=True))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(41))
# A program whose own child outlives it for a moment.
subprocess.run(["sh", "-c", "sleep 0.2 & echo $!"], check=True)
print(os.getpid(), flush=True)
sys.stdin.read()  # until a signal ends it
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        yield started
        started.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def test_orphans_are_fetched_and_signals_handed_on(process: subprocess.Popen[str]) -> None:
    orphan, child = lines(process, 2)
    eventually(lambda: not psutil.pid_exists(int(orphan)), "the orphan to be gone, and no zombie")
    process.send_signal(signal.SIGHUP)
    assert lines(process, 1) == ["told"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 41
    assert not psutil.pid_exists(int(child))


def test_a_killed_child_ends_the_parent_with_its_signal(process: subprocess.Popen[str]) -> None:
    _, child = lines(process, 2)
    os.kill(int(child), signal.SIGKILL)
    assert process.wait(PATIENCE) == 128 + signal.SIGKILL


def test_both_ways_to_serve_step_aside() -> None:
    """Only PID 1 does: that nobody forgets to ask is what can be looked at without a container."""
    for module in ("supervisor.py", "commands/serve.py"):
        assert "first_process.step_aside()" in (ROOT / "src" / "crawdad" / "app" / Path(module)).read_text()

"""Workers that die in the middle: everything else is run all the same, once, and the run ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import clean_environment
from tests.support.waiting import PATIENCE

RUN = """
from pathlib import Path
import os

def run(name):
    with Path("{folder}", "ran").open("a") as ran:
        ran.write(name + " ")
    if name in {fatal}:
        os._exit(1)
"""


@pytest.mark.parametrize(("workers", "fatal"), [("2", ["b1"]), ("2", ["b1", "c1"]), ("2", ["a3", "d1"]), ("1", ["b1"])])
def test_what_a_dead_worker_leaves_is_run_by_others(tmp_path: Path, workers: str, fatal: list[str]) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "running.py").write_text(RUN.format(folder=tmp_path, fatal=fatal))
    names = {"a": 3, "b": 3, "c": 1, "d": 1, "e": 2}
    for file, count in names.items():
        tests = "".join(f"def test_{number}(): run({file + str(number)!r})\n" for number in range(1, count + 1))
        (tmp_path / f"test_{file}.py").write_text(f"from running import run\n{tests}")
    options = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder", "-p", "tests.support.scheduling"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    every = [f"{file}{number}" for file, count in names.items() for number in range(1, count + 1)]
    assert sorted((tmp_path / "ran").read_text().split()) == every, done.stdout
    assert f"{len(fatal)} failed, {len(every) - len(fatal)} passed" in done.stdout

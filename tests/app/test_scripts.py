"""The scripts behind `make`: what they say when something is missing, and what they find."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment_script(tmp_path: Path, *interpreters: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `scripts/environment.sh` where only these programs (name, shell text) and the usual tools are found."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in interpreters:
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    for tool in ("sh", "rm", "cat"):
        (programs / tool).symlink_to(shutil.which(tool) or "")
    command = ["sh", "scripts/environment.sh", str(tmp_path / "venv"), "requirements.lock"]
    variables = {"PATH": str(programs)}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60)


def test_no_fitting_python_is_told(tmp_path: Path) -> None:
    finished = environment_script(tmp_path, ("python3", "exit 1"))
    assert finished.returncode == 1
    assert "3.11" in finished.stderr and "CRAWDAD_PYTHON" in finished.stderr


def test_a_missing_venv_module_is_told(tmp_path: Path) -> None:
    python = f'case "$*" in *venv*) echo "ensurepip is not available"; exit 1;; esac; exec {sys.executable} "$@"'
    finished = environment_script(tmp_path, ("python3", "exit 1"), ("python3.12", python))
    assert finished.returncode == 1
    assert "ensurepip is not available" in finished.stderr and "-venv" in finished.stderr
    assert not (tmp_path / "venv").exists()


def test_the_locks_fit_the_project() -> None:
    assert script("check_locks").main() == 0


def test_a_forgotten_lock_is_found() -> None:
    locks = script("check_locks")
    locked = {"one": "2.0", "zope-interface": "5.0"}
    assert locks.misfits(["one>=1", "zope.interface"], locked, "lock") == []
    problems = locks.misfits(["one>=3", "two; python_version > '3'"], locked, "lock")
    assert problems == ["lock: one 2.0 is not >=3", "lock: two is missing"]


def test_make_needs_nothing_but_make(tmp_path: Path) -> None:
    finished = subprocess.run(
        ["make", "help"], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60
    )
    assert {"run", "test", "check", "bench", "lock"} <= {line.split()[1] for line in finished.stdout.splitlines()}

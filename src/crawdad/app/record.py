"""What the supervisor leaves in the home directory: its lock, its state and the log of its events."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

_LOG_BYTES = 1_000_000
_LOG_FILES = 4
_LOCK_TRIES = 3
_LOCK_PAUSE = 0.05


class AlreadyRunning(Exception):
    """Another supervisor holds the home directory. `pid` is None when it could not be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"process {pid} supervises this home directory")
        self.pid = pid


def make_home(home: Path) -> None:
    """Make the home directory and its log directory, readable by their owner alone."""
    for directory in (home, home / "logs"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def lock(home: Path) -> int:
    """Hold `home` until this process ends: the descriptor of the lock. Raises `AlreadyRunning`.

    The kernel drops the lock with the process, however that ends; the number in the file is for people.
    """
    descriptor = os.open(home / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(_LOCK_TRIES):
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            return descriptor
        time.sleep(_LOCK_PAUSE)  # somebody may only be looking (`holder`)
    pid = _written_pid(descriptor)
    os.close(descriptor)
    raise AlreadyRunning(pid)


def holder(home: Path) -> int | None:
    """The process id of the supervisor that holds `home` now (0: not known yet); None when there is none."""
    try:
        descriptor = os.open(home / "supervisor.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _written_pid(descriptor) or 0
    finally:
        os.close(descriptor)
    return None


def _written_pid(descriptor: int) -> int | None:
    written = os.pread(descriptor, 32, 0).strip()
    return int(written) if written.isdigit() else None


def write_state(home: Path, state: dict[str, Any]) -> None:
    """Replace `supervisor.json`, which `crawdad status` reads. A full disk does not stop the supervisor."""
    path = home / "supervisor.json"
    fresh = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        fresh.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        os.replace(fresh, path)


def read_state(home: Path) -> dict[str, Any] | None:
    """What the running supervisor wrote last; None when none is running."""
    if holder(home) is None:
        return None
    try:
        state = json.loads((home / "supervisor.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


class EventLog:
    """`logs/supervisor.jsonl`: one JSON object a line, a few files of a megabyte."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: str, **facts: Any) -> None:
        """Add `event` with its time. Losing a line (full disk) is better than losing the supervisor."""
        at = time.time()
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"
        line = json.dumps({"at": when, "event": event, **facts}, ensure_ascii=False)
        with contextlib.suppress(OSError):
            self._rotate()
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def _rotate(self) -> None:
        try:
            if self.path.stat().st_size < _LOG_BYTES:
                return
        except FileNotFoundError:
            return
        for number in range(_LOG_FILES - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            with contextlib.suppress(FileNotFoundError):
                os.replace(newer, older)

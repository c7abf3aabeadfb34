"""What the supervisor leaves in the home directory: its lock, its state and the log of its events."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any, BinaryIO

SUPERVISOR_LOG = "supervisor.jsonl"
_LOG_BYTES = 1_000_000
_LOG_FILES = 4
_READ_BYTES = 256 * 1024
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
    """Replace `supervisor.json`, which `crawdad status` reads. A full disk does not stop the supervisor: there the file is
    written over, which needs no room."""
    path = home / "supervisor.json"
    fresh = path.with_suffix(".new")
    data = (json.dumps(state, indent=1) + "\n").encode()
    try:
        fresh.write_bytes(data)
        os.replace(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        with contextlib.suppress(OSError), open(path, "r+b", buffering=0) as file:
            file.write(data)
            file.truncate(len(data))


def read_state(home: Path) -> dict[str, Any] | None:
    """What the running supervisor wrote last; None when none is running."""
    if holder(home) is None:
        return None
    try:
        state = json.loads((home / "supervisor.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def read_events(path: Path, most_bytes: int = _READ_BYTES) -> list[dict[str, Any]]:
    """The newest events of the log at `path`, the oldest first, out of as many of its files as it takes."""
    pieces: list[bytes] = []
    known: set[int] = set()
    for number in range(_LOG_FILES):
        try:
            with open(path if number == 0 else path.with_name(f"{path.name}.{number}"), "rb") as file:
                state = os.fstat(file.fileno())
                if state.st_ino in known:
                    continue  # it has been rotated since the last one was opened
                known.add(state.st_ino)
                file.seek(max(0, state.st_size - most_bytes))
                pieces.append(file.read(most_bytes))
        except OSError:
            continue
        most_bytes -= len(pieces[-1])
        if most_bytes <= 0:
            break
    found = []
    for line in b"\n".join(reversed(pieces)).splitlines():
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict):
                found.append(value)
    return found


def last_end(path: Path) -> str:
    """How the supervisor that wrote the log at `path` ended: `stopped`, or `cut off` (killed, or the machine lost its power);
    empty where there was none."""
    for line in reversed(read_events(path)):
        if line.get("event") == "stopped":
            return "stopped"
        if line.get("event") == "started":
            return "cut off"
    return ""


class EventLog:
    """A log such as `logs/supervisor.jsonl`: one JSON object a line, a few files of a megabyte."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: str, **facts: Any) -> None:
        """Add `event` with its time. Losing a line (full disk) is better than losing the supervisor."""
        at = time.time()
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"
        line = json.dumps({"at": when, "event": event, **facts}, ensure_ascii=False).encode() + b"\n"
        with contextlib.suppress(OSError):
            self._rotate()
            with open(self.path, "a+b") as file:
                # A full disk may have cut the last line off: this one must not be lost with it.
                file.write(line if _ends_a_line(file) else b"\n" + line)

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


def _ends_a_line(file: BinaryIO) -> bool:
    """Whether what is appended begins a line of its own. Where it stands in the file afterwards does not matter."""
    if not file.seek(0, os.SEEK_END):
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"

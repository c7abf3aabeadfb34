"""The disk that the home lies on, and what of ours may go where it is full. The port is `services.healing.start.Disk`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

_TRACEBACK_BYTES = 64 * 1024
_OLD_SECONDS = 3600.0


class OwnDisk:
    """Of the home directory. Only what can be made again, or is long told, is removed: rotated logs, tracebacks, what killed
    processes left half done."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def free_megabytes(self) -> int:
        """What is free for us."""
        return await asyncio.to_thread(self._free_megabytes)

    async def free(self) -> tuple[int, int]:
        """Remove it: bytes and files."""
        return await asyncio.to_thread(self._free)

    def _free_megabytes(self) -> int:
        try:
            state = os.statvfs(self._home)
        except OSError:
            return 1 << 20  # where nothing can be told, nothing is full
        return state.f_bavail * state.f_frsize >> 20

    def _free(self) -> tuple[int, int]:
        size = files = 0
        for path in self._disposable():
            with contextlib.suppress(OSError):
                taken = path.stat(follow_symlinks=False).st_blocks * 512
                path.unlink()
                size, files = size + taken, files + 1
        traceback = self._home / "logs" / "traceback.log"
        with contextlib.suppress(OSError):
            taken = traceback.stat().st_size
            if taken > _TRACEBACK_BYTES:
                os.truncate(traceback, 0)
                size, files = size + taken, files + 1
        for folder in staged_leftovers(self._home):
            with contextlib.suppress(OSError):
                taken = sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))
                shutil.rmtree(folder)
                size, files = size + taken, files + 1
        with _unused(self._home / "backups") as free:
            if free:
                shutil.rmtree(self._home / "backups" / "making", ignore_errors=True)
                for path in (self._home / "backups" / "manifests").glob("*.new"):
                    path.unlink(missing_ok=True)
        return size, files

    def _disposable(self) -> Iterator[Path]:
        logs = self._home / "logs"
        for pattern in ("*.log.*", "*.jsonl.[0-9]*", "*.gz"):
            yield from logs.glob(pattern)
        yield from self._home.glob("*.new")


def staged_leftovers(home: Path) -> list[Path]:
    """Folders that a restore or an update had laid out beside the things in use, and was killed before it said what for."""
    if not home.is_dir() or (home / "switch" / "journal.json").exists():
        return []
    before = time.time() - _OLD_SECONDS
    found = [path for names in (".*.new", "rehearsal-*") for path in home.glob(names)]
    return [path for path in found if path.is_dir() and not path.is_symlink() and path.stat().st_mtime < before]


@contextlib.contextmanager
def _unused(folder: Path) -> Iterator[bool]:
    """Whether nobody makes a backup in `folder`, nor begins to meanwhile (`adapters.backups.folder`)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)

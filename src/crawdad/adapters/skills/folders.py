"""`core.skills.SkillFolders`: looks at the disk each time, beside the event loop."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from contextlib import suppress

from crawdad.core.skills import SkillFile

_NAME = "SKILL.md"
_MOST_FILES = 2000
_DEEPEST = 8
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LocalSkillFolders:
    """Directories of this machine."""

    async def look(self, root: str, most: int, links: bool) -> Sequence[SkillFile]:
        return await asyncio.to_thread(_look, root, most, links)

    async def read(self, path: str, limit: int) -> str | None:
        return await asyncio.to_thread(_read, os.path.dirname(path), (os.path.basename(path),), limit)

    async def read_within(self, folder: str, path: str, limit: int) -> str | None:
        steps = tuple(step for step in path.split("/") if step not in ("", "."))
        if not steps or ".." in steps or path.startswith("/") or "\0" in path:
            return None
        return await asyncio.to_thread(_read, folder, steps, limit)

    async def files(self, folder: str) -> Sequence[str]:
        return await asyncio.to_thread(_files, folder)


def _look(root: str, most: int, links: bool) -> list[SkillFile]:
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return []
    found: list[SkillFile] = []
    for name in names[:most]:
        folder = os.path.join(root, name)
        path = os.path.join(folder, _NAME)
        with suppress(OSError):
            if name.startswith(".") or not stat.S_ISDIR(os.stat(folder, follow_symlinks=links).st_mode):
                continue
            status = os.stat(path, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                mark = f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"
                found.append(SkillFile(folder, path, mark, status.st_size))
    return found


def _read(folder: str, steps: Sequence[str], limit: int) -> str | None:
    try:
        parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for step in steps[:-1]:
                inner = os.open(step, _DIRECTORY, dir_fd=parent)
                os.close(parent)
                parent = inner
            descriptor = os.open(steps[-1], _FILE, dir_fd=parent)
        finally:
            os.close(parent)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = file.read(limit + 1)
    return data.decode("utf-8", "replace") if len(data) <= limit else None


def _files(folder: str) -> list[str]:
    found: list[str] = []
    for at, folders, names in os.walk(folder, followlinks=False):
        below = os.path.relpath(at, folder)
        if below.count("/") >= _DEEPEST:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [os.path.normpath(os.path.join(below, name)) for name in sorted(names) if not name.startswith(".")]
        if len(found) >= _MOST_FILES:
            break
    return found[:_MOST_FILES]

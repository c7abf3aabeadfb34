"""`core.skills.SkillFolders`: looks at the disk each time, beside the event loop."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from contextlib import suppress

from crawdad.adapters.agent_files.beneath import read_beneath, steps_of
from crawdad.core.skills import SkillFile

_NAME = "SKILL.md"
_MOST_FILES = 2000
_DEEPEST = 8


class LocalSkillFolders:
    """Directories of this machine."""

    async def look(self, roots: Sequence[tuple[str, bool]], most: int) -> Sequence[Sequence[SkillFile]]:
        return await asyncio.to_thread(lambda: [_look(root, most, links) for root, links in roots])

    async def read(self, path: str, limit: int) -> str | None:
        return await asyncio.to_thread(_read, os.path.dirname(path), (os.path.basename(path),), limit)

    async def read_within(self, folder: str, path: str, limit: int) -> str | None:
        return await asyncio.to_thread(_read, folder, steps_of(path), limit)

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
    found = read_beneath(folder, steps, limit + 1)
    return None if found is None or len(found[0]) > limit else found[0].decode("utf-8", "replace")


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

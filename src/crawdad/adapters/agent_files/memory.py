"""`core.memory.MemoryFiles` on this machine. Nothing is opened through a link."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from crawdad.adapters.agent_files.beneath import FOLDER, opened, read_beneath, steps_of
from crawdad.core.memory import MemoryFile

_SINGLE = ("MEMORY.md", "memory.md")
_FOLDER = "memory"
_ENDINGS = (".md", ".markdown", ".txt")
_MOST_FILES = 5000
_MOST_BYTES = 2 * 1024 * 1024
_DEEPEST = 8


class LocalMemoryFiles:
    """Looks at the disk each time; the work is done beside the event loop."""

    async def look(self, workspace: Path, extra: Sequence[str]) -> list[MemoryFile]:
        return await asyncio.to_thread(_look, workspace, tuple(extra))

    async def read(self, workspace: Path, extra: Sequence[str], path: str) -> str | None:
        return await asyncio.to_thread(_read, workspace, tuple(extra), path)


def _look(workspace: Path, extra: tuple[str, ...]) -> list[MemoryFile]:
    found: dict[str, MemoryFile] = {}
    seen: set[tuple[int, int]] = set()
    for root, steps, shown in _places(workspace, extra):
        with suppress(OSError), opened(root, steps[:-1]) as parent:
            for file, identity in _below(parent, steps[-1], shown, 0):
                if identity in seen or len(found) >= _MOST_FILES:  # MEMORY.md and memory.md may be the same
                    continue
                seen.add(identity)
                found[file.path] = file
    return [found[path] for path in sorted(found)]


def _places(workspace: Path, extra: tuple[str, ...]) -> Iterator[tuple[Path, tuple[str, ...], str]]:
    """What belongs to the memory: a directory to begin at, the steps from there, and the path that it is shown by."""
    for name in (*_SINGLE, _FOLDER):
        yield workspace, (name,), name
    for text in extra:
        path = PurePosixPath(os.path.expanduser(text))
        if path.is_absolute():
            yield Path(path.parent), (path.name,), str(path)
        elif steps := steps_of(str(path)):
            yield workspace, steps, "/".join(steps)


def _below(parent: int, name: str, shown: str, depth: int) -> Iterator[tuple[MemoryFile, tuple[int, int]]]:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        if name.endswith(_ENDINGS) and 0 < status.st_size <= _MOST_BYTES:
            mark = f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"
            yield MemoryFile(shown, mark, status.st_size), (status.st_dev, status.st_ino)
    elif stat.S_ISDIR(status.st_mode) and depth < _DEEPEST:
        descriptor = os.open(name, FOLDER, dir_fd=parent)
        try:
            for inner in sorted(os.listdir(descriptor)):
                if not inner.startswith("."):
                    with suppress(OSError):
                        yield from _below(descriptor, inner, f"{shown}/{inner}", depth + 1)
        finally:
            os.close(descriptor)


def _read(workspace: Path, extra: tuple[str, ...], path: str) -> str | None:
    wanted = os.path.normpath(path) if path.startswith("/") else "/".join(steps_of(path))
    for root, steps, shown in _places(workspace, extra):
        if wanted != shown and not wanted.startswith(f"{shown}/"):
            continue
        below = tuple(step for step in wanted[len(shown) :].split("/") if step)
        text = _text_at(root, (*steps, *below))
        if text is not None:
            return text
    return None


def _text_at(root: Path, steps: tuple[str, ...]) -> str | None:
    found = read_beneath(root, steps, _MOST_BYTES) if steps[-1].endswith(_ENDINGS) else None
    return None if found is None else found[0].decode("utf-8", "replace")

"""`core.memory.MemoryFiles` on this machine. Nothing is opened through a link: each step of a path is opened on its own."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from crawdad.core.memory import MemoryFile

_SINGLE = ("MEMORY.md", "memory.md")
_FOLDER = "memory"
_ENDINGS = (".md", ".markdown", ".txt")
_MOST_FILES = 5000
_MOST_BYTES = 2 * 1024 * 1024
_DEEPEST = 8
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


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
        with suppress(OSError), _opened(root, steps[:-1]) as parent:
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
        elif steps := _steps(str(path)):
            yield workspace, steps, "/".join(steps)


def _steps(path: str) -> tuple[str, ...]:
    """The steps of a relative path; none where it leads out, or nowhere."""
    steps = tuple(step for step in path.split("/") if step not in ("", "."))
    return () if path.startswith("/") or ".." in steps or "\0" in path else steps


@contextmanager
def _opened(root: Path, steps: Sequence[str]) -> Iterator[int]:
    """A directory. `root` itself may be reached through links (the operator named it), nothing below it."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for step in steps:
            inner = os.open(step, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _below(parent: int, name: str, shown: str, depth: int) -> Iterator[tuple[MemoryFile, tuple[int, int]]]:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        if name.endswith(_ENDINGS) and 0 < status.st_size <= _MOST_BYTES:
            mark = f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"
            yield MemoryFile(shown, mark, status.st_size), (status.st_dev, status.st_ino)
    elif stat.S_ISDIR(status.st_mode) and depth < _DEEPEST:
        descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            for inner in sorted(os.listdir(descriptor)):
                if not inner.startswith("."):
                    with suppress(OSError):
                        yield from _below(descriptor, inner, f"{shown}/{inner}", depth + 1)
        finally:
            os.close(descriptor)


def _read(workspace: Path, extra: tuple[str, ...], path: str) -> str | None:
    wanted = os.path.normpath(path) if path.startswith("/") else "/".join(_steps(path))
    for root, steps, shown in _places(workspace, extra):
        if wanted != shown and not wanted.startswith(f"{shown}/"):
            continue
        below = tuple(step for step in wanted[len(shown) :].split("/") if step)
        text = _text_at(root, (*steps, *below))
        if text is not None:
            return text
    return None


def _text_at(root: Path, steps: tuple[str, ...]) -> str | None:
    if not steps[-1].endswith(_ENDINGS):
        return None
    try:
        with _opened(root, steps[:-1]) as parent:
            descriptor = os.open(steps[-1], _FILE, dir_fd=parent)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return None
                return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None

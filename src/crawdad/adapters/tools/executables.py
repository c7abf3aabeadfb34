"""What a name means on this machine: the file behind it, what is in it, and whether only the system can change it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.outside_files import MOST_BYTES
from crawdad.core.programs import Executable, FileMark
from crawdad.core.text import Text

_MOST_BYTES = 1 << 30
_MOST_GIVEN_BYTES = 1 << 26
_PIECE = 1 << 20
_MOST_SEEN = 50_000
_MOST_CHANGED = 5_000
_TICK_SECONDS = 0.05
"""How coarse the time stamps of files may be."""


def find(name: str, cwd: str, search: Sequence[str]) -> Executable:
    """See `core.programs.Programs.find`."""
    candidates = [os.path.join(cwd, name)] if "/" in name else [os.path.join(folder, name) for folder in search]
    for path in candidates:
        real = os.path.realpath(path)
        if not os.access(real, os.X_OK):
            continue
        marked = mark(real)
        if marked is not None:
            sha256, beginning = marked
            is_trusted = belongs_to_system(real) and belongs_to_system(os.path.dirname(os.path.abspath(path)))
            return Executable(os.path.normpath(path), FileMark(real, sha256), beginning == b"#!", is_trusted)
    words = Text("exec.not_found", {"program": name[:200]})
    raise GatewayError(ErrorKind.NOT_FOUND, words, {"param": "command", "code": "program_not_found"})


def mark(real_path: str, most: int = _MOST_BYTES) -> tuple[str, bytes] | None:
    """The hash of a regular file and its first two bytes; None for anything else."""
    try:
        if not stat.S_ISREG(os.stat(real_path, follow_symlinks=False).st_mode):
            return None  # opening a device may already do something
        descriptor = os.open(real_path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        digest, beginning = hashlib.sha256(), b""
        try:
            while piece := file.read(_PIECE):
                beginning = beginning or piece[:2]
                digest.update(piece)
        except OSError:
            return None
    return digest.hexdigest(), beginning


def marks(paths: Sequence[str], cwd: str, most: int | None = None) -> list[FileMark]:
    """See `core.programs.Programs.mark`. A word may also be `--option=path`."""
    found: dict[str, FileMark] = {}
    for word in paths:
        for path in {word, word.partition("=")[2]} - {""}:
            if len(path) > 4096 or "\0" in path:
                continue
            real = os.path.realpath(os.path.join(cwd, path))
            marked = mark(real, _MOST_GIVEN_BYTES if most is None else most)
            if marked is not None:
                found[real] = FileMark(real, marked[0])
    return [found[path] for path in sorted(found)]


def holding(paths: Sequence[str], cwd: str, pattern: str) -> list[str]:
    """See `core.programs.Programs.holding`. A word may also be `--option=path`."""
    wanted = re.compile(pattern.encode())
    found: set[str] = set()
    for word in paths:
        for path in {word, word.partition("=")[2]} - {""}:
            if len(path) > 4096 or "\0" in path:
                continue
            real = os.path.realpath(os.path.join(cwd, path))
            try:
                descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold us up
            except OSError:
                continue
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode) and wanted.search(os.read(descriptor, _PIECE)):
                    found.add(real)
            finally:
                os.close(descriptor)
    return sorted(found)


def changed(folder: str, since: float) -> list[FileMark]:
    """See `core.programs.Programs.changed`. Links are passed over, and so are empty files: their content says nothing."""
    found: list[FileMark] = []
    waiting = [folder]
    seen = 0
    while waiting and seen < _MOST_SEEN and len(found) < _MOST_CHANGED:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                    facts = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(facts.st_mode) and facts.st_size and facts.st_ctime >= since - _TICK_SECONDS:
                        marked = mark(entry.path, MOST_BYTES)
                        if marked is not None:
                            found.append(FileMark(entry.path, marked[0]))
        except OSError:
            continue
    return found[:_MOST_CHANGED]


def belongs_to_system(path: str) -> bool:
    """Whether the file and every folder above it are root's, and others cannot write to them."""
    while True:
        try:
            facts = os.lstat(path)
        except OSError:
            return False
        if stat.S_ISLNK(facts.st_mode):
            return belongs_to_system(os.path.realpath(path))
        if facts.st_uid != 0 or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return False
        above = os.path.dirname(path)
        if above == path:
            return True
        path = above


def directory(path: str, workspace: str, inside: bool) -> str:
    """See `core.programs.Programs.directory`."""
    root = os.path.realpath(workspace)
    real = os.path.realpath(os.path.join(root, path))
    if inside and os.path.commonpath((real, root)) != root:
        words = Text("workspace.outside", {"path": path[:300]})
        raise GatewayError(ErrorKind.FORBIDDEN, words, {"param": "workdir", "code": "outside"})
    if not os.path.isdir(real):
        raise GatewayError(ErrorKind.NOT_FOUND, Text("workspace.no_folder", {"path": path[:300]}), {"param": "workdir"})
    return real

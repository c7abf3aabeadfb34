"""Copies of files and folders between open folders: bounded, never along a link, nothing but files, folders and links."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass

from crawdad.adapters.tools.folder_tree.places import FOLDER, FRESH
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_MOST_ENTRIES = 50_000
_MOST_DEPTH = 40
_PIECE = 1 << 20


@dataclass(slots=True)
class _Budget:
    entries: int = _MOST_ENTRIES

    def take(self, depth: int) -> None:
        self.entries -= 1
        if self.entries < 0 or depth > _MOST_DEPTH:
            words = Text("panel.files.too_many", {"most": _MOST_ENTRIES})
            raise GatewayError(ErrorKind.TOO_LARGE, words, {"code": "too_many"})


def copy_name(source: int, name: str, target: int, new_name: str) -> None:
    """Copy `name` of one open folder to `new_name` of another, where nothing is yet; after a failure nothing is either."""
    try:
        _copy(source, name, target, new_name, _Budget(), 0)
    except FileExistsError:
        raise
    except BaseException:
        with suppress(OSError):
            erase_name(target, new_name)
        raise


def copy_bytes(source: int, target: int) -> None:
    """Everything from one open file to another."""
    at = 0
    while piece := os.pread(source, _PIECE, at):
        at += len(piece)
        view = memoryview(piece)
        while view:
            view = view[os.write(target, view) :]


def erase_name(descriptor: int, name: str) -> None:
    """Remove a file, a link or a folder with all in it."""
    if stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
        shutil.rmtree(name, dir_fd=descriptor)
    else:
        os.unlink(name, dir_fd=descriptor)


def _copy(source: int, name: str, target: int, new_name: str, budget: _Budget, depth: int) -> None:
    budget.take(depth)
    facts = os.stat(name, dir_fd=source, follow_symlinks=False)
    if stat.S_ISLNK(facts.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), new_name, dir_fd=target)
    elif stat.S_ISDIR(facts.st_mode):
        os.mkdir(new_name, 0o700, dir_fd=target)
        inner = os.open(name, FOLDER, dir_fd=source)
        try:
            outer = os.open(new_name, FOLDER, dir_fd=target)
            try:
                for each in os.listdir(inner):
                    _copy(inner, each, outer, each, budget, depth + 1)
                os.fchmod(outer, stat.S_IMODE(facts.st_mode) & 0o777)
            finally:
                os.close(outer)
        finally:
            os.close(inner)
    elif stat.S_ISREG(facts.st_mode):
        _copy_file(source, name, target, new_name)


def _copy_file(source: int, name: str, target: int, new_name: str) -> None:
    reading = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
    try:
        facts = os.fstat(reading)
        if not stat.S_ISREG(facts.st_mode):
            return
        writing = os.open(new_name, FRESH, 0o600, dir_fd=target)
        try:
            copy_bytes(reading, writing)
            os.fchmod(writing, stat.S_IMODE(facts.st_mode) & 0o777)
            os.utime(writing, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            os.fsync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)

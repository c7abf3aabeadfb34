"""The walk over a folder: by open folders, never along a link, and bounded."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from crawdad.adapters.tools.folder import Folder
from crawdad.core.errors import GatewayError

_MOST_DEPTH = 40
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    """A file: the open folder it lies in, its path from where the walk began and from the root."""

    folder: int
    name: str
    below: str
    path: str
    facts: os.stat_result


class Walk:
    """One walk; `complete` says afterwards whether everything was seen. Folders named in `left_out` are passed over."""

    def __init__(self, folder: Folder, path: str, left_out: Collection[str], most: int, seconds: float) -> None:
        self.complete = True
        self._folder = folder
        self._path = path
        self._left_out = left_out
        self._most = most
        self._seconds = seconds

    def __iter__(self) -> Iterator[Found]:
        """Every ordinary file. Links are passed over."""
        seen = 0
        until = time.monotonic() + self._seconds
        with self._folder.opened(self._path) as (top, shown):
            waiting = [(os.dup(top), "", 0)]
            try:
                while waiting:
                    descriptor, below, depth = waiting.pop()
                    try:
                        self._folder.check(descriptor, self._path)
                        for name in sorted(os.listdir(descriptor)):
                            seen += 1
                            if seen > self._most or time.monotonic() > until:
                                self.complete = False
                                return
                            facts = _facts(descriptor, name)
                            if facts is None:
                                continue
                            inner = f"{below}{name}"
                            if stat.S_ISDIR(facts.st_mode) and name not in self._left_out:
                                if depth >= _MOST_DEPTH:
                                    self.complete = False
                                    continue
                                with suppress(OSError):
                                    waiting.append((os.open(name, _FOLDER, dir_fd=descriptor), f"{inner}/", depth + 1))
                            elif stat.S_ISREG(facts.st_mode):
                                yield Found(descriptor, name, inner, f"{shown}/{inner}" if shown else inner, facts)
                    except (OSError, GatewayError):
                        continue
                    finally:
                        os.close(descriptor)
            finally:
                for descriptor, _, _ in waiting:
                    os.close(descriptor)


def _facts(descriptor: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return None

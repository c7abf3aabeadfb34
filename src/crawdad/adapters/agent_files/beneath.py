"""Opening what lies below a directory: each step of the path is opened on its own, and links are not followed.

So it does not matter what somebody puts in a path's place while it is being looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def steps_of(path: str) -> tuple[str, ...]:
    """The steps of a relative path; none where it leads out, or nowhere."""
    steps = tuple(step for step in path.split("/") if step not in ("", "."))
    return () if path.startswith("/") or ".." in steps or "\0" in path else steps


@contextmanager
def opened(root: str | os.PathLike[str], steps: Sequence[str] = ()) -> Iterator[int]:
    """A directory below `root`, which itself may be reached through links: whoever named it meant it. Raises `OSError`."""
    descriptor = os.open(root, _ROOT)
    try:
        for step in steps:
            inner = os.open(step, FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def read_beneath(root: str | os.PathLike[str], steps: Sequence[str], most: int) -> tuple[bytes, os.stat_result] | None:
    """A plain file's first `most` bytes, and what is known of it; None where there is no such file."""
    if not steps:
        return None
    try:
        with opened(root, steps[:-1]) as parent:
            descriptor = os.open(steps[-1], _FILE, dir_fd=parent)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        pieces: list[bytes] = []
        left = most
        while left > 0 and (piece := os.read(descriptor, min(left, 1 << 20))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces), status
    except OSError:
        return None
    finally:
        os.close(descriptor)

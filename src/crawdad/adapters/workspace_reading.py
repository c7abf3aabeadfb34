"""Reads single files of a workspace for tools that look at them: each step of the path is opened on its own, links never."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class WorkspaceReader:
    """Files within a workspace, as bytes."""

    async def read_bytes(self, workspace: Path, path: str, limit: int) -> bytes | None:
        """A file's content; None where there is none within the workspace. Raises TOO_LARGE."""
        return await asyncio.to_thread(_read, workspace, path, limit)


def _read(workspace: Path, path: str, limit: int) -> bytes | None:
    if "\0" in path:
        return None
    if os.path.isabs(path):
        path = os.path.relpath(os.path.normpath(path), workspace)
    steps = [step for step in path.split("/") if step not in ("", ".")]
    if not steps or ".." in steps:
        return None
    try:
        folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for step in steps[:-1]:
                inner = os.open(step, _DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            descriptor = os.open(steps[-1], _FILE, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            return None
        data = file.read(limit + 1)
    if len(data) > limit:
        raise GatewayError(ErrorKind.TOO_LARGE, Text("media.too_large", {"most": limit}))
    return data

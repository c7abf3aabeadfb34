"""Reads single files of a workspace for tools that look at them; links are not followed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from crawdad.adapters.agent_files.beneath import read_beneath, steps_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text


class WorkspaceReader:
    """Files within a workspace, as bytes."""

    async def read_bytes(self, workspace: Path, path: str, limit: int) -> bytes | None:
        """A file's content; None where there is none within the workspace. Raises TOO_LARGE."""
        return await asyncio.to_thread(_read, workspace, path, limit)


def _read(workspace: Path, path: str, limit: int) -> bytes | None:
    if os.path.isabs(path):
        path = os.path.relpath(os.path.normpath(path), workspace)
    found = read_beneath(workspace, steps_of(path), limit + 1)
    if found is None or found[1].st_nlink > 1:  # a hard link may be somebody else's file
        return None
    if len(found[0]) > limit:
        raise GatewayError(ErrorKind.TOO_LARGE, Text("media.too_large", {"most": limit}))
    return found[0]

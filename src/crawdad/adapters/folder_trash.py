"""Folders of agents that were removed: moved to `trash` in the data directory, and deleted by nobody."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from crawdad.core.text import Text

_OURS = frozenset(
    (
        "backups",
        "bin",
        "channels",
        "exports",
        "hooks",
        "logs",
        "mcp",
        "media",
        "memory",
        "plugins",
        "skills",
        "spool",
        "switch",
        "trash",
        "versions",
    )
)
"""What else lies in the data directory; no agent takes it along."""


class FolderTrash:
    """The trash of a data directory. What lies outside of that directory, or was not made for an agent, stays."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def discard(self, workspace: Path) -> str:
        """Move a folder there; one that is not there is gone already. Empty, or why it stays where it is."""
        return await asyncio.to_thread(self._discard, workspace)

    def _discard(self, workspace: Path) -> str:
        try:
            return self._moved(workspace)
        except OSError as error:
            return error.strerror or str(error)

    def _moved(self, workspace: Path) -> str:
        home, real = self._home.resolve(), workspace.resolve()
        if not real.exists():
            return ""
        ours = home in real.parents and real.relative_to(home).parts[0] not in _OURS
        if workspace.is_symlink() or not ours:
            return Text("agents.own_folder", {"path": str(workspace)}).render()
        trash = home / "trash"
        trash.mkdir(mode=0o700, exist_ok=True)
        number = 0
        while (place := trash / (real.name + (f".{number}" if number else ""))).exists():
            number += 1
        shutil.move(real, place)
        return ""

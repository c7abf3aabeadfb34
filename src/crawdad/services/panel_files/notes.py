"""Notes on files: one row each, so that two that are written at once do not undo each other."""

from __future__ import annotations

import hashlib

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.panel_files.paths import is_within
from crawdad.store.key_values import KeyValues

_PREFIX = "workspace.note."
_LONGEST = 4000
_MOST = 5000


class Notes:
    """The notes of all workspaces, by agent and path."""

    def __init__(self, values: KeyValues) -> None:
        self._values = values

    async def all(self, agent: str) -> dict[str, str]:
        """Path to note."""
        rows = await self._values.with_prefix(f"{_PREFIX}{agent}.")
        return {row["path"]: row["note"] for row in sorted(rows.values(), key=lambda row: str(row["path"]))}

    async def write(self, agent: str, path: str, note: str) -> None:
        """Set the note on a path; an empty one removes it. Raises TOO_LARGE."""
        if not note:
            await self._values.delete(_key(agent, path))
            return
        if len(note) > _LONGEST:
            raise GatewayError(
                ErrorKind.TOO_LARGE, Text("panel.files.note_long", {"most": _LONGEST}), {"code": "note_long"}
            )
        known = await self.all(agent)
        if path not in known and len(known) >= _MOST:
            raise GatewayError(
                ErrorKind.TOO_LARGE, Text("panel.files.notes_full", {"most": _MOST}), {"code": "notes_full"}
            )
        await self._values.put(_key(agent, path), {"path": path, "note": note})

    async def moved(self, agent: str, source: str, target: str) -> None:
        """What is noted on a path and all below it goes along."""
        for path, note in (await self.all(agent)).items():
            if is_within(path, source):
                await self.write(agent, target + path[len(source) :], note)
                await self._values.delete(_key(agent, path))

    async def gone(self, agent: str, *paths: str) -> None:
        """Forget what is noted on paths and all below them."""
        if not paths:
            return
        gone = set(paths)
        for noted in await self.all(agent):
            steps = noted.split("/")
            if any("/".join(steps[:count]) in gone for count in range(1, len(steps) + 1)):
                await self._values.delete(_key(agent, noted))


def _key(agent: str, path: str) -> str:
    return f"{_PREFIX}{agent}.{hashlib.sha256(path.encode()).hexdigest()}"

"""Programs of this machine: where they are, and what version they are. The port is `services.cli_sync.service.Programs`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path

from crawdad.adapters.programs.running import ProgramFailed, run_program

_CUSTOMARY = ("~/.local/bin", "~/.npm-global/bin", "~/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/bin")
_NVM = "~/.nvm/versions/node/*/bin"
_VERSION_SECONDS = 10.0
_MOST_BYTES = 4096


class LocalPrograms:
    """Looks along the search path of `environment`, then in `folders`, then in the customary places below `home`."""

    def __init__(self, home: str, environment: Mapping[str, str], folders: Sequence[str] = ()) -> None:
        self._home = home
        self._environment = environment
        self._folders = folders

    async def find(self, name: str) -> str | None:
        """Where a program is."""
        return await asyncio.to_thread(self._find, name)

    async def version(self, path: str) -> str | None:
        """What it says to `--version`, None when it does not run, or says nothing, or more than a version."""
        command = (path, "--version")
        try:
            said = await run_program(
                command, seconds=_VERSION_SECONDS, most_bytes=_MOST_BYTES, folder=Path("/"), environment=self.plain()
            )
        except ProgramFailed:
            return None
        return said.decode(errors="replace").strip() or None

    def plain(self) -> dict[str, str]:
        """What a program needs of our environment, and no more: the search path and the home directory."""
        return {"PATH": self._environment.get("PATH", os.defpath), "HOME": self._home, "LANG": "C.UTF-8"}

    def _find(self, name: str) -> str | None:
        found = shutil.which(name, path=self._environment.get("PATH", os.defpath))
        if found:
            return os.path.abspath(found)
        nvm = sorted(glob(self._expanded(_NVM)), reverse=True)
        for folder in [*self._folders, *map(self._expanded, _CUSTOMARY), *nvm]:
            place = os.path.join(folder, name)
            if os.path.isfile(place) and os.access(place, os.X_OK):
                return place
        return None

    def _expanded(self, folder: str) -> str:
        return os.path.join(self._home, folder[2:]) if folder.startswith("~/") else folder

"""Programs of this machine: where they are, and what version they are. The port is `services.cli_sync.service.Programs`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from glob import glob

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
        """The first words it says to `--version`, None when it does not run. It gets none of our environment but the search
        path and the home directory."""
        environment = {"PATH": self._environment.get("PATH", os.defpath), "HOME": self._home, "LANG": "C.UTF-8"}
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                "--version",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
        except OSError:
            return None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_VERSION_SECONDS):
                said = await process.stdout.read(_MOST_BYTES)
        except TimeoutError:
            return None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return said.decode(errors="replace").strip() or None

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

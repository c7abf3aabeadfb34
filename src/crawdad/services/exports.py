"""Files that panels save on the server: in one folder of the data directory, by plain names, and nowhere else."""

from __future__ import annotations

import re

from crawdad.core.errors import GatewayError, bad_request
from crawdad.services.cli_sync.service import HomeFiles

_NAME = re.compile(r"[\w\u4e00-\u9fff][\w\u4e00-\u9fff .()-]{0,150}\Z")


class Exports:
    """The folder. Names are those of files in it; a path that leads into it by its full name is taken as one."""

    def __init__(self, files: HomeFiles) -> None:
        self._files = files

    @property
    def folder(self) -> str:
        """Where the files are."""
        return self._files.home

    async def save(self, path: str, content: str) -> str:
        """Save a file, readable for the owner alone, in place of one of that name. Returns where it is."""
        name = path.removeprefix(self.folder + "/").removeprefix("exports/").removeprefix("./")
        if not _NAME.match(name):
            error: GatewayError = bad_request("system.bad_name", "path", path=path[:200], folder=self.folder)
            raise error
        await self._files.write(name, content, True)
        return f"{self.folder}/{name}"

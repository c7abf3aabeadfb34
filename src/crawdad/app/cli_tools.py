"""Command line tools of whoever runs this process, and how to point them here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from crawdad.adapters.files.home import LocalHomeFiles
from crawdad.adapters.programs import LocalPrograms
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source, usable_settings
from crawdad.services.cli_sync.plan import FileChange
from crawdad.services.cli_sync.service import CliSync, Status
from crawdad.services.cli_sync.tools import ToolFile, Wanted, moved_files, tool_named

_PLACEHOLDER = "a-key-made-for-it"


def cli_sync_in(environment: Mapping[str, str]) -> CliSync:
    """Their settings, in the home directory that `environment` names, and where their own variables in it say."""
    home = environment.get("HOME") or os.path.expanduser("~")
    return CliSync(LocalHomeFiles(home, moved_files(environment)), LocalPrograms(home, environment))


class InstalledTools:
    """`commands.backends.Tools`, in the operator's name."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._sync = cli_sync_in(launch.environment)

    def place(self, file: ToolFile) -> str:
        return self._sync.place(file)

    async def status(self, tool: str, url: str | None) -> Status:
        return await self._sync.status(tool_named(tool), await self._url(url))

    async def preview(
        self, tool: str, url: str | None, key: str | None, model: str | None, restore: bool
    ) -> list[FileChange]:
        found = tool_named(tool)
        if restore:
            return await self._sync.restore_preview(found, await self._url(url))
        return await self._sync.preview(
            found, Wanted(await self._url(url), _PLACEHOLDER if key is None else key, model)
        )

    async def sync(self, tool: str, url: str | None, key: str | None, model: str | None) -> list[FileChange]:
        from crawdad.app.stored import OPERATOR, open_tool_keys

        found, address = tool_named(tool), await self._url(url)
        if key is not None:
            return await self._sync.sync(found, Wanted(address, key, model))
        async with open_tool_keys(self._launch) as keys:
            made, token = await keys.make(found, OPERATOR)
            try:
                changes = await self._sync.sync(found, Wanted(address, token, model))
            except BaseException:
                await keys.revoke(made)
                raise
            await keys.replace(found, made)
        return changes

    async def restore(self, tool: str, url: str | None) -> list[FileChange]:
        from crawdad.app.stored import open_tool_keys

        changes = await self._sync.restore(tool_named(tool), await self._url(url))
        async with open_tool_keys(self._launch) as keys:
            await keys.replace(tool_named(tool), None)
        return changes

    async def _url(self, url: str | None) -> str:
        if url is not None:
            return url
        settings = usable_settings(await (await configuration_source(self._launch)).load())
        return f"http://127.0.0.1:{settings.gateway.port}"

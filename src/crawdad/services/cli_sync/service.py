"""Looks at, writes and restores the settings files of command line tools in the home directory of whoever runs this process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.cli_sync.plan import FileChange, current_url, is_synced, restored, shown_at_home, sync_changes
from crawdad.services.cli_sync.tools import Tool, ToolFile, Wanted

BACKUP = ".crawdad.bak"
"""The end of a backup's name: the file as it was before it was first written here."""
MADE = ".crawdad.new"
"""The end of the name of an empty file that says: there was none before."""

_VERSION = re.compile(r"(?<![\w.])v?(\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?)")
_KEY = re.compile(r"[!#-&(-\[\]-_a-~]{1,512}\Z")  # printable ASCII without blanks, quotes, backslash and backtick


class HomeFiles(Protocol):
    """Files below a home directory, named by their path from there. Raises FORBIDDEN for whatever leads out of it (or out of
    the directory that stands in its place)."""

    @property
    def home(self) -> str: ...

    def place(self, path: str) -> str:
        """Where the file is, in full."""

    async def read(self, path: str) -> str | None:
        """The text exactly as it stands, None where there is none."""

    async def check(self, path: str) -> None:
        """Raise FORBIDDEN where the file may not be written: it or its folder is read-only, or it leads outside."""

    async def write(self, path: str, text: str, secret: bool) -> None:
        """Put `text` in place of the file, whole or not at all, making folders that are missing. Its mode stays; one with a
        `secret` is for its owner alone, as is a new one."""

    async def remove(self, path: str) -> None: ...


class Programs(Protocol):
    """Programs on this machine."""

    async def find(self, name: str) -> str | None:
        """Where a program is, on the search path or in the customary places."""

    async def version(self, path: str) -> str | None:
        """What it says to `--version`, None when it does not run."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a tool is set up. `files` are the names of its files, `paths` where they are."""

    installed: bool
    version: str | None
    is_synced: bool
    has_backup: bool
    current_base_url: str | None
    files: tuple[str, ...]
    paths: tuple[str, ...]


class CliSync:
    """One for a home directory. Writers take turns."""

    def __init__(self, files: HomeFiles, programs: Programs) -> None:
        self._files = files
        self._programs = programs
        self._turn = asyncio.Lock()

    @property
    def home(self) -> str:
        """The directory that it works in."""
        return self._files.home

    def place(self, file: ToolFile) -> str:
        """Where a tool's file is, in full: below `home`, or where the tool's own variable says."""
        return self._files.place(file.path)

    async def status(self, tool: Tool, url: str) -> Status:
        """How `tool` is set up, and whether that is for `url`."""
        program = await self._programs.find(tool.program)
        said = await self._programs.version(program) if program else None
        found = _VERSION.search(said) if said else None
        texts = await self._texts(tool)
        return Status(
            installed=program is not None,
            version=found[1] if found else None,
            is_synced=is_synced(tool, texts, tool.url(url)),
            has_backup=any([await self._is_ours(file) for file in tool.files]),
            current_base_url=current_url(tool, texts),
            files=tuple(file.name for file in tool.files),
            paths=tuple(map(self.place, tool.files)),
        )

    async def preview(self, tool: Tool, wanted: Wanted) -> list[FileChange]:
        """What `sync` would do. Raises BAD_REQUEST for files that cannot be read, FORBIDDEN for those that may not be
        written."""
        changes = sync_changes(tool, await self._texts(tool), _checked(tool, wanted), self._shown)
        for change in changes:
            if change.is_change:
                await self._files.check(change.file.path)
        return changes

    async def sync(self, tool: Tool, wanted: Wanted) -> list[FileChange]:
        """Point `tool` at `wanted`: all of its files, or none when one of them cannot be written."""
        async with self._turn:
            changes = [change for change in await self.preview(tool, wanted) if change.is_change]
            done: list[FileChange] = []
            try:
                for change in changes:
                    done.append(change)
                    await self._keep(change)
                    assert change.after is not None
                    await self._files.write(change.file.path, change.after, change.file.secret)
            except BaseException:
                await asyncio.shield(self._undo(done))
                raise
            return changes

    async def restore_preview(self, tool: Tool, url: str) -> list[FileChange]:
        """What `restore` would do."""
        if not any([await self._is_ours(file) for file in tool.files]):
            texts = await self._texts(tool)
            if (current_url(tool, texts) or "").rstrip("/") != tool.url(url):
                return []
            return sync_changes(tool, texts, Wanted(tool.vendor_url), self._shown)
        changes = []
        for file in tool.files:
            if await self._is_ours(file):
                text, backup = await self._files.read(file.path), await self._files.read(file.path + BACKUP)
                changes.append(FileChange(file, text, restored(file, text, backup, self._shown), self._shown(file)))
        return changes

    async def restore(self, tool: Tool, url: str) -> list[FileChange]:
        """Put the files back as they were: what was changed here, and nothing that the tool has written since. Files that were
        made here go. Where nothing is known of how they were, a tool that uses `url` goes to its own vendor again, without a
        key. Doing it twice is doing it once."""
        async with self._turn:
            changes = await self.restore_preview(tool, url)
            for change in changes:
                if change.is_change:
                    await self._files.check(change.file.path)
            for change in changes:
                if change.after is None:
                    await self._files.remove(change.file.path)
                elif change.is_change:
                    await self._files.write(change.file.path, change.after, False)
            for change in changes:
                await self._files.remove(change.file.path + BACKUP)
                await self._files.remove(change.file.path + MADE)
            return changes

    async def text(self, tool: Tool, name: str | None) -> str:
        """The text of one of the tool's files, the first where none is named. Raises NOT_FOUND."""
        file = (
            tool.files[0]
            if name is None
            else next((each for each in tool.files if name in (each.name, each.path)), None)
        )
        found = await self._files.read(file.path) if file is not None else None
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("sync.no_file", {"name": (name or tool.files[0].name)[:100]}))
        return found

    def _shown(self, file: ToolFile) -> str:
        """The file's name for people."""
        place = self.place(file)
        return shown_at_home(file) if place == f"{self.home}/{file.path}" else place

    async def _texts(self, tool: Tool) -> dict[str, str | None]:
        return {file.path: await self._files.read(file.path) for file in tool.files}

    async def _is_ours(self, file: ToolFile) -> bool:
        return any([await self._files.read(file.path + end) is not None for end in (BACKUP, MADE)])

    async def _keep(self, change: FileChange) -> None:
        """Remember the file as it was before it was first written, so once only."""
        if await self._is_ours(change.file):
            return
        if change.before is None:
            await self._files.write(change.file.path + MADE, "", True)
        else:
            await self._files.write(change.file.path + BACKUP, change.before, True)

    async def _undo(self, done: Sequence[FileChange]) -> None:
        for change in reversed(done):
            path = change.file.path
            try:
                now = await self._files.read(path)
                if change.before is None:
                    await self._files.remove(path)
                    await self._files.remove(path + MADE)
                elif now != change.before:
                    await self._files.write(path, change.before, change.file.secret)
                if change.before is not None and await self._files.read(path + BACKUP) == change.before:
                    await self._files.remove(path + BACKUP)
            except GatewayError:
                continue  # the backup stays, and `restore` finds it


def _checked(tool: Tool, wanted: Wanted) -> Wanted:
    """The wish in the tool's own form. Raises BAD_REQUEST: no value may end its line or its quotes."""
    for name, value in (("apiKey", wanted.key), ("model", wanted.model)):
        if value and not _KEY.match(value):
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("sync.bad_value", {"param": name}), {"param": name})
    return Wanted(tool.url(wanted.url), wanted.key or None, wanted.model or None)

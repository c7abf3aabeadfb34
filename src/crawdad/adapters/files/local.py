"""The port `crawdad.core.files.TextFiles` on the file system of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable

from crawdad.adapters.files.reading import read_text
from crawdad.adapters.files.replacing import backup_paths, replace_text
from crawdad.adapters.files.watching import watch_files
from crawdad.core.files import FileText


class LocalFiles:
    """Text files of this machine, touched in threads. With `polling` changes are found by looking now and then."""

    def __init__(self, polling: bool = False) -> None:
        self._polling = polling

    async def read(self, path: str, within: str | None = None) -> FileText | None:
        """The file, or None when there is none."""
        return await asyncio.to_thread(read_text, path, within)

    async def replace(self, path: str, text: str, base_hash: str, backup: str | None = None) -> str:
        """Put `text` in place of the file whose hash is `base_hash`; returns the new hash."""
        return await asyncio.to_thread(replace_text, path, text, base_hash, backup)

    async def backups(self, path: str) -> list[FileText]:
        """The numbered backups that exist, the newest first."""
        found = [await self.read(place) for place in backup_paths(path)]
        return [file for file in found if file is not None]

    def watch(self, paths: Callable[[], Iterable[str]]) -> AsyncGenerator[None, None]:
        """An item at once, and one after every change of one of `paths()`."""
        return watch_files(paths, self._polling)

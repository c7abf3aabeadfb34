"""A folder of files named by ids. The port is `services.media_files.store.MediaFolder`."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError

_NAME = re.compile(r"[A-Za-z0-9_-]{16,200}\Z")


class LocalMediaFolder:
    """One folder, nobody else's to read. A name is an id or it is refused: no path comes out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, name: str, data: bytes) -> None:
        """Put a file there, whole or not at all."""
        await asyncio.to_thread(self._write, self._place(name), data)

    async def read(self, name: str, start: int, length: int) -> bytes:
        """A piece of a file. Raises NOT_FOUND."""
        return await asyncio.to_thread(self._read, self._place(name), start, length)

    async def remove(self, name: str) -> None:
        """Remove a file, where it is there."""
        await asyncio.to_thread(self._place(name).unlink, missing_ok=True)

    def _place(self, name: str) -> Path:
        if not _NAME.match(name):
            raise _not_found()
        return self._folder / name

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(path)

    def _read(self, path: Path, start: int, length: int) -> bytes:
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
                file.seek(start)
                return file.read(length)
        except FileNotFoundError:
            raise _not_found() from None


def _not_found() -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, "not found")

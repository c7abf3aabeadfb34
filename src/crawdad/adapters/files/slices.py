"""Pieces of a file that grows: a log."""

from __future__ import annotations

import asyncio
import os

from crawdad.adapters.files.reading import failure


class LocalFileSlices:
    """`services.log_tail.FileSlices` of this machine, off the event loop."""

    async def size(self, path: str) -> int | None:
        """How many bytes it has; None: it is not there."""
        return await asyncio.to_thread(_size, path)

    async def read(self, path: str, start: int, count: int) -> bytes:
        """At most `count` bytes from `start` on."""
        return await asyncio.to_thread(_read, path, start, count)


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failure(path, error) from None


def _read(path: str, start: int, count: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(count)
    except OSError as error:
        raise failure(path, error) from None

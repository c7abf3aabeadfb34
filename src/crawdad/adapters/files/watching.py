"""Tells when files change, however that is done: written in place, replaced, deleted and made again, links switched.

The folders are watched, not the files: an editor's new file is another file. An event is only a hint to look; what
counts is whether the files' signatures changed, so that a busy database in the same folder wakes nobody.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

DEBOUNCE_MILLISECONDS = 300
_QUIET_MILLISECONDS = 250
_POLL_MILLISECONDS = 1000
_LOOK_MILLISECONDS = 5000

Signature = dict[str, tuple[object, ...]]


async def watch_files(paths: Callable[[], Iterable[str]], polling: bool = False) -> AsyncGenerator[None, None]:
    """See `crawdad.core.files.TextFiles.watch`. Falls back to polling where the system cannot notify."""
    known, folders = await asyncio.to_thread(_look, paths())
    yield
    while True:
        try:
            async with aclosing(_hints(folders, polling)) as hints:
                async for _ in hints:
                    before = known, folders
                    known, folders = await asyncio.to_thread(_look, paths())
                    if known != before[0]:
                        yield
                    if folders != before[1]:
                        break
        except FileNotFoundError:
            known, folders = await asyncio.to_thread(_look, paths())
        except (OSError, RuntimeError):  # out of watches, or a file system that has none
            if polling:
                raise
            polling = True


async def _hints(folders: frozenset[str], polling: bool) -> AsyncGenerator[None, None]:
    """An item whenever something happens in one of the folders, and every few seconds in case that went unnoticed."""
    import watchfiles

    changes = watchfiles.awatch(
        *folders,
        watch_filter=None,
        debounce=DEBOUNCE_MILLISECONDS,
        step=_QUIET_MILLISECONDS,
        rust_timeout=_LOOK_MILLISECONDS,
        yield_on_timeout=True,
        recursive=False,
        force_polling=True if polling else None,
        poll_delay_ms=_POLL_MILLISECONDS,
        ignore_permission_denied=True,
    )
    async with aclosing(changes):
        async for _ in changes:
            yield


def _look(paths: Iterable[str]) -> tuple[Signature, frozenset[str]]:
    """The files' signatures now, and the folders to watch for the next change."""
    names = list(paths)
    return _signature(names), _folders(names)


def _folders(paths: Iterable[str]) -> frozenset[str]:
    """The folders to watch: those of the paths and of what they link to, or the nearest that exist."""
    folders: set[str] = set()
    for path in paths:
        for name in (path, os.path.realpath(path)):
            folder = os.path.dirname(os.path.abspath(name))
            while not os.path.isdir(folder):
                folder = os.path.dirname(folder)
            folders.add(folder)
    return frozenset(folders)


def _signature(paths: Iterable[str]) -> Signature:
    """What changes about each path when its file does."""
    signature: Signature = {}
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            signature[path] = ()
        else:
            signature[path] = (os.path.realpath(path), status.st_ino, status.st_mtime_ns, status.st_size)
    return signature

"""Locks between processes of one machine. The kernel lets go of them when their holder dies, however it dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this descriptor alone. False when another descriptor holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@asynccontextmanager
async def exclusive(path: Path, seconds: float = 60.0) -> AsyncIterator[None]:
    """Hold the lock file `path`, waiting for it at most `seconds`. Raises UNAVAILABLE after that. The file stays."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            async with asyncio.timeout(seconds):
                # Only who blocks on the lock is told when it is free.
                while not try_lock(descriptor):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            words = Text("store.locked", {"path": path, "seconds": seconds})
            raise GatewayError(ErrorKind.UNAVAILABLE, words) from None
        yield
    finally:
        os.close(descriptor)

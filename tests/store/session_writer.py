"""Appends to sessions until it is killed, and says what it has kept: `python -m tests.store.session_writer URL NAME`."""

from __future__ import annotations

import asyncio
import sys

from crawdad.core.sessions import NewLogEvent, SessionEntry
from crawdad.store.database import open_database
from crawdad.store.sessions import SessionStore

KEY = "agent:main:main"
LOG = "log-main"


def entry() -> SessionEntry:
    """The session that all writers share."""
    return SessionEntry(KEY, LOG, "main", "main", 0.0, 0.0)


async def write(url: str, name: str) -> None:
    async with open_database(url) as database:
        store = SessionStore(database)
        await store.add(entry())
        number = 0
        while True:
            number += 1
            words = [f"{name}x{number}x{place}" for place in range(3)]
            data = [{"message": {"role": "user", "content": word}} for word in words]
            lines = [NewLogEvent("message", each, text=word) for each, word in zip(data, words, strict=True)]
            kept = await store.append(entry(), lines, float(number))
            print(f"{kept[0].sequence} {words[0]}", flush=True)


if __name__ == "__main__":
    asyncio.run(write(*sys.argv[1:3]))

"""Kill -9 while sessions are written to: what was said to be kept is there, no line is half there, no number is missing."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from crawdad.core.sessions import SessionFilter
from crawdad.store.database import Database
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore
from tests.store.session_writer import KEY, LOG

ROUNDS = 4


async def write_until_killed(url: str, name: str, lines: int) -> list[str]:
    """Start a writer, kill it after so many appends, and return all that it said until then."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.session_writer", url, name),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    said = b"".join([await process.stdout.readline() for _ in range(lines)])
    process.kill()
    said += await process.stdout.read()
    assert await process.wait() == -9
    return said[: said.rfind(b"\n")].decode().split("\n")


async def test_every_acknowledged_line_is_there_once_and_in_order(database: Database, database_url: str) -> None:
    chance = random.Random()
    store = SessionStore(database)
    said: list[str] = []
    for number in range(ROUNDS):  # two at a time, as two processes of a cluster write
        both = (write_until_killed(database_url, f"w{number}{name}", chance.randrange(1, 60)) for name in "ab")
        for heard in await asyncio.gather(*both):
            said += heard
    lines = await store.lines(LOG)
    assert [line.sequence for line in lines] == list(range(1, len(lines) + 1))
    assert [line.parent_id for line in lines[1:]] == [line.id for line in lines[:-1]]
    words = [line.data["message"]["content"] for line in lines]
    assert len(words) == len(set(words)) and len(words) % 3 == 0, "all of an append, or nothing of it"
    for each in said:
        sequence, word = each.split(" ")
        assert words[int(sequence) - 1] == word
    found = await store.get(KEY)
    assert found is not None and found.messages == len(lines)
    (log,) = await store.logs(KEY)
    assert log.lines == len(lines)
    last = said[-1].split(" ")[1]
    hits, _ = await SessionSearch(database).hits(SessionFilter(search=last))
    assert [hit.entry.key for hit in hits] == [KEY]
    await database.check()

"""Kill -9 at any moment: what was said to be recorded is in the database after the next start, exactly once."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from sqlalchemy import select

from crawdad.core.local_time import Offset
from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.journal import open_journal
from crawdad.store.tables import exchanges
from crawdad.store.usage import QUARTER, count_usage
from crawdad.store.usage_queries import UsageFilter, UsageLog

ROUNDS = 6
ROOM_PER_ROUND = 100_000


async def record_until_killed(url: str, folder: Path, first: int, lines: int) -> list[str]:
    """Start a recorder, kill it after so many lines, and return all that it said until then."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.recorder", url, str(folder), str(first)),
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


async def test_every_acknowledged_exchange_is_in_the_log_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random()
    said: list[str] = []
    for number in range(ROUNDS):
        lines = chance.choice((1, 40, chance.randrange(500, 8000)))
        said += await record_until_killed(database_url, tmp_path / "spool", number * ROOM_PER_ROUND, lines)
    async with (
        open_database(database_url) as reopened,
        open_journal(reopened, tmp_path / "spool", followers=[count_usage]) as journal,
    ):
        await reopened.check()
        await journal.flush()
        assert journal.dropped == 0
        async with reopened.read() as connection:
            stored = list((await connection.execute(select(exchanges.c.id))).scalars())
    assert len(said) > ROUNDS
    assert len(stored) == len(set(stored)) == await ExchangeLog(database).count()
    assert set(said) <= set(stored)
    used = await UsageLog(database).total(UsageFilter())
    assert used.requests == len(stored) and used.input_tokens == 100 * len(stored), "each is counted once"
    quarters = await UsageLog(database).over_time("day", [Offset(0, QUARTER)], UsageFilter())
    assert sum(found.requests for _, found in quarters) == len(stored)
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["lock"]

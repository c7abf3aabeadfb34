"""A process that records exchanges for ever and says the id of each one after it was recorded, for the kill test.

python -m tests.store.recorder <database URL> <spool folder> <first number>
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from crawdad.store.database import open_database
from crawdad.store.journal import open_journal
from crawdad.store.usage import count_usage
from tests.store.samples import exchange


async def main(url: str, folder: str, first: int) -> None:
    async with open_database(url) as database, open_journal(database, Path(folder), followers=[count_usage]) as journal:
        number = first
        while True:
            for _ in range(20):
                journal.record(exchange(number))
                os.write(1, b"ex%06d\n" % number)
                number += 1
            await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

"""The commands' view of what is stored."""

from __future__ import annotations

from pathlib import Path

from crawdad.app.commands.backends import LogOrder
from crawdad.app.stored import InstalledLog
from crawdad.store.bodies import BodyStore
from crawdad.store.database import open_database
from crawdad.store.exchanges import MOST_ON_A_PAGE, ExchangeLog
from crawdad.store.records import pack
from tests.store.samples import exchange


async def test_the_log_gives_as_many_as_were_asked_for(tmp_path: Path) -> None:
    count = 2 * MOST_ON_A_PAGE + 7
    recorded = [exchange(number) for number in range(count)]
    async with open_database(f"sqlite:///{tmp_path}/crawdad.db") as database:
        log = ExchangeLog(database)
        await log.insert([pack(each) for each in recorded])
        for limit in (1, MOST_ON_A_PAGE, MOST_ON_A_PAGE + 1, count - 1, count + 50):
            found = await InstalledLog(log, BodyStore(database)).recent(limit, LogOrder())
            assert [each.id for each in found] == [each.id for each in recorded[-limit:]]

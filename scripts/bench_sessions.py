"""How long lists and searches take over many sessions: `python scripts/bench_sessions.py [--sessions N] [--lines N]`.

Makes them in a SQLite file in the temporary folder (100,000 sessions of four lines take a minute or two) or in the database of
`--url`, looks as panels and agents do, and prints a table. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from sqlalchemy import text

from crawdad.app.bench.sessions import START, entry, make, questions, timed
from crawdad.core.sessions import NewLogEvent, SessionFilter
from crawdad.services.sessions.view import view_of
from crawdad.store.database import open_database
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore


async def _measure(name: str, work: Callable[[], Awaitable[object]]) -> None:
    first, middle = await timed(work)
    print(f"{name:<58} {first:>9.1f} {middle:>9.1f}")


async def _third_page(search: SessionSearch, wanted: SessionFilter) -> object:
    first = await search.page(wanted, 50)
    second = await search.page(wanted, 50, first.cursor)
    return await search.page(wanted, 50, second.cursor)


async def main(count: int, lines: int, url: str | None) -> None:
    """Make them, and look."""
    with tempfile.TemporaryDirectory(prefix="crawdad-bench-") as folder:
        file = Path(folder) / "crawdad.db"
        async with open_database(url or f"sqlite:///{file}") as database:
            began = time.perf_counter()
            await make(database, count, lines)
            if url is not None:
                async with database.read() as connection:
                    await connection.execute(text("ANALYZE"))
            size = f", {file.stat().st_size / 1e6:.0f} MB" if url is None else ""
            print(f"{count} sessions, {count * lines} lines{size}, made in {time.perf_counter() - began:.0f} s\n")
            print(f"{'':<58} {'first ms':>9} {'median ms':>9}")
            search, store = SessionSearch(database), SessionStore(database)
            for name, wanted in questions(count).items():
                await _measure(f"{name}: first page", partial(search.page, wanted, 50))
                if wanted.owner != "key_x":
                    await _measure(f"{name}: three pages", partial(_third_page, search, wanted))
            await _measure("count, everybody's", lambda: search.total(SessionFilter()))
            one = entry(count // 2)

            async def view() -> object:
                return view_of(*await store.view(one.session_id))

            await _measure("view of a log", view)
            await _measure("append of two lines", lambda: store.append(one, [_line("a"), _line("b")], START))


def _line(said: str) -> NewLogEvent:
    return NewLogEvent("message", {"message": {"role": "user", "content": said}}, text=f"{said} hello invoice 天气")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=4)
    parser.add_argument("--url", help="an empty PostgreSQL database instead")
    given = parser.parse_args()
    asyncio.run(main(given.sessions, given.lines, given.url))

"""How long lists and searches take over many sessions: `python scripts/bench_sessions.py [--sessions N] [--lines N]`.

Makes them in a SQLite file in the temporary folder (100,000 sessions of four lines take a minute or two) or in the database of
`--url`, looks as panels and agents do, and prints a table. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import insert, text

from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry, SessionFilter
from crawdad.services.sessions.view import view_of
from crawdad.store.database import Database, open_database
from crawdad.store.session_rows import entry_row, line_id, line_row, own_words, search_row
from crawdad.store.session_search import SessionSearch
from crawdad.store.session_tables import session_lines, session_logs, session_texts, sessions
from crawdad.store.sessions import SessionStore

_START = 1_767_225_600.0
_AT_ONCE = 1000
_REPEAT = 7
_OWNERS = 50
_WORDS = ("invoice", "weather", "holiday", "compiler", "garden", "music", "budget", "train", "recipe", "letter")
_CHINESE = ("北京今天的天气很好", "请帮我写一封邮件", "明天的会议几点开始", "把这份报告翻译成英文")


def _entry(number: int) -> SessionEntry:
    key = f"agent:main:api:{number:08d}"
    at = _START + number
    return SessionEntry(
        key,
        f"log-{number:08d}",
        "main" if number % 10 else "ops",
        "api",
        at,
        at,
        owner=f"key_{number % _OWNERS}",
        title=f"Conversation {number} about {_WORDS[number % 10]}",
        active_at=at,
        preview="see you tomorrow",
    )


def _said(number: int, place: int) -> str:
    rare = f"needle{number}" if number % 1000 == 0 else "hay"
    return (
        f"hello, this is line {place} about {_WORDS[(number + place) % 10]} and {_WORDS[(number * 7 + place) % 10]}; "
        f"{_CHINESE[(number + place) % 4]} {rare} {number % 997}"
    )


async def _make(database: Database, count: int, lines: int) -> None:
    for start in range(0, count, _AT_ONCE):
        entries = [_entry(number) for number in range(start, min(count, start + _AT_ONCE))]
        rows: list[dict[str, object]] = []
        texts: list[dict[str, object]] = []
        logs: list[dict[str, object]] = []
        for number, entry in enumerate(entries, start):
            last = line_id(entry.session_id, lines)
            log = {"session_id": entry.session_id, "key": entry.key, "created_at": entry.created_at, "reason": ""}
            logs.append(
                {**log, "last_sequence": lines, "last_id": last, "compaction": 0, "first_kept": 0, "header": "{}"}
            )
            texts.append(search_row(entry, entry.session_id, 0, own_words(entry)))
            for place in range(1, lines + 1):
                said = _said(number, place)
                data = {"message": {"role": "user", "content": [{"type": "text", "text": said}]}}
                id_ = line_id(entry.session_id, place)
                parent = line_id(entry.session_id, place - 1) if place > 1 else None
                rows.append(line_row(LogEvent(entry.session_id, place, id_, "message", entry.created_at, data, parent)))
                texts.append(search_row(entry, entry.session_id, place, said))
        async with database.write() as connection:
            await connection.execute(insert(sessions), [entry_row(entry) for entry in entries])
            await connection.execute(insert(session_logs), logs)
            await connection.execute(insert(session_lines), rows)
            await connection.execute(insert(session_texts), texts)


async def _measure(name: str, work: Callable[[], Awaitable[object]]) -> None:
    taken = []
    for _ in range(_REPEAT):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    print(f"{name:<58} {taken[0]:>9.1f} {statistics.median(taken):>9.1f}")


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
            await _make(database, count, lines)
            if url is not None:
                async with database.read() as connection:
                    await connection.execute(text("ANALYZE"))
            size = f", {file.stat().st_size / 1e6:.0f} MB" if url is None else ""
            print(f"{count} sessions, {count * lines} lines{size}, made in {time.perf_counter() - began:.0f} s\n")
            print(f"{'':<58} {'first ms':>9} {'median ms':>9}")
            search, store = SessionSearch(database), SessionStore(database)
            for name, wanted in (
                ("list, everybody's", SessionFilter()),
                ("list, one owner's (1 in 50)", SessionFilter(owner="key_7")),
                ("list, one agent's (1 in 10)", SessionFilter(agent_id="ops")),
                ("search, a word in every line", SessionFilter(search="hello")),
                ("search, two words in many lines, never together", SessionFilter(search="invoice weather")),
                ("search, two words together in many lines", SessionFilter(search="hello invoice")),
                ("search, Chinese in a quarter of the lines", SessionFilter(search="天气很好")),
                ("search, one that is nowhere together", SessionFilter(search="天气邮件")),
                ("search, a word in 1 of 1000 sessions", SessionFilter(search=f"needle{count // 2000 * 1000}")),
                ("search, the beginning of a word", SessionFilter(search="needl")),
                ("search, one owner's, a word in every line", SessionFilter(search="hello", owner="key_7")),
                ("search, an owner who has none", SessionFilter(search="hello", owner="key_x")),
            ):
                await _measure(f"{name}: first page", lambda wanted=wanted: search.page(wanted, 50))
                if wanted.owner != "key_x":
                    await _measure(f"{name}: three pages", lambda wanted=wanted: _third_page(search, wanted))
            await _measure("count, everybody's", lambda: search.total(SessionFilter()))
            entry = _entry(count // 2)

            async def view() -> object:
                return view_of(await store.lines(entry.session_id))

            await _measure("view of a log", view)
            await _measure("append of two lines", lambda: store.append(entry, [_line("a"), _line("b")], _START))


def _line(said: str) -> NewLogEvent:
    return NewLogEvent("message", {"message": {"role": "user", "content": said}}, text=f"{said} hello invoice 天气")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=4)
    parser.add_argument("--url", help="an empty PostgreSQL database instead")
    given = parser.parse_args()
    asyncio.run(main(given.sessions, given.lines, given.url))

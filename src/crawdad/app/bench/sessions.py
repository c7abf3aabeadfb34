"""Many sessions, made in no time, and how long lists and searches take over them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from crawdad.app.bench import loops
from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import running_on
from crawdad.app.bench.table import Row
from crawdad.core.sessions import LogEvent, SessionEntry, SessionFilter
from crawdad.store.database import Database, open_database
from crawdad.store.session_rows import entry_row, line_id, line_row, own_words, search_row
from crawdad.store.session_search import SessionSearch
from crawdad.store.session_tables import session_lines, session_logs, session_texts, sessions

START = 1_767_225_600.0
"""When the first of them was made, in Unix seconds; each later one a second after the one before."""
_GOAL_MS = 100.0
_LINES = 4
_AT_ONCE = 1000
_OWNERS = 50
_WORDS = ("invoice", "weather", "holiday", "compiler", "garden", "music", "budget", "train", "recipe", "letter")
_CHINESE = ("北京今天的天气很好", "请帮我写一封邮件", "明天的会议几点开始", "把这份报告翻译成英文")


def entry(number: int) -> SessionEntry:
    """The session of a number."""
    key = f"agent:main:api:{number:08d}"
    at = START + number
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


async def make(database: Database, count: int, lines: int) -> None:
    """Keep the sessions numbered below `count`, of so many lines each."""
    for start in range(0, count, _AT_ONCE):
        made = [entry(number) for number in range(start, min(count, start + _AT_ONCE))]
        rows: list[dict[str, object]] = []
        texts: list[dict[str, object]] = []
        logs: list[dict[str, object]] = []
        for number, one in enumerate(made, start):
            last = line_id(one.session_id, lines)
            log = {"session_id": one.session_id, "key": one.key, "created_at": one.created_at, "reason": ""}
            logs.append(
                {**log, "last_sequence": lines, "last_id": last, "compaction": 0, "first_kept": 0, "header": "{}"}
            )
            texts.append(search_row(one, one.session_id, 0, own_words(one)))
            for place in range(1, lines + 1):
                said = _said(number, place)
                data = {"message": {"role": "user", "content": [{"type": "text", "text": said}]}}
                id_ = line_id(one.session_id, place)
                parent = line_id(one.session_id, place - 1) if place > 1 else None
                rows.append(line_row(LogEvent(one.session_id, place, id_, "message", one.created_at, data, parent)))
                texts.append(search_row(one, one.session_id, place, said))
        async with database.write() as connection:
            await connection.execute(insert(sessions), [entry_row(one) for one in made])
            await connection.execute(insert(session_logs), logs)
            await connection.execute(insert(session_lines), rows)
            await connection.execute(insert(session_texts), texts)


def questions(count: int) -> dict[str, SessionFilter]:
    """What is looked for in `count` sessions, by name."""
    return {
        "list, everybody's": SessionFilter(),
        "list, one owner's (1 in 50)": SessionFilter(owner="key_7"),
        "list, one agent's (1 in 10)": SessionFilter(agent_id="ops"),
        "search, a word in every line": SessionFilter(search="hello"),
        "search, two words in many lines, never together": SessionFilter(search="invoice weather"),
        "search, two words together in many lines": SessionFilter(search="hello invoice"),
        "search, Chinese in a quarter of the lines": SessionFilter(search="天气很好"),
        "search, one that is nowhere together": SessionFilter(search="天气邮件"),
        "search, a word in 1 of 1000 sessions": SessionFilter(search=f"needle{count // 2000 * 1000}"),
        "search, the beginning of a word": SessionFilter(search="needl"),
        "search, one owner's, a word in every line": SessionFilter(search="hello", owner="key_7"),
        "search, an owner who has none": SessionFilter(search="hello", owner="key_x"),
    }


async def timed(work: Callable[[], Awaitable[object]], times: int = 7) -> tuple[float, float]:
    """How long `work` takes the first time, and in the middle of so many, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    return taken[0], statistics.median(taken)


async def _measure(file: Path, count: int, found: dict[str, float]) -> None:
    async with open_database(f"sqlite:///{file}") as database:
        await make(database, count, _LINES)
        search = SessionSearch(database)
        for name, wanted in questions(count).items():
            _, found[name] = await timed(partial(search.page, wanted, 50))


def stored_sessions(bench: Bench) -> Iterator[Row]:
    """The first pages of lists and searches over many sessions."""
    count = bench.plan.sessions
    found: dict[str, float] = {}
    with running_on(bench.cores.tested):
        loops.run(_measure(bench.folder / "sessions.db", count, found))
    slowest = max(found, key=lambda name: found[name])
    listed = max(value for name, value in found.items() if name.startswith("list"))
    yield Row(
        f"{count:,} sessions, a page of 50 listed and searched",
        f"{found[slowest]:.1f} ms",
        f"< {_GOAL_MS:.0f} ms of 100,000",
        found[slowest] < _GOAL_MS if count >= 100_000 else None,
        f"the slowest: {slowest}; of the lists {listed:.1f} ms; {len(found)} questions, the median of 7 each",
        found,
    )

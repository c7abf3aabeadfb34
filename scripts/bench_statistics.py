"""How long logs and statistics take over millions of exchanges: `python scripts/bench_statistics.py [--exchanges N] [--rows]`.

Without `--rows` only the rolled-up usage is made, with it the exchanges themselves as well (SQLite, some 1 KB each: ten
million take about 11 GB in the temporary folder and a few minutes). Nothing passes or fails; a table is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from crawdad.core.log import ExchangeFilter
from crawdad.services.statistics import Asked, Statistics
from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.usage import COUNTS, DAY, HOUR, KEYS, NAMES, QUARTER
from crawdad.store.usage_queries import UsageFilter, UsageLog

_END = 1_767_225_600 + 40 * DAY + 12_345
_DAYS = 30
_ACCOUNTS, _KEYS, _MODELS = 10, 20, 8
_BUSY = 240
"""How many of the combinations of account, key and model are used in a quarter of an hour."""
_REPEAT = 5

_EXCHANGES = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {last})
INSERT INTO exchanges (
  id, started_at, contract, protocol, operation, method, path, principal_id, principal_name, client_address, user_agent,
  model_requested, model_resolved, provider, upstream_protocol, account, account_label, owner, lane, stream, attempts,
  first_byte_seconds, duration_seconds, request_bytes, response_bytes, status, outcome, stop_reason, input_tokens,
  output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, tool_input_tokens,
  audio_input_tokens, audio_output_tokens, image_input_tokens, image_output_tokens, accepted_prediction_tokens,
  rejected_prediction_tokens, web_searches, cost, error_message, notes, stored_bytes, sequence)
SELECT printf('%032x', i), {begin} + i * {step}, 'openai', 'openai-chat', 'chat', 'POST', '/v1/chat/completions',
  'key_' || (i * 7919 % {keys}), 'laptop ' || (i * 7919 % {keys}), '192.168.1.' || (i % 250), 'OpenAI/Python 2.7.1',
  'model-' || (i * 104729 % {models}), 'vendor/model-' || (i * 104729 % {models}), 'vendor', 'openai-chat',
  'acc_' || (i * 15485863 % {accounts}), 'account' || (i * 15485863 % {accounts}) || '@example.org', 'team', 'express', i % 2,
  '[{{"source":"vendor","model":"model-1","status":200,"error":null,"began":0.0,"ended":null}}]', 0.4, 1.9, 5120, 2048,
  CASE WHEN i % 97 = 0 THEN 502 WHEN i % 9973 = 0 THEN 429 ELSE 200 END,
  CASE WHEN i % 97 = 0 THEN 'failed' ELSE 'completed' END,
  'end', 1000 + i % 500, 100 + i % 300, 600, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0.004,
  CASE WHEN i % 97 = 0 THEN 'The upstream did not answer.' END, '[]', 900, i + 1
FROM n
"""


@dataclass
class _Clock:
    def now(self) -> float:
        return float(_END)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _make_rows(path: Path, count: int) -> None:
    """The exchanges. Indexes are made afterwards, which is several times faster."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-1000000")
        query = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'exchanges' AND sql IS NOT NULL"
        )
        indexes = connection.execute(query).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        step = _DAYS * DAY / count
        for first in range(0, count, 1_000_000):
            last = min(count, first + 1_000_000)
            connection.execute(
                _EXCHANGES.format(
                    first=first,
                    last=last,
                    begin=_END - _DAYS * DAY,
                    step=step,
                    keys=_KEYS,
                    models=_MODELS,
                    accounts=_ACCOUNTS,
                )
            )
            connection.commit()
            _say(f"  {last:,} exchanges")
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute(
            "INSERT INTO exchange_totals SELECT 1, max(sequence), count(*), sum(status < 200 OR status >= 400), "
            "sum(stored_bytes) FROM exchanges"
        )
        connection.execute(
            "INSERT INTO exchange_kinds SELECT lower(hex(randomblob(16))), method, path, model_requested, status, "
            "account_label, count(*), min(started_at), max(started_at) FROM exchanges GROUP BY 2, 3, 4, 5, 6"
        )
        connection.execute(
            f"INSERT INTO usage_buckets ({', '.join((*KEYS, *NAMES, *COUNTS))}) "
            f"SELECT {QUARTER}, CAST(started_at AS INTEGER) / {QUARTER} * {QUARTER}, account, principal_id, model_requested, "
            "model_resolved, max(account_label), max(principal_name), max(owner), count(*), sum(outcome <> 'completed'), "
            "sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens), "
            "sum(cost), count(*), 0 FROM exchanges GROUP BY 1, 2, 3, 4, 5, 6"
        )
        _widen(connection)


def _make_roll_ups(path: Path, count: int) -> None:
    """What so many exchanges come to."""
    quarters = _DAYS * DAY // QUARTER
    each = max(1, count // (quarters * _BUSY))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.executemany(
            f"INSERT INTO usage_buckets ({', '.join((*KEYS, *NAMES, *COUNTS))}) VALUES ({', '.join('?' * 19)})",
            (
                (
                    *(
                        QUARTER,
                        _END // QUARTER * QUARTER - quarter * QUARTER,
                        f"acc_{n % _ACCOUNTS}",
                        f"key_{n % _KEYS}",
                    ),
                    *(f"model-{n // _KEYS % _MODELS}-{n // 160}", f"vendor/model-{n // _KEYS % _MODELS}"),
                    *(f"account{n % _ACCOUNTS}@example.org", f"laptop {n % _KEYS}", "team", each, 0, each * 1250),
                    *(each * 250, each * 600, 0, each * 20, each * 0.004, each, 0),
                )
                for quarter in range(quarters)
                for n in range(_BUSY)
            ),
        )
        _widen(connection)


def _widen(connection: sqlite3.Connection) -> None:
    sums = ", ".join(f"sum({name})" for name in COUNTS)
    for span in (HOUR, DAY):
        connection.execute(
            f"INSERT INTO usage_buckets ({', '.join((*KEYS, *NAMES, *COUNTS))}) SELECT {span}, bucket / {span} * {span}, "
            f"account, principal_id, model_requested, model_resolved, max(account_label), max(principal_name), max(owner), "
            f"{sums} FROM usage_buckets WHERE span = {QUARTER} GROUP BY 1, 2, 3, 4, 5, 6"
        )
    connection.execute(
        f"INSERT INTO usage_totals (span, bucket, {', '.join(COUNTS)}) "
        f"SELECT span, bucket, {sums} FROM usage_buckets GROUP BY 1, 2"
    )


Measure = tuple[str, Callable[[], Awaitable[object]]]


def _statistics(usage: UsageLog) -> list[Measure]:
    async def nothing() -> None:
        return None

    told = Statistics(usage, _Clock(), lambda: "UTC", nothing)
    utc, china, india = Asked(), Asked("Asia/Shanghai"), Asked("Asia/Kolkata")
    return [
        ("summary, 7 days + today + week + all", lambda: told.summary(168, utc)),
        ("summary, Asia/Shanghai", lambda: told.summary(168, china)),
        ("hourly, 24 h", lambda: told.hourly(24, utc)),
        ("hourly, 7 days, Asia/Kolkata", lambda: told.hourly(168, india)),
        ("daily, 7 days", lambda: told.daily(7, utc)),
        ("daily, 30 days", lambda: told.daily(30, utc)),
        ("daily, 30 days, Asia/Shanghai", lambda: told.daily(30, china)),
        ("daily, 30 days, Asia/Kolkata", lambda: told.daily(30, india)),
        ("weekly, 4 weeks", lambda: told.weekly(4, utc)),
        ("by account, 7 days", lambda: told.by("account", 168, utc)),
        ("by model, 30 days", lambda: told.by("model_requested", 720, utc)),
        ("by key, 30 days", lambda: told.by("principal", 720, utc)),
        ("model trend, hourly, 24 h", lambda: told.trend("hour", 24, "model_requested", utc)),
        ("account trend, daily, 7 days", lambda: told.trend("day", 7, "account", utc)),
        ("one key's summary", lambda: told.summary(168, Asked(principal_id="key_3"))),
    ]


def _log(log: ExchangeLog) -> list[Measure]:
    def page(limit: int = 50, offset: int = 0, **wanted: object) -> Callable[[], Awaitable[object]]:
        return lambda: log.page(ExchangeFilter(**wanted), limit, None, offset)  # type: ignore[arg-type]

    return [
        ("log: newest 50", page()),
        ("log: newest 1000", page(1000)),
        ("log: 50 at offset 10,000", page(offset=10_000)),
        ("log: 50 at offset 1,000,000", page(offset=1_000_000)),
        ("log: newest 50 errors", page(errors=True)),
        ("log: filter 'chat 200'", page(terms=("chat", "200"))),
        ("log: filter 'account7'", page(terms=("account7",))),
        ("log: filter '429' (one in 9,973)", page(terms=("429",))),
        ("log: one key's newest 50", page(principal_id="key_3")),
        ("log: one day's newest 50", page(since=_END - 9 * DAY, until=_END - 8 * DAY)),
        ("log: following by number", lambda: log.following(9_000_000, None, 200)),
        ("count: all", lambda: log.count()),
        ("count: errors", lambda: log.count(ExchangeFilter(errors=True))),
        ("count: one hour", lambda: log.count(ExchangeFilter(since=_END - HOUR))),
        ("count: one key", lambda: log.count(ExchangeFilter(principal_id="key_3"))),
        ("log: filter '429' for one key", page(terms=("429",), principal_id="key_3")),
        ("count: filter 'account7'", lambda: log.count(ExchangeFilter(terms=("account7",)))),
        ("filter that nothing matches", page(terms=("nothing-has-this",))),
    ]


async def _measure(path: Path, size: int, with_rows: bool) -> None:
    async with open_database(f"sqlite:///{path}") as database:
        usage = UsageLog(database)
        total = await usage.total(UsageFilter())
        print(f"\n{total.requests:,} exchanges in {size / 2**20:,.0f} MB\n")
        print("| question | median | slowest |\n|---|---|---|")
        for name, ask in [*_statistics(usage), *(_log(ExchangeLog(database)) if with_rows else [])]:
            times = []
            for _ in range(_REPEAT):
                began = time.perf_counter()
                await ask()
                times.append((time.perf_counter() - began) * 1000)
                if sum(times) > 20_000:
                    break
            print(f"| {name} | {statistics.median(times):,.1f} ms | {max(times):,.1f} ms |", flush=True)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def _prepare(path: Path) -> None:
    async with open_database(f"sqlite:///{path}"):
        pass


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=10_000_000)
    parser.add_argument("--rows", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        asyncio.run(_prepare(path))
        began = time.perf_counter()
        (_make_rows if arguments.rows else _make_roll_ups)(path, arguments.exchanges)
        _say(f"made in {time.perf_counter() - began:.0f} s")
        asyncio.run(_measure(path, path.stat().st_size, arguments.rows))


if __name__ == "__main__":
    main()

"""The exchange log: what goes in comes out, in pages, filtered, counted, and cut down."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest
from sqlalchemy import text

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.log import ExchangeFilter
from crawdad.store.database import Database
from crawdad.store.exchanges import MOST_ON_A_PAGE, ExchangeLog
from crawdad.store.records import pack
from tests.store.samples import MORNING, exchange


async def log_of(database: Database, *exchanges: Exchange) -> ExchangeLog:
    log = ExchangeLog(database)
    await log.insert([pack(one) for one in exchanges])
    return log


async def ids(log: ExchangeLog, **wanted: Any) -> list[str]:
    return [one.id for one in (await log.page(ExchangeFilter(**wanted))).exchanges]


async def test_an_exchange_comes_back_as_it_was_recorded(database: Database) -> None:
    full, bare = exchange(1), Exchange("bare", MORNING, "gemini", "gemini", "embed")
    log = await log_of(database, full, bare)
    assert await log.get(full.id) == full
    assert await log.get("bare") == bare


async def test_a_record_inserted_again_changes_nothing(database: Database) -> None:
    log = await log_of(database, exchange(1), exchange(2))
    await log.insert([pack(exchange(2, model_requested="forged")), pack(exchange(3)), pack(exchange(3))])
    assert await ids(log) == ["ex000003", "ex000002", "ex000001"]
    kept = await log.get("ex000002")
    assert kept is not None and kept.model_requested == "gpt-5"


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
async def test_a_batch_of_any_size_goes_in_whole(database: Database, count: int) -> None:
    log = await log_of(database, *(exchange(number) for number in range(count)))
    assert await log.count() == count


async def test_an_exchange_of_somebody_else_is_not_found(database: Database) -> None:
    log = await log_of(database, exchange(1, principal_id="key_1"))
    assert await log.get("ex000001", principal_id="key_2") is None
    assert await log.get("ex000001", principal_id="key_1") is not None


async def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    moments = [MORNING + number // 3 for number in range(25)]  # three at the same moment
    made = [exchange(number, started_at=moment) for number, moment in enumerate(moments)]
    log = await log_of(database, *random.Random(7).sample(made, len(made)))
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = await log.page(limit=4, cursor=cursor)
        seen += [one.id for one in page.exchanges]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [one.id for one in reversed(made)]


async def test_new_exchanges_do_not_shift_the_next_page(database: Database) -> None:
    log = await log_of(database, *(exchange(number) for number in range(4)))
    first = await log.page(limit=2)
    await log.insert([pack(exchange(9))])
    second = await log.page(limit=2, cursor=first.cursor)
    assert [one.id for one in second.exchanges] == ["ex000001", "ex000000"]
    assert second.cursor is None


async def test_the_limit_of_a_page_is_bounded(database: Database) -> None:
    log = await log_of(database, *(exchange(number) for number in range(MOST_ON_A_PAGE + 1)))
    assert len((await log.page(limit=10**9)).exchanges) == MOST_ON_A_PAGE
    assert len((await log.page(limit=-1)).exchanges) == 1


@pytest.mark.parametrize(
    "cursor", ["", "x", "%00", "é", base64.urlsafe_b64encode(b"[1]").decode(), "W251bGwsbnVsbF0", "WzEuNSwiXHUwMDAwIl0"]
)
async def test_a_tampered_cursor_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(GatewayError) as caught:
        await ExchangeLog(database).page(cursor=cursor)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.details["param"] == "cursor"


async def test_filters_narrow_together(database: Database) -> None:
    log = await log_of(
        database,
        exchange(1),
        exchange(2, principal_id="key_2"),
        exchange(3, provider="anthropic", model_resolved="anthropic/claude"),
        exchange(4, outcome="failed", error_kind="rate_limited"),
        exchange(5, contract="anthropic"),
    )
    assert await ids(log, principal_id="key_2") == ["ex000002"]
    assert await ids(log, provider="anthropic") == ["ex000003"]
    assert await ids(log, model="anthropic/claude", outcome="failed") == []
    assert await ids(log, outcome="failed") == ["ex000004"]
    assert await ids(log, contract="anthropic") == ["ex000005"]
    assert await ids(log, since=MORNING + 2, until=MORNING + 4) == ["ex000003", "ex000002"]
    assert await log.count(ExchangeFilter(principal_id="key_1", outcome="completed")) == 3


async def test_what_is_looked_for_is_taken_literally(database: Database) -> None:
    log = await log_of(
        database,
        exchange(1, model_requested="GPT-5 100%"),
        exchange(2, model_requested="gpt_5"),
        exchange(3, error_message=r"C:\path"),
        exchange(4, principal_name="Zoë"),
    )
    assert await ids(log, containing="gpt-5 1") == ["ex000001"]
    assert await ids(log, containing="%") == ["ex000001"]
    assert await ids(log, containing="gpt_") == ["ex000002"]
    assert await ids(log, containing="\\") == ["ex000003"]
    assert await ids(log, containing="Zoë") == ["ex000004"]
    assert await ids(log, containing="' OR 1=1 --") == []


async def test_words_are_counted_and_found_alike_whatever_comes_and_goes(database: Database) -> None:
    """The kinds that answer for many exchanges say what the exchanges themselves would."""
    chance = random.Random(11)
    made = [
        exchange(
            number,
            path=chance.choice(("/v1/messages", "/v1/chat/completions", "/v1/100%_x", "/é" + "x" * 5000)),
            model_requested=chance.choice(("gpt-5", "GPT-5-mini", "claude", "x" * 256)),
            status=chance.choice((200, 200, 200, 302, 429, 502)),
            account_label=chance.choice(("", "main@example.org")),
        )
        for number in range(400)
    ]
    log = await log_of(database, *made)
    await log.delete_before(MORNING + 101)
    left = made[101:]
    for terms in ((), ("gpt",), ("429",), ("messages", "mini"), ("%_",), ("main@", "claude"), ("post", "5"), ("none",)):
        for errors in (False, True):
            wanted = ExchangeFilter(terms=terms, errors=errors)
            expected = [
                one.id
                for one in reversed(left)
                if all(
                    any(
                        term in text.lower()
                        for text in (one.path, one.method, one.model_requested, str(one.status), one.account_label)
                    )
                    for term in terms
                )
                and (not errors or not 200 <= one.status < 400)
            ]
            assert [one.id for one in (await log.page(wanted, 1000)).exchanges] == expected, (terms, errors)
            assert await log.count(wanted) == len(expected), (terms, errors)
    assert await log.count(ExchangeFilter(status=429)) == sum(one.status == 429 for one in left)
    await log.delete_beyond(0)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM exchange_kinds"))).scalar_one() == 0


async def test_a_summary_counts_what_matches(database: Database) -> None:
    log = await log_of(
        database,
        exchange(1),
        exchange(2, outcome="failed", cost=None),
        exchange(3, provider="anthropic", outcome="cancelled"),
        exchange(4, provider="anthropic", outcome="interrupted"),
        exchange(5, provider="anthropic"),
    )
    total = await log.summary()
    assert (total.total, total.completed, total.failed, total.cancelled, total.interrupted) == (5, 2, 1, 1, 1)
    assert (total.input_tokens, total.output_tokens, total.cache_read_tokens) == (500, 100, 320)
    assert total.cost == pytest.approx(0.05)
    assert (await log.summary(ExchangeFilter(provider="nobody"))).total == 0


async def test_old_exchanges_are_removed(database: Database) -> None:
    log = await log_of(database, *(exchange(number) for number in range(1300)))
    assert await log.delete_before(MORNING + 1200) == 1200
    assert await log.count() == 100
    assert await log.delete_before(MORNING + 1200) == 0


async def test_the_oldest_are_removed_until_the_rest_fits(database: Database) -> None:
    log = await log_of(database, *(exchange(number) for number in range(1300)))
    size = len(pack(exchange(0))) + 256
    assert await log.delete_beyond(size * 2000) == 0
    assert await log.delete_beyond(size * 100) == pytest.approx(1200, abs=5)
    assert (await ids(log))[0] == "ex001299", "the newest stay"
    assert await log.delete_beyond(0) == pytest.approx(100, abs=5)
    assert await log.count() == 0

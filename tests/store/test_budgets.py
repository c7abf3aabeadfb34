"""Budgets in the database: set aside, settled with the log's row, given back; never more than there is, nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store.budgets import BudgetStore, Counter, CounterName, Line, Order, Shortage, settle_budgets
from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import ExchangeLog, Row
from crawdad.store.journal import open_journal
from crawdad.store.records import pack
from tests.store.samples import exchange

HERE, LATER = "here/1/1", 10_000.0
DAY: CounterName = ("key:a", "tokens", "2026-11-29")


def line(least: float = 10, most: float = 10, limit: float = 100, subject: str = "key:a", unit: str = "tokens") -> Line:
    return Line(subject, unit, "2026-11-29", limit, least, most)  # type: ignore[arg-type]


async def reserve(store: BudgetStore, name: str, *lines: Line) -> Shortage | None:
    return (await store.reserve([Order(name, lines)], HERE, LATER))[0]


async def state(store: BudgetStore, counter: CounterName = DAY) -> tuple[float, float]:
    found = (await store.counters([counter])).get(counter, Counter())
    return found.used, found.reserved


async def record(
    database: Database, name: str, used: int, outcome: str = "completed", cost: float | None = None
) -> None:
    log = ExchangeLog(database, [settle_budgets])
    told = exchange(1, id=name, outcome=outcome, cost=cost)
    told.usage.input_tokens, told.usage.output_tokens = (used, 0) if used else (None, None)
    await log.insert([pack(told)])


async def test_what_is_set_aside_becomes_what_was_used(database: Database) -> None:
    store = BudgetStore(database)
    assert await reserve(store, "one", line(most=60)) is None
    assert await state(store) == (0, 60)
    await record(database, "one", 45)
    assert await state(store) == (45, 0)
    await record(database, "one", 45)
    assert await state(store) == (45, 0), "an exchange is counted once"


async def test_there_is_room_for_what_is_left_and_no_more(database: Database) -> None:
    store = BudgetStore(database)
    assert await reserve(store, "one", line(most=60)) is None
    short = await reserve(store, "two", line(most=60))
    assert short is not None and short.passing
    assert await reserve(store, "three", line(most=40)) is None
    await record(database, "one", 60)
    await record(database, "three", 40)
    spent = await reserve(store, "four", line(most=1))
    assert spent is not None and not spent.passing and spent.used == 100


async def test_alone_a_request_may_go_whose_least_has_room(database: Database) -> None:
    store = BudgetStore(database)
    assert await reserve(store, "one", line(least=90, most=5000)) is None
    short = await reserve(store, "two", line(least=1, most=1))
    assert short is not None and short.passing
    await record(database, "one", 95)
    gone = await reserve(store, "three", line(least=6, most=5000))
    assert gone is not None and not gone.passing


async def test_all_lines_or_none(database: Database) -> None:
    store = BudgetStore(database)
    narrow = line(least=200, most=200, subject="key:parent")
    short = await reserve(store, "one", line(), narrow)
    assert short is not None and short.line.subject == "key:parent"
    assert await state(store) == (0, 0)


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
async def test_what_failed_without_usage_costs_nothing(database: Database, outcome: str) -> None:
    store = BudgetStore(database)
    counted = line(1, 1, 5, unit="requests")
    assert await reserve(store, "one", line(), counted) is None
    await record(database, "one", 0, outcome)
    assert await state(store) == (0, 0)
    assert await state(store, counted.counter) == (0, 0)
    assert await reserve(store, "two", line(), counted) is None
    await record(database, "two", 3, outcome)
    assert await state(store, counted.counter) == (1, 0)


async def test_money_does_not_drift(database: Database) -> None:
    store = BudgetStore(database)
    money = line(0.1, 0.1, 100, unit="usd")
    for number in range(30):
        assert await reserve(store, f"x{number}", money) is None
    for number in range(30):
        await record(database, f"x{number}", 5, cost=0.1)
    assert await state(store, money.counter) == (3.0, 0.0)


async def test_the_dead_give_back_and_are_charged_if_they_turn_up(database: Database) -> None:
    store = BudgetStore(database)
    await reserve(store, "one", line(most=60))
    assert await store.runners() == [HERE]
    assert await store.give_back([], LATER - 1) == 0
    assert await store.give_back([HERE], LATER - 1) == 1
    assert await store.give_back([HERE], LATER + 1) == 0, "once"
    assert await state(store) == (0, 0) and await store.runners() == []
    await record(database, "one", 45)
    assert await state(store) == (45, 0)


async def test_what_nobody_renews_is_given_back(database: Database) -> None:
    store = BudgetStore(database)
    await reserve(store, "one", line(most=60))
    await reserve(store, "two", line(most=10))
    await store.renew(["one"], LATER + 900)
    assert await store.give_back([], LATER + 1) == 1
    assert await state(store) == (0, 60)


async def test_what_never_began_is_withdrawn(database: Database) -> None:
    store = BudgetStore(database)
    await reserve(store, "one", line(most=60))
    await store.withdraw(["one", "unknown"])
    assert await state(store) == (0, 0)
    await record(database, "one", 45)
    assert await state(store) == (0, 0)


async def test_old_windows_are_forgotten_and_others_kept(database: Database) -> None:
    store = BudgetStore(database)
    for window in ("2026-01-01", "2026-11-29", "2024-01", "2026-11", "total"):
        await store.reserve([Order(window, (Line("key:a", "tokens", window, 100, 1, 1),))], HERE, LATER)
        await record(database, window, 7)
    await store.tidy(0.0, "2026-10-01", "2025-01")
    left = await store.counters(
        [("key:a", "tokens", w) for w in ("2026-01-01", "2026-11-29", "2024-01", "2026-11", "total")]
    )
    assert {name[2] for name in left} == {"2026-11-29", "2026-11", "total"}


async def test_a_spool_of_a_dead_process_settles(database: Database, tmp_path: Path) -> None:
    """The journal's own follower, through its spool."""
    store = BudgetStore(database)
    await reserve(store, "one", line(most=60))
    told = exchange(1, id="one", outcome="completed")
    told.usage.input_tokens, told.usage.output_tokens = 30, 3
    async with open_journal(database, tmp_path, followers=[settle_budgets]) as journal:
        journal.record(told)
        await journal.flush()
    assert await state(store) == (33, 0)


async def test_what_the_full_spool_drops_is_charged_all_the_same(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is behind: there is no room for the rows of three exchanges, whose process then dies."""
    store = BudgetStore(database)
    for name in ("one", "two", "three"):
        await reserve(store, name, line(most=20))

    async def unavailable(log: ExchangeLog, records: Sequence[bytes]) -> None:
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("store.unavailable", {"reason": "outage"}))

    with monkeypatch.context() as patched:
        patched.setattr(ExchangeLog, "insert", unavailable)
        async with open_journal(database, tmp_path, 64 * 1024, 0.1, charge=settle_budgets) as journal:
            while not journal.dropped:
                journal.record(exchange(1))
            for name, used in (("one", 8), ("two", 0), ("three", 9)):
                told = exchange(1, id=name, outcome="completed" if used else "failed", cost=None, budgeted=True)
                told.usage.input_tokens, told.usage.output_tokens = used, 0
                journal.record(told)
            assert journal.dropped == 4
    assert await state(store) == (0, 60)
    for _ in range(2):
        async with open_journal(database, tmp_path, charge=settle_budgets) as journal:
            await journal.flush()
        assert await state(store) == (17, 0) and journal.dropped == 4
    assert await ExchangeLog(database).get("one") is None


async def test_what_the_database_refuses_is_charged_all_the_same(database: Database, tmp_path: Path) -> None:
    store = BudgetStore(database)
    for name in ("one", "two"):
        await reserve(store, name, line(most=20))

    async def refuses_one(connection: AsyncConnection, rows: Sequence[Row]) -> None:
        if any(row[0] == "one" for row in rows):
            raise GatewayError(ErrorKind.CONFLICT, Text("store.unfit"))

    async with open_journal(database, tmp_path, followers=[refuses_one], charge=settle_budgets) as journal:
        for name in ("one", "two"):
            told = exchange(1, id=name, outcome="completed", cost=None, budgeted=True)
            told.usage.input_tokens, told.usage.output_tokens = 7, 0
            journal.record(told)
        await journal.flush()
        assert journal.dropped == 1
    assert await state(store) == (14, 0)
    log = ExchangeLog(database)
    assert await log.get("one") is None and await log.get("two") is not None


async def test_many_at_once_never_take_more_than_there_is(database_url: str, database: Database) -> None:
    """Attack 37: two engines as two processes have them, 256 requests, room for one (and for seven of another)."""
    async with open_database(database_url) as other:
        stores = [BudgetStore(database), BudgetStore(other)]
        one, seven = line(100, 100, 100), line(14, 14, 100, subject="key:b")

        async def ask(number: int) -> list[bool]:
            store = stores[number % 2]
            orders = [Order(f"a{number}", (one,)), Order(f"b{number}", (seven, line(1, 1, 1e9, subject="key:c")))]
            return [verdict is None for verdict in await store.reserve(orders, HERE, LATER)]

        async with asyncio.timeout(60):
            granted: Sequence[list[bool]] = await asyncio.gather(*(ask(number) for number in range(128)))
        assert sum(first for first, _ in granted) == 1
        assert sum(second for _, second in granted) == 7
        assert await state(stores[0], ("key:c", "tokens", "2026-11-29")) == (0, 7)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 5), st.integers(0, 60), st.integers(0, 60)),
        st.tuples(st.just("settle"), st.integers(0, 5), st.integers(0, 120), st.just(0)),
        st.tuples(st.just("crash"), st.just(0), st.just(0), st.just(0)),
        st.tuples(st.just("withdraw"), st.integers(0, 5), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_order_of_events_takes_too_much_or_leaves_anything_behind(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int, int]]
) -> None:
    """Any interleaving of reserving, settling, crashing and withdrawing: beyond the limit goes at most the error of one
    request's estimate above what the others took honestly, and reservations end with their requests."""
    folder = tmp_path_factory.mktemp("ledger")
    limit = 100.0
    async with open_database(f"sqlite:///{folder / 'x.db'}") as database:
        store = BudgetStore(database)
        held: dict[str, tuple[int, int]] = {}
        given_back: dict[str, tuple[int, int]] = {}
        errors = used = number = 0
        names: dict[int, str] = {}
        for step, slot, least, more in steps:
            name = names.get(slot, "")
            if step == "reserve" and name not in held:
                number += 1
                name = names[slot] = f"r{number}"
                before, reserved = await state(store)
                most = least + more
                granted = await reserve(store, name, line(least, most, limit)) is None
                fits = before + reserved + most <= limit
                alone = reserved == 0 and before < limit and before + least <= limit
                assert granted == (fits or alone)
                if granted:
                    held[name] = least, most
            elif step == "settle" and (name in held or name in given_back):
                least_of, most_of = (held if name in held else given_back).pop(name)
                # Anything above the estimate, or below the least that it was let in with, is the estimate's error.
                errors += max(0, least - most_of) + (most_of - least_of)
                used += least
                await record(database, name, least)
            elif step == "crash" and held:
                assert await store.give_back([HERE], 0.0) == len(held)
                errors += sum(most for _, most in held.values())  # the crashed may yet be charged
                given_back |= held
                held.clear()
            elif step == "withdraw" and name in held:
                await store.withdraw([name])
                held.pop(name)
            spent, reserved = await state(store)
            assert reserved == sum(most for _, most in held.values())
            assert spent == used
            assert spent <= limit + errors
        for name in list(held):
            await record(database, name, 0, "failed")
        assert await state(store) == (used, 0)

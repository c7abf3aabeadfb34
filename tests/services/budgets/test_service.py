"""The budgets service: windows, clocks, minutes, cancelled waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.budgets import PERIODS, Budget, window_end, window_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Limits, Principal
from crawdad.core.prices import Price
from crawdad.core.settings import BudgetSettings
from crawdad.core.usage import Usage
from crawdad.services.budgets import Budgets
from crawdad.services.budgets.gathering import Gathering
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.turns.turn import Turn
from crawdad.store.budgets import BudgetStore, settle_budgets
from crawdad.store.database import Database, open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.inprocess import InProcessRateCounter
from crawdad.store.records import pack
from crawdad.wire import codecs
from tests.support.fakes import FakeClock

OFFER = Offer(Provider("vendor", "http://127.0.0.1:1", "openai-chat", {}), "model", "openai-chat")
EVENING = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC).timestamp()


class Rig:
    """The service on a database of its own; exchanges are logged when the test says so, or when the service asks for it."""

    def __init__(self, database: Database) -> None:
        self.clock = FakeClock(EVENING)
        self.log = ExchangeLog(database, [settle_budgets])
        self.store = BudgetStore(database)
        self.waiting: list[Exchange] = []
        self.rates = InProcessRateCounter(self.clock)
        self.settings = BudgetSettings()
        self.price: Price | None = Price(input=1.0, output=10.0)
        self.budgets = self.service("here/1/1")

    def service(self, runner: str) -> Budgets:
        return Budgets(
            self.store,
            self.rates,
            self.clock,
            price_of=lambda offer: self.price,
            settings=lambda: self.settings,
            runner=runner,
            settle_now=self.flush,
        )

    async def flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        await self.log.insert([pack(exchange) for exchange in waiting])

    def end(self, turn: Turn, tokens: int, outcome: Any = "completed", cost: float | None = None) -> None:
        exchange = turn.exchange
        exchange.usage = Usage(input_tokens=tokens or None, output_tokens=0 if tokens else None)
        exchange.outcome, exchange.cost = outcome, cost
        self.waiting.append(exchange)
        self.budgets.closed(exchange)

    async def used(self, budget: Budget) -> tuple[float | None, float | None]:
        (found,) = await self.budgets.standing([budget])
        return found.used, found.reserved


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_database(f"sqlite:///{tmp_path / 'x.db'}") as database:
        made = Rig(database)
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(made.budgets.keep_reserving()), loop.create_task(made.budgets.keep_settling())]
        yield made
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def turn(name: str, *budgets: Budget, operation: str = "chat", **body: Any) -> Turn:
    principal = Principal("key_1", "api_key", limits=Limits(budgets=budgets))
    exchange = Exchange(name, EVENING, "openai", "openai-chat", operation)
    told = {"model": "model", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 50, **body}
    return Turn(exchange, principal, codecs.get("openai-chat"), "model", False, told, b"", lambda: EVENING)


async def everybody(runner: str) -> bool:
    return True


async def others(runner: str) -> bool:
    return runner != "here/1/1"


def budget(unit: Any = "tokens", period: Any = "day", limit: float = 100) -> Budget:
    return Budget(unit, period, limit, "key:key_1")


async def refusal(rig: Rig, asked: Turn) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        await rig.budgets.reserve(asked, [OFFER])
    return refused.value


async def test_a_day_ends_at_midnight_and_what_began_before_is_its_own(rig: Rig) -> None:
    day = budget(limit=60)
    late = turn("late", day)
    await rig.budgets.reserve(late, [OFFER])
    rig.clock.advance(20)
    assert await rig.used(day) == (0, 0), "a new day"
    await rig.budgets.reserve(turn("early", day), [OFFER])
    rig.end(late, 55)
    await rig.flush()
    assert (await rig.used(day))[0] == 0
    yesterday = await rig.store.counters([("key:key_1", "tokens", "2026-11-30")])
    assert next(iter(yesterday.values())).used == 55


async def test_refusals_name_the_reset(rig: Rig) -> None:
    for period, end in (
        ("day", "2026-12-01T00:00:00Z"),
        ("month", "2026-12-01T00:00:00Z"),
        ("total", "does not begin anew"),
    ):
        spent = budget("requests", period, 1)
        first = turn(f"one-{period}", spent)
        await rig.budgets.reserve(first, [OFFER])
        rig.end(first, 10)
        refused = await refusal(rig, turn(f"two-{period}", spent))
        assert refused.kind is ErrorKind.PAYMENT and refused.details["code"] == "budget_exhausted"
        assert end in refused.message() and "1 requests" in refused.message() and refused.message("zh")
        assert refused.retry_after == (None if period == "total" else 11)


async def test_a_clock_that_jumps_takes_nothing_twice(rig: Rig) -> None:
    """Attack 37: forward by days and back again; what is under way stays reserved, what was used stays used."""
    day = budget(limit=200)
    running = turn("running", day, max_tokens=150)
    await rig.budgets.reserve(running, [OFFER])
    rig.clock.advance(3 * 86400)
    await rig.budgets.tidy(everybody)
    rig.clock.advance(-3 * 86400)
    assert (await rig.used(day))[1] == pytest.approx(157, abs=10), "renewed before anything is given back"
    assert (await refusal(rig, turn("more", day, max_tokens=150))).details["code"] == "budget_reserved"
    rig.end(running, 120)
    await rig.flush()
    assert await rig.used(day) == (120, 0)
    rig.clock.advance(-86400)
    assert await rig.used(day) == (0, 0), "that day is another"
    rig.clock.advance(86400)
    assert await rig.used(day) == (120, 0)


async def test_another_process_gives_back_what_the_dead_held(rig: Rig) -> None:
    day = budget(limit=200)
    await rig.budgets.reserve(turn("lost", day), [OFFER])
    other = rig.service("there/2/2")
    await other.tidy(everybody)
    assert (await rig.used(day))[1] != 0, "it lives"
    await other.tidy(others)
    assert await rig.used(day) == (0, 0)


async def test_the_next_request_need_not_wait_for_the_log(rig: Rig) -> None:
    """Room for one at a time: one after the other they all go, though the log is written later."""
    day = budget(limit=1000)
    for number in range(10):
        asked = turn(f"r{number}", day, max_tokens=900)
        await rig.budgets.reserve(asked, [OFFER])
        rig.end(asked, 10)
    await rig.flush()
    assert await rig.used(day) == (100, 0)


async def test_waiting_that_is_cancelled_holds_nothing(rig: Rig) -> None:
    day = budget(limit=10_000)
    loop = asyncio.get_running_loop()
    asked = [turn(f"c{number}", day) for number in range(20)]
    tasks = [loop.create_task(rig.budgets.reserve(one, [OFFER])) for one in asked]
    for turns in range(4):
        await asyncio.sleep(0)
        for task in tasks[turns * 5 : turns * 5 + 5]:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await rig.budgets.reserve(turn("last", day), [OFFER])  # orders are carried out in turn
    used, reserved = await rig.used(day)
    assert used == 0 and reserved is not None and reserved < 100


async def test_who_is_cancelled_at_the_moment_of_being_granted_holds_nothing() -> None:
    granted = asyncio.Event()
    undone: list[str] = []

    async def carry_out(orders: Sequence[str]) -> list[int]:
        granted.set()
        return list(map(len, orders))

    async def undo(orders: Sequence[str]) -> None:
        undone.extend(orders)

    gathering: Gathering[str, int] = Gathering(carry_out, undo)
    loop = asyncio.get_running_loop()
    running, asking = loop.create_task(gathering.keep_going()), loop.create_task(gathering.do("one"))
    await granted.wait()  # the verdict is on its way to whoever asks
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await gathering.do("two") == 3 and undone == ["one"]
    running.cancel()


async def test_minutes_are_reserved_and_corrected(rig: Rig) -> None:
    minute = budget("tokens", "minute", 100)
    first = turn("one", minute, max_tokens=80)
    await rig.budgets.reserve(first, [OFFER])
    refused = await refusal(rig, turn("two", minute, max_tokens=80))
    assert refused.kind is ErrorKind.RATE_LIMITED and refused.retry_after == 61
    assert "100 tokens per minute" in refused.message() and refused.details["code"] == "rate_limit_exceeded"
    rig.end(first, 15)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = turn("three", minute, max_tokens=70)
    await rig.budgets.reserve(second, [OFFER])
    rig.clock.advance(61)
    third = turn("four", minute, max_tokens=90)
    await rig.budgets.reserve(third, [OFFER])
    rig.end(second, 70)  # of a minute that is over: it counts now, and gives nothing back that is not its own
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await refusal(rig, turn("five", minute, max_tokens=10))).kind is ErrorKind.RATE_LIMITED


async def test_a_refusal_of_one_budget_gives_back_the_others(rig: Rig) -> None:
    minute, day = budget("tokens", "minute", 1000), budget("tokens", "day", 5)
    for number in range(30):
        await refusal(rig, turn(f"x{number}", minute, day, messages=[{"role": "user", "content": "word " * 40}]))
        await asyncio.sleep(0)
    await rig.budgets.reserve(turn("y", minute, max_tokens=900), [OFFER])


async def test_money_is_reckoned_at_the_dearest_offer(rig: Rig) -> None:
    money = budget("usd", "day", 1.0)
    asked = turn("one", money, max_tokens=50_000)
    await rig.budgets.reserve(asked, [OFFER])
    assert (await rig.used(money))[1] == pytest.approx(0.5, abs=0.01)
    rig.end(asked, 10, cost=0.25)
    await rig.flush()
    assert await rig.used(money) == (0.25, 0)


async def test_what_has_no_price_is_refused_or_allowed(rig: Rig) -> None:
    rig.price = None
    money = budget("usd", "total", 1.0)
    refused = await refusal(rig, turn("one", money))
    assert refused.kind is ErrorKind.FORBIDDEN and refused.details["code"] == "unpriced_model"
    await rig.budgets.reserve(turn("two", money, operation="count_tokens"), [OFFER])
    rig.settings = BudgetSettings(unpriced="allow")
    await rig.budgets.reserve(turn("three", money), [OFFER])


async def test_requests_of_a_minute_count_for_all_who_made_the_key(rig: Rig) -> None:
    own, parents = Budget("requests", "minute", 5, "key:child"), Budget("requests", "minute", 2, "key:parent")
    principal = Principal("child", "api_key", limits=Limits(budgets=(own, parents)))
    await rig.budgets.admit(principal)
    await rig.budgets.admit(principal)
    with pytest.raises(GatewayError) as refused:
        await rig.budgets.admit(principal)
    assert "2 requests per minute" in refused.value.message()


@pytest.mark.parametrize("now", [-1e20, -1.0, 0.0, 1e18, EVENING])
def test_windows_of_any_clock(now: float) -> None:
    assert window_of("total", now) == "total" and window_end("total", now) is None
    for period in PERIODS[:3]:
        assert window_of(period, now)
        end = window_end(period, now)
        assert end is not None and (end > now or now > 1e12)


def test_months_have_their_own_length() -> None:
    for month, days in ((1, 31), (2, 28), (4, 30), (12, 31)):
        now = datetime(2027, month, 15, 12, tzinfo=UTC).timestamp()
        end = window_end("month", now)
        assert end is not None and end - datetime(2027, month, 1, tzinfo=UTC).timestamp() == days * 86400

"""A wall clock that is set forth or back lends nobody anything, and locks nobody out for good (attacks 36 and 37)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from crawdad.core.budgets import Budget
from tests.api.opsclaw.client import call
from tests.attacks.clients import ask
from tests.attacks.keys import new_key
from tests.attacks.test_budgets import MODEL, PRICES, TOKENS
from tests.support.moved_clock import MovedClock
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import until, until_so

DAY = 86_400.0


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovedClock]:
    with MovedClock(tmp_path_factory.mktemp("clock") / "clock") as found:
        yield found


@pytest.fixture(scope="module")
def jumping(scripted_upstream: ScriptedUpstream, clock: MovedClock) -> Iterator[Gateway]:
    found = {"scripted-chat": provider("chat", scripted_upstream.url, [], discover=False)}
    config = settings(found, models={"prices": PRICES}, retry={"attempts": 1}, accounts={"refreshMinutes": 0})
    with running_gateway(config, clock.environment, command=clock.command) as running:
        yield running


@pytest.mark.parametrize("days", [-400, -2, 2, 400])
async def test_what_is_spent_for_good_stays_spent(
    jumping: Gateway, clock: MovedClock, session: aiohttp.ClientSession, days: float
) -> None:
    key = await new_key(jumping, budgets=(Budget("tokens", "total", TOKENS),))

    async def spent() -> bool:
        told = await ask(session, jumping, "chat", MODEL, headers=key.headers, max_tokens=30)
        return told.status == 429 and told.error is not None and told.error["code"] == "budget_exhausted"

    await until(spent, "the budget to be spent")
    clock.jump(days * DAY)
    try:
        assert await spent()
    finally:
        clock.jump(-days * DAY)
    assert await spent()


@pytest.mark.parametrize("seconds", [-3600, 3600, -400 * DAY, 400 * DAY])
async def test_a_minute_is_one_whatever_the_clock_says(
    jumping: Gateway, clock: MovedClock, session: aiohttp.ClientSession, seconds: float
) -> None:
    key = await new_key(jumping, requests_per_minute=1, tokens_per_minute=1000)
    statuses = [(await ask(session, jumping, "chat", MODEL, headers=key.headers)).status]
    clock.jump(seconds)
    try:
        told = await ask(session, jumping, "chat", MODEL, headers=key.headers)
        statuses.append(told.status)
        assert 0 < int(told.headers["retry-after"]) <= 60, "nobody waits for a year"
        clock.advance(61)
        statuses.append((await ask(session, jumping, "chat", MODEL, headers=key.headers)).status)
    finally:
        clock.jump(-seconds)
    assert statuses == [200, 429, 200]


@pytest.mark.parametrize("seconds", [-2 * DAY, 2 * DAY])
async def test_what_a_request_under_way_has_set_aside_is_not_given_to_others(
    jumping: Gateway,
    clock: MovedClock,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    seconds: float,
) -> None:
    key = await new_key(jumping, budgets=(Budget("tokens", "total", TOKENS + 3),))
    with scripted_upstream.holding(1) as hold:
        running = asyncio.get_running_loop().create_task(
            ask(session, jumping, "chat", MODEL, headers=key.headers, stream=True, max_tokens=30)
        )
        await until_so(hold.reached.is_set, "the stream to begin")
        clock.jump(seconds)
        try:
            clock.advance(61)  # the round that gives back what the dead had set aside
            await asyncio.sleep(0.2)
            second = await ask(session, jumping, "chat", MODEL, headers=key.headers, max_tokens=30)
            assert second.status == 429 and second.error is not None and second.error["code"] == "budget_reserved"
        finally:
            clock.jump(-seconds)
    assert (await running).finished

    async def spent() -> bool:
        told = await ask(session, jumping, "chat", MODEL, headers=key.headers, max_tokens=30)
        return told.status == 429 and told.error is not None and told.error["code"] == "budget_exhausted"

    await until(spent, "the request to be settled")


@pytest.mark.parametrize("seconds", [-400 * DAY, 400 * DAY])
async def test_an_account_rests_as_long_as_it_was_asked_to(
    jumping: Gateway, clock: MovedClock, session: aiohttp.ClientSession, seconds: float
) -> None:
    """Attack 36: a jump neither frees an account that asked for time nor keeps it away for good, nor does a restart after it."""
    with AccountVendor() as vendor:
        key = vendor.open("sk-jumping-0123456789", requests=1, window=40)
        body = {"provider": "jumpy", "apiKey": key.secret, "baseUrl": vendor.url + "/v1"}
        made = await asyncio.to_thread(call, jumping, "POST", "/api/accounts", body)
        assert made.status == 200, made.body
        statuses = [(await ask(session, jumping, "chat", "jumpy/vendor-large")).status for _ in range(2)]
        clock.jump(seconds)
        try:
            asked = vendor.asked_with(key.secret)
            told = await ask(session, jumping, "chat", "jumpy/vendor-large")
            assert told.status == 429 and 0 < int(told.headers["retry-after"]) <= 41
            assert vendor.asked_with(key.secret) == asked
            await asyncio.to_thread(jumping.kill)
            await asyncio.to_thread(jumping.start)
            vendor.advance(41)
            clock.advance(41)

            async def serves() -> bool:
                return (await ask(session, jumping, "chat", "jumpy/vendor-large")).status == 200

            await until(serves, "the account to serve again")
        finally:
            clock.jump(-seconds)
            await asyncio.to_thread(call, jumping, "DELETE", f"/api/accounts/{made.json['id']}")
        assert statuses == [200, 429]

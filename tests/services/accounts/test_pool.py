"""The pool under the dispatcher: failing over, waiting, probing, tokens. The vendor is an attempt that a test scripts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.secret import Secret
from crawdad.core.settings import AccountsSettings, ProviderSettings, RetrySettings
from crawdad.core.text import Text
from crawdad.services.accounts.locks import State
from crawdad.services.accounts.pool import Pool
from crawdad.services.accounts.snapshot import snapshot_of
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.sources import about_credential
from crawdad.services.turns.turn import Turn
from crawdad.store.inprocess import InProcessLeases
from crawdad.wire import codecs
from crawdad.wire.refusals import Refusal
from tests.support.fakes import FakeClock, FakeJournal, FakeRandomness

CONFIGURED = ProviderSettings(base_url="https://vendor.example/v1", api_key=Secret("configured-key"))
PROVIDER = Provider("acme", CONFIGURED.base_url, "openai-chat", {"Authorization": "Bearer configured-key"})
OFFER = Offer(PROVIDER, "m", "openai-chat")
ELSEWHERE = Offer(Provider("other", "https://other.example/v1", "openai-chat", {}), "m", "openai-chat")


class Clock(FakeClock):
    """Sleeping lets others work."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0)


class Unlimited:
    """Nobody has a budget."""

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        return offers


class World:
    """A pool of accounts `a`, `b`, …, and a vendor that answers each as `answers` says."""

    def __init__(self, count: int = 3, **settings: Any) -> None:
        self.clock = Clock()
        self.settings = AccountsSettings(**settings)
        self.pool = Pool(
            clock=self.clock,
            leases=InProcessLeases(self.clock),
            settings=lambda: self.settings,
            configured=lambda provider: CONFIGURED if provider == "acme" else None,
            proxy_for=lambda url: None,
            holder="here",
        )
        self.accounts = [self.account("abcdefghij"[number], number) for number in range(count)]
        self.take()
        self.answers: dict[str, Callable[[], GatewayError | None]] = {}
        self.asked: list[str] = []
        retry = RetrySettings(attempts=2, base_seconds=0.01, budget_seconds=1)
        ledger = Ledger(self.clock, FakeJournal(), lambda exchange: None, lambda offer: None)
        self.dispatcher = Dispatcher(ledger, Unlimited(), self.clock, FakeRandomness(), lambda: retry, self.pool)

    def account(self, name: str, position: int, **fields: Any) -> Account:
        secret = Secret(f"key-of-{name}")
        return Account(
            **{
                "id": name,
                "provider": "acme",
                "kind": "api_key",
                "label": name,
                "secret": secret,
                "created_at": 0.0,
                "position": position,
                **fields,
            }
        )

    def take(self, *accounts: Account, preferred: str | None = None) -> None:
        self.pool.take_snapshot(snapshot_of(accounts or self.accounts, None, preferred))

    async def attempt(self, offer: Offer) -> str:
        name = offer.headers.get("Authorization", "").removeprefix("Bearer key-of-") or offer.provider.id
        self.asked.append(name)
        await asyncio.sleep(0)
        error = self.answers.get(name, lambda: None)()
        if error is not None:
            raise about_credential(error, offer.provider)
        if offer.seat is not None:
            offer.seat.heard(200, {})
        return name

    async def ask(
        self, text: str = "a conversation of some length", offers: tuple[Offer, ...] = (OFFER,)
    ) -> tuple[str, Exchange]:
        exchange = Exchange("id", self.clock.now(), "test", "openai-chat", "chat")
        body = {"messages": [{"role": "user", "content": text}]}
        turn = Turn(
            exchange, Principal("k", "api_key"), codecs.get("openai-chat"), "m", False, body, b"", self.clock.now
        )
        return await self.dispatcher.run(turn, offers, self.attempt), exchange

    async def refusal(self, **more: Any) -> GatewayError:
        with pytest.raises(GatewayError) as caught:
            await self.ask(**more)
        return caught.value


def limited(wait: float | None = 30.0) -> GatewayError:
    return GatewayError(
        ErrorKind.RATE_LIMITED, "slow down", {"status": 429, "refusal": Refusal("rate_limit", wait)}, wait
    )


def broken(status: int = 500) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_ERROR, "oops", {"status": status, "refusal": Refusal("server_error")})


async def test_the_credential_is_the_accounts_and_no_other() -> None:
    world = World()
    name, exchange = await world.ask()
    assert (name, exchange.account, exchange.account_label) == ("a", "a", "a")
    bound = world.pool._offers.of(OFFER, world.accounts[0])
    assert bound.headers["Authorization"] == "Bearer key-of-a" and "configured" not in str(dict(bound.headers))
    assert world.pool._offers.of(OFFER, world.accounts[0]) is bound, "made once"


@pytest.mark.parametrize(
    "error",
    [
        limited(),
        limited(None),
        broken(),
        GatewayError(ErrorKind.OVERLOADED, "x", {"status": 529}),
        GatewayError(ErrorKind.UNAUTHENTICATED, "x", {"status": 401, "refusal": Refusal("unauthorized")}),
        GatewayError(ErrorKind.FORBIDDEN, "x", {"status": 403, "refusal": Refusal("forbidden")}),
        GatewayError(ErrorKind.PAYMENT, "x", {"status": 402, "refusal": Refusal("spent")}),
        GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("upstream.cut_short")),
        GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short")),
    ],
)
async def test_another_account_serves_where_one_fails(error: GatewayError) -> None:
    world = World()
    world.answers["a"] = lambda: error
    name, exchange = await world.ask()
    assert (name, exchange.account) == ("b", "b")
    assert [attempt.error is None for attempt in exchange.attempts] == [False, True]
    world.asked.clear()
    await world.ask("quite another conversation")
    assert world.asked[0] == ("a" if error.kind is ErrorKind.UPSTREAM_BROKEN else "b")


async def test_what_is_the_clients_own_fault_moves_nowhere() -> None:
    world = World()
    world.answers["a"] = lambda: GatewayError(ErrorKind.BAD_REQUEST, "x", {"status": 400})
    assert (await world.refusal()).kind is ErrorKind.BAD_REQUEST
    assert world.asked == ["a"] and not world.pool.locks


async def test_the_wait_is_told_when_all_have_to_rest_and_nobody_is_asked() -> None:
    world = World(2)
    world.answers = {"a": lambda: limited(30.0), "b": lambda: limited(12.4)}
    error = await world.refusal()
    assert (error.kind, error.retry_after) == (ErrorKind.RATE_LIMITED, 13)
    world.asked.clear()
    again = await world.refusal()
    assert (again.kind, again.retry_after) == (ErrorKind.RATE_LIMITED, 13) and world.asked == []
    assert "13" in again.message() and "a" not in again.message().split()


async def test_another_provider_serves_when_all_accounts_rest() -> None:
    world = World(2)
    world.answers = {"a": limited, "b": limited}
    name, exchange = await world.ask(offers=(OFFER, ELSEWHERE))
    assert (name, exchange.account, exchange.provider) == ("other", "", "other")
    world.asked.clear()
    await world.ask(offers=(OFFER, ELSEWHERE))
    assert world.asked == ["other"]


async def test_a_short_rest_is_waited_for() -> None:
    world = World(1)
    answers = [limited(0.5), None]
    world.answers["a"] = lambda: answers.pop(0)
    await world.refusal()
    name, _ = await world.ask()
    assert name == "a" and sum(world.clock.slept) == pytest.approx(2.0)


async def test_exactly_one_request_probes_and_the_others_wait_for_it() -> None:
    world = World(1)
    world.answers["a"] = lambda: limited(30.0)
    await world.refusal()
    world.clock.advance(31)
    gate, world.asked = asyncio.Event(), []

    async def held(offer: Offer) -> str:
        world.asked.append("a")
        if len(world.asked) == 1:
            await gate.wait()
        assert offer.seat is not None
        offer.seat.heard(200, {})
        return "a"

    world.attempt = held  # type: ignore[method-assign]
    requests = [asyncio.ensure_future(world.ask(f"conversation number {number}")) for number in range(50)]  # noqa: TID251
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(world.asked) == 1
    gate.set()
    answers = await asyncio.gather(*requests)
    assert len(answers) == 50 and len(world.asked) == 50 and not world.pool.locks


async def test_whoever_all_others_fail_waits_for_the_account_that_is_probed() -> None:
    world = World(2)
    world.pool.locks.fail("b", "m", "rate_limit", 30.0)
    world.clock.advance(31)
    gate, world.asked = asyncio.Event(), []

    async def answer(offer: Offer) -> str:
        assert offer.seat is not None
        world.asked.append(offer.seat.account_id)
        if offer.seat.account_id == "a":
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        await gate.wait()
        offer.seat.heard(200, {})
        return "b"

    world.attempt = answer  # type: ignore[method-assign]
    requests = [asyncio.ensure_future(world.ask(f"conversation number {number}")) for number in range(20)]  # noqa: TID251
    for _ in range(10):
        await asyncio.sleep(0)
    assert world.asked.count("b") == 1
    gate.set()
    assert [name for name, _ in await asyncio.gather(*requests)] == ["b"] * 20


async def test_a_failed_probe_doubles_the_rest() -> None:
    world = World(2)
    world.answers["a"] = lambda: limited(None)
    await world.ask()
    assert world.pool.locks.state("a", "m") == (State.LOCKED, 30.0)
    world.clock.advance(31)
    assert (await world.ask("a second conversation here"))[0] == "b"
    assert world.pool.locks.state("a", "m") == (State.LOCKED, 60.0)


@pytest.mark.parametrize("head", [200, 302])
async def test_a_head_of_success_before_an_error_ends_no_rest(head: int) -> None:
    """Many servers tell in a stream's first event what they should have told by the status."""
    world = World(1)

    async def refused(offer: Offer) -> str:
        assert offer.seat is not None
        offer.seat.heard(head, {})
        raise GatewayError(ErrorKind.RATE_LIMITED, "slow down", {"refusal": Refusal("rate_limit")})

    world.attempt = refused  # type: ignore[method-assign]
    for seconds in (30.0, 60.0, 120.0):
        await world.refusal()
        assert world.pool.locks.state("a", "m") == (State.LOCKED, seconds)
        world.clock.advance(seconds + 1)


@pytest.mark.parametrize(
    ("kind", "falls"), [("upstream_broken", True), ("overloaded", True), ("unavailable", False), (None, False)]
)
async def test_an_answer_that_breaks_off_tells_against_its_account(kind: str | None, falls: bool) -> None:
    world = World(1)
    _, exchange = await world.ask()
    exchange.first_byte_seconds, exchange.error_kind = 0.5, kind
    exchange.outcome = "failed" if kind else "completed"
    world.pool.settled(exchange)
    assert (world.pool.health.of("a") < 1) is falls


async def test_a_probe_that_was_cancelled_leaves_the_way_to_the_next() -> None:
    world = World(1)
    world.answers["a"] = lambda: limited(30.0)
    await world.refusal()
    world.clock.advance(31)

    async def never(offer: Offer) -> str:
        await asyncio.Event().wait()
        return ""

    keep, world.attempt = world.attempt, never  # type: ignore[method-assign]
    probing = asyncio.ensure_future(world.ask())  # noqa: TID251
    for _ in range(5):
        await asyncio.sleep(0)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    world.attempt, world.answers = keep, {}  # type: ignore[method-assign]
    assert (await world.ask())[0] == "a"


async def test_faults_of_the_vendor_rest_an_account_only_while_another_can_serve() -> None:
    world = World(2)
    world.answers = {"a": broken, "b": broken}
    assert (await world.refusal()).kind is ErrorKind.UPSTREAM_ERROR
    world.answers, world.asked = {}, []
    assert (await world.ask())[0] in "ab", "nobody asked us to wait"


async def test_one_that_was_refused_before_is_asked_when_all_others_fail_though_another_is_waited_for() -> None:
    world = World(3)
    world.pool.locks.fail("b", "", "unauthorized", None)
    world.pool.locks.fail("c", "m", "rate_limit", 90.0)
    world.answers = {"a": broken}
    name, _ = await world.ask()
    assert name == "b" and world.asked == ["a", "a", "b"], "what was refused a while ago is taken by now"
    world.pool.locks.fail("b", "", "unauthorized", None)
    world.asked.clear()
    refused = GatewayError(ErrorKind.UNAUTHENTICATED, "not with this key", {"status": 401})
    world.answers["b"] = lambda: refused
    error = await world.refusal()
    assert world.asked == ["a", "a", "b"] and error.message() == "oops", "what the others failed with says more"
    world.answers["a"] = lambda: limited(30.0)
    world.asked.clear()
    told = await world.refusal()
    assert told.kind is ErrorKind.RATE_LIMITED and told.retry_after == 30 and world.asked == ["a", "b"]
    world.asked.clear()
    again = await world.refusal()
    assert again.kind is ErrorKind.RATE_LIMITED and world.asked == [], "while all others ask for time nobody is asked"


async def test_cache_first_waits_for_the_conversations_account() -> None:
    world = World(2, mode="CacheFirst", max_wait_seconds=60)
    await world.ask()
    world.pool.locks.fail("a", "m", "rate_limit", 40.0)
    name, _ = await world.ask()
    assert name == "a" and 40 <= sum(world.clock.slept) <= 41
    world.pool.locks.fail("a", "m", "rate_limit", 90.0)
    world.clock.slept.clear()
    name, _ = await world.ask()
    assert name == "b" and not world.clock.slept
    assert (await world.ask("a conversation without an account"))[0] == "b"


async def test_performance_first_takes_turns() -> None:
    world = World(3, mode="PerformanceFirst")
    assert Counter([(await world.ask())[0] for _ in range(30)]) == {"a": 10, "b": 10, "c": 10}


async def test_a_protected_account_is_spared_and_told_so() -> None:
    protection = {"enabled": True, "threshold_percentage": 10, "monitored_models": ("m",)}
    world = World(2, quota_protection=protection)
    world.pool.quotas.set("a", "m", 10, None)
    assert (await world.ask())[0] == "b"
    world.pool.quotas.set("b", "m", 5, world.clock.now() + 100)
    error = await world.refusal()
    assert (error.kind, error.details["code"]) == (ErrorKind.RATE_LIMITED, "quota_protected") and not world.asked[1:]
    world.clock.advance(101)
    assert (await world.ask())[0] == "b"


async def test_paused_in_the_middle_of_a_request_is_not_asked_any_more() -> None:
    world = World(2)

    def fail() -> GatewayError:
        world.take(world.accounts[0], world.account("b", 1, paused_at=1.0))
        return broken()

    world.answers["a"] = fail
    await world.refusal()
    assert set(world.asked) == {"a"}


class Tokens:
    """Makes tokens, until it does not."""

    def __init__(self) -> None:
        self.count = 0
        self.error: GatewayError | None = None

    async def headers(self, account: Account) -> Mapping[str, str]:
        if self.error is not None:
            raise self.error
        self.count += 1
        return {"Authorization": f"Bearer key-of-token{self.count}"}

    def forget(self, account_id: str) -> bool:
        return False


async def test_accounts_with_tokens_get_a_fresh_one_each_time_and_are_disabled_when_revoked() -> None:
    world = World(1)
    tokens = world.pool.tokens = Tokens()
    world.take(world.account("t", 0, kind="google_oauth", secret=Secret("1//refresh")), world.account("b", 1))
    assert [(await world.ask())[0] for _ in range(2)] == ["token1", "token2"]
    tokens.error = GatewayError(ErrorKind.UPSTREAM_ERROR, "invalid_grant: revoked", {"code": "credential_revoked"})
    assert (await world.ask())[0] == "b"
    found = world.pool.snapshot.accounts["t"]
    assert not found.usable and found.disabled_reason == "invalid_grant: revoked"
    assert world.pool.revoked == {"t": "invalid_grant: revoked"}
    tokens.error = None
    assert (await world.ask())[0] == "b"


async def test_a_provider_without_accounts_is_left_alone() -> None:
    world = World(2)
    name, exchange = await world.ask(offers=(ELSEWHERE,))
    assert (name, exchange.account) == ("other", "") and not world.pool.serves((ELSEWHERE,))


async def test_nobody_able_is_unavailable() -> None:
    world = World(1)
    world.take(world.account("a", 0, models=("something-else",)))
    error = await world.refusal()
    assert (error.kind, error.details["code"]) == (ErrorKind.UNAVAILABLE, "no_account")


async def test_a_storm_loses_no_request_that_could_be_served() -> None:
    world = World(10, mode="PerformanceFirst")
    left = dict.fromkeys("abcdefghij", 30)

    def answer(name: str) -> GatewayError | None:
        left[name] -= 1
        if left[name] < 0:
            return limited(60.0)
        return broken(503) if name in "ab" and left[name] % 7 == 0 else None

    world.answers = {name: (lambda name=name: answer(name)) for name in left}  # type: ignore[misc]
    results = await asyncio.gather(*(world.ask(f"conversation {n}") for n in range(250)), return_exceptions=True)
    assert not [result for result in results if isinstance(result, BaseException)]

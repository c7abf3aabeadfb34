"""Whether, where and when to try again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.settings import RetrySettings
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.retry import Again, next_attempt
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from tests.support.fakes import FakeClock, FakeJournal, FakeRandomness

SETTINGS = RetrySettings(attempts=3, budget_seconds=60, base_seconds=0.5, max_seconds=20)


def fault(kind: ErrorKind, retry_after: float | None = None, **details: object) -> GatewayError:
    return GatewayError(kind, "x", details, retry_after)


def test_an_untried_offer_comes_first_and_at_once() -> None:
    assert next_attempt(fault(ErrorKind.OVERLOADED), 0, [1, 0], 0, SETTINGS, 0.5) == Again(1, 0.0)
    assert next_attempt(fault(ErrorKind.NOT_FOUND), 0, [1, 0], 0, SETTINGS, 0.5) == Again(1, 0.0)


@pytest.mark.parametrize(
    "kind", [ErrorKind.BAD_REQUEST, ErrorKind.CONTEXT_TOO_LONG, ErrorKind.CANCELLED, ErrorKind.INTERNAL]
)
def test_what_every_source_would_refuse_is_not_tried_again(kind: ErrorKind) -> None:
    assert next_attempt(fault(kind), 0, [1, 0], 0, SETTINGS, 0.5) is None


def test_content_one_protocol_cannot_say_may_be_said_by_another() -> None:
    error = fault(ErrorKind.BAD_REQUEST, code="unsupported_content")
    assert next_attempt(error, 0, [1, 0], 0, SETTINGS, 0.5) == Again(1, 0.0)
    assert next_attempt(error, 1, [1, 1], 0, SETTINGS, 0.5) is None


def test_a_passing_fault_waits_longer_each_round_with_jitter() -> None:
    first = next_attempt(fault(ErrorKind.OVERLOADED), 0, [1], 0, SETTINGS, 1.0)
    second = next_attempt(fault(ErrorKind.OVERLOADED), 0, [2], 1, SETTINGS, 0.0)
    assert first == Again(0, 0.5)
    assert second == Again(0, 0.5)


def test_attempts_and_time_are_limited() -> None:
    assert next_attempt(fault(ErrorKind.OVERLOADED), 0, [3], 0, SETTINGS, 0.5) is None
    assert next_attempt(fault(ErrorKind.OVERLOADED), 0, [1], 60, SETTINGS, 0.5) is None


def test_retry_after_is_honoured_in_full_or_not_at_all() -> None:
    assert next_attempt(fault(ErrorKind.RATE_LIMITED, 7), 0, [1], 0, SETTINGS, 0.5) == Again(0, 7)
    assert next_attempt(fault(ErrorKind.RATE_LIMITED, 61), 0, [1], 0, SETTINGS, 0.5) is None


def test_a_lost_connection_is_tried_again_at_once() -> None:
    assert next_attempt(fault(ErrorKind.UPSTREAM_BROKEN), 0, [1], 0, SETTINGS, 0.5) == Again(0, 0.0)


def test_a_refused_credential_is_not_tried_again_but_another_source_is() -> None:
    error = fault(ErrorKind.UPSTREAM_ERROR, passing=False)
    assert next_attempt(error, 0, [1], 0, SETTINGS, 0.5) is None
    assert next_attempt(error, 0, [1, 0], 0, SETTINGS, 0.5) == Again(1, 0.0)


def test_offers_take_turns() -> None:
    assert next_attempt(fault(ErrorKind.OVERLOADED), 1, [1, 1], 0, SETTINGS, 0.0) == Again(0, 0.25)
    assert next_attempt(fault(ErrorKind.OVERLOADED), 0, [2, 1], 0, SETTINGS, 0.0) is None


def test_only_sources_whose_fault_may_pass_are_asked_again() -> None:
    """One has no access and never will have; the other is overloaded."""
    forbidden, overloaded, never = fault(ErrorKind.FORBIDDEN), fault(ErrorKind.OVERLOADED), float("inf")
    assert next_attempt(forbidden, 1, [1, 1], 0, SETTINGS, 0.0, [0.0, never]) == Again(0, 0.25)
    assert next_attempt(overloaded, 1, [1, 1], 0, SETTINGS, 0.0, [never, 0.0]) == Again(1, 0.25)
    assert next_attempt(forbidden, 1, [1, 1], 0, SETTINGS, 0.0, [never, never]) is None
    assert next_attempt(forbidden, 1, [2, 1], 0, SETTINGS, 0.0, [0.0, never]) is None
    assert next_attempt(forbidden, 1, [1, 1], 0, SETTINGS, 0.0, [7.0, never]) == Again(0, 7.0)


class Unlimited:
    """No budgets."""

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        return offers


async def asked(answers: dict[str, list[GatewayError | None]]) -> tuple[list[str], list[float]]:
    """Which sources are asked in what order, and the waits between, where each answers as told."""
    clock, order = FakeClock(), []
    ledger = Ledger(clock, FakeJournal(), lambda _: None, lambda _: None)
    dispatcher = Dispatcher(ledger, Unlimited(), clock, FakeRandomness(), lambda: SETTINGS)
    exchange = Exchange("id", clock.now(), "test", "openai-chat", "chat")
    turn = Turn(exchange, Principal("k", "api_key"), codecs.get("openai-chat"), "m", False, {}, b"", clock.now)
    offers = [Offer(Provider(name, "http://x", "openai-chat", {}), "m", "openai-chat") for name in answers]

    async def attempt(offer: Offer) -> None:
        order.append(offer.provider.id)
        if error := answers[offer.provider.id].pop(0):
            raise error

    await dispatcher.run(turn, offers, attempt)
    return order, clock.slept


async def test_a_source_without_access_does_not_use_up_the_tries_of_one_that_is_overloaded() -> None:
    none, busy = fault(ErrorKind.FORBIDDEN), fault(ErrorKind.OVERLOADED)
    assert (await asked({"a": [none], "b": [busy, None]}))[0] == ["a", "b", "b"]
    assert (await asked({"a": [busy, None], "b": [none]}))[0] == ["a", "b", "a"]


async def test_the_wait_that_one_source_asked_for_is_kept_when_another_failed_since() -> None:
    limited = fault(ErrorKind.RATE_LIMITED, 7)
    order, slept = await asked({"a": [limited, None], "b": [fault(ErrorKind.NOT_FOUND)]})
    assert order == ["a", "b", "a"]
    assert slept == [7.0]

"""Rests: the ladder, probes, forgetting, and clocks that jump."""

from __future__ import annotations

import pytest

from crawdad.services.accounts.locks import Locks, State, as_stored, rest_seconds
from tests.support.services import ManualClock


class TwoClocks(ManualClock):
    """Wall time and monotonic time apart."""

    def __init__(self) -> None:
        super().__init__()
        self.steady = 1000.0

    def monotonic(self) -> float:
        return self.steady

    def advance(self, seconds: float) -> None:
        self.time += seconds
        self.steady += seconds


@pytest.mark.parametrize(
    ("reason", "failures", "told", "seconds"),
    [
        *(("quota", number, None, seconds) for number, seconds in ((1, 60), (2, 300), (3, 1800), (4, 7200), (9, 7200))),
        ("rate_limit", 1, None, 30),
        ("rate_limit", 2, None, 60),
        ("capacity", 1, None, 15),
        ("server_error", 1, None, 20),
        ("unknown", 1, None, 60),
        ("unknown", 50, None, 7200),
        ("rate_limit", 1, 1.0, 2),
        ("quota", 1, 42.3, 43),
        ("quota", 1, 0.5, 2),
        ("quota", 3, 7261.0, 7261),
        ("quota", 1, 4560.667, 4561),
        ("quota", 1, 1e9, 86400),
    ],
)
def test_how_long_a_rest_is(reason: str, failures: int, told: float | None, seconds: float) -> None:
    assert rest_seconds(reason, failures, told) == seconds


def fail_and_wait(locks: Locks, clock: TwoClocks, reason: str = "quota") -> float:
    lock = locks.fail("a", "m", reason, None)
    seconds = round(lock.deadline - clock.monotonic(), 6)
    clock.advance(seconds + 0.001)
    return seconds


def test_failed_probes_climb_the_ladder_and_a_success_resets_it() -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    assert [fail_and_wait(locks, clock) for _ in range(5)] == [60, 300, 1800, 7200, 7200]
    assert locks.succeed("a", "m") and not locks
    assert fail_and_wait(locks, clock) == 60


def test_a_storm_of_requests_under_way_counts_as_one_failure() -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    for _ in range(100):
        lock = locks.fail("a", "m", "quota", None)
    assert (lock.failures, lock.deadline - clock.monotonic()) == (1, 60)
    assert locks.fail("a", "m", "quota", 600.0).deadline - clock.monotonic() == 600, "what the vendor tells counts"


def test_failures_are_forgotten_after_an_hour_without_one() -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    fail_and_wait(locks, clock)
    clock.advance(3590)
    assert fail_and_wait(locks, clock) == 300
    clock.advance(3601)
    assert locks.state("a", "m") == (State.FREE, 0.0)
    assert fail_and_wait(locks, clock) == 60


def test_a_lock_is_of_an_account_and_a_model() -> None:
    locks = Locks(TwoClocks())
    locks.fail("a", "m", "rate_limit", 30.0)
    assert locks.state("a", "m") == (State.LOCKED, 30.0)
    assert locks.state("a", "other")[0] is locks.state("b", "m")[0] is State.FREE
    locks.fail("b", "m", "unauthorized", None)
    assert locks.state("b", "other")[0] is State.REFUSED, "a credential is of the whole account"


def test_exactly_one_probes() -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    fail_and_wait(locks, clock)
    key = locks.half_open("a", "m")
    assert key == ("a", "m") and locks.state("a", "m")[0] is State.HALF_OPEN
    assert locks.begin_probe(key) and not locks.begin_probe(key)
    assert locks.state("a", "m")[0] is State.PROBED
    locks.end_probe(key)
    assert locks.state("a", "m")[0] is State.HALF_OPEN, "a probe that settled nothing leaves the way to the next"


def test_an_answer_to_an_older_request_ends_no_wait_that_the_vendor_asked_for() -> None:
    locks = Locks(TwoClocks())
    locks.fail("a", "m", "rate_limit", 30.0)
    assert not locks.succeed("a", "m") and locks.state("a", "m")[0] is State.LOCKED
    locks.clear()
    locks.fail("a", "m", "server_error", None)
    assert locks.state("a", "m")[0] is State.RESTING and locks.succeed("a", "m")


def test_a_shorter_wait_the_vendor_asks_for_counts_more_than_our_own_rest() -> None:
    locks = Locks(TwoClocks())
    locks.fail("a", "m", "server_error", None)
    locks.fail("a", "m", "rate_limit", 5.0)
    assert locks.state("a", "m") == (State.LOCKED, 5.0)


@pytest.mark.parametrize("jump", [-1e9, -3600, 3600, 1e9])
def test_a_jump_of_the_wall_clock_changes_nothing(jump: float) -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    locks.fail("a", "m", "quota", None)
    clock.time += jump
    clock.advance(10)
    assert locks.state("a", "m") == (State.LOCKED, 50.0)


@pytest.mark.parametrize("jump", [-1e9, -3600.0])
def test_after_a_restart_nobody_rests_longer_than_was_asked_for(jump: float) -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    stored = as_stored(locks.fail("a", "m", "quota", None))
    clock.time += jump
    restarted = Locks(clock)
    restarted.restore([stored])
    assert restarted.state("a", "m") == (State.LOCKED, 60.0)


def test_a_restart_keeps_locks_and_failures() -> None:
    clock = TwoClocks()
    locks = Locks(clock)
    fail_and_wait(locks, clock)
    stored = [as_stored(locks.fail("a", "m", "quota", None))]
    clock.advance(100)
    restarted = Locks(clock)
    restarted.restore(stored)
    assert restarted.state("a", "m") == (State.LOCKED, 200.0)
    clock.advance(201)
    assert restarted.fail("a", "m", "quota", None).failures == 3


def test_changes_are_told_once_and_survive_a_failed_write() -> None:
    locks = Locks(TwoClocks())
    lock = locks.fail("a", "m", "quota", None)
    put, cleared = locks.changes()
    assert (put, cleared) == ([lock], set()) and locks.changes() == ([], set())
    locks.take_back(put, cleared)
    locks.clear("a")
    assert locks.changes() == ([], {("a", "m")})
    locks.restore([])
    assert not locks

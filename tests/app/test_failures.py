"""When starts that fail are looked into, when they are too many, and how long is waited between them."""

from __future__ import annotations

from crawdad.app.failures import Failures
from crawdad.app.process import Patience


def test_only_failures_within_the_window_count() -> None:
    patience = Patience()
    failures = Failures(patience)
    failures.note(0.0, 0.0, served=True)
    failures.note(patience.window - 1, 0.0, served=True)
    assert failures.count == 2
    failures.note(2 * patience.window, 0.0, served=True)
    assert failures.count == 1


def test_a_start_that_fails_slowly_is_no_less_a_failure() -> None:
    patience = Patience()
    failures = Failures(patience)
    failures.note(0.0, 0.0, served=False)
    failures.note(3 * patience.window, 1.0, served=False)
    assert failures.count == 2


def test_pauses_grow_to_a_bound_and_failures_become_too_many() -> None:
    patience = Patience()
    failures = Failures(patience)
    pauses, suspicious = [], []
    for number in range(patience.failures):
        assert not failures.are_too_many
        failures.note(number * 0.01, number * 0.01, served=False)
        pauses.append(failures.pause)
        suspicious.append(failures.are_suspicious)
    assert failures.are_too_many and suspicious.index(True) == patience.mend - 1 and suspicious.count(True) == 1
    assert pauses[0] == 0.0 and pauses == sorted(pauses) and pauses[-1] <= patience.longest_backoff
    failures.clear()
    assert failures.count == 0 and failures.pause == 0.0


def test_that_one_had_come_to_serve_is_known_for_as_long_as_it_counts() -> None:
    patience = Patience()
    failures = Failures(patience)
    failures.note(0.0, 0.0, served=True)
    failures.note(1.0, 1.0, served=False)
    assert failures.served
    failures.note(3 * patience.window, 3 * patience.window, served=False)
    assert not failures.served

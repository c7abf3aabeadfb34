"""What an upstream tells of a key."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.wire.rate_limits import Allowance, KeyStanding, read_key, rfc3339

FRIDAY = 1_796_384_645.0
"""2026-12-04T11:44:05Z."""


@pytest.mark.parametrize(
    ("period", "resets_at"),
    [
        ("daily", "2026-12-05T00:00:00Z"),
        ("weekly", "2026-12-07T00:00:00Z"),
        ("monthly", "2027-01-01T00:00:00Z"),
        (None, None),
        ("fortnightly", None),
    ],
)
def test_a_limit_and_when_it_is_whole_again(period: str | None, resets_at: str | None) -> None:
    told = {"data": {"limit": 100, "limit_remaining": 74.5, "limit_reset": period, "is_free_tier": False}}
    standing = read_key(told, FRIDAY)
    assert standing.allowance is not None and (standing.allowance.percentage, standing.plan) == (74, "paid")
    found = standing.allowance.resets_at
    assert (None if found is None else rfc3339(found)) == resets_at


def test_a_week_ends_on_monday_whatever_the_day() -> None:
    monday = 1_796_601_600.0
    assert rfc3339(monday) == "2026-12-07T00:00:00Z"
    for seconds in (1, 86_400, 3 * 86_400, 7 * 86_400):
        told = {"data": {"limit": 1, "limit_remaining": 1, "limit_reset": "weekly"}}
        assert read_key(told, monday - seconds).allowance == Allowance(100, monday)


@pytest.mark.parametrize(
    "told",
    [
        *(None, [], "x", {}, {"data": None}, {"data": []}, {"data": {}}),
        {"data": {"limit": None, "limit_remaining": None}},
        {"data": {"limit": True, "limit_remaining": 1}},
        {"data": {"limit": "5", "limit_remaining": "1", "is_free_tier": []}},
    ],
)
def test_nothing_is_made_up(told: Any) -> None:
    assert read_key(told, FRIDAY) == KeyStanding()


def test_more_than_was_there_and_less_than_nothing() -> None:
    for left, percentage in ((-3, 0), (0, 0), (7, 100)):
        told = {"data": {"limit": 5, "limit_remaining": left, "is_free_tier": True}}
        assert read_key(told, FRIDAY) == KeyStanding(Allowance(percentage, None), "free")

"""Budgets as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.budgets import PERIODS, UNITS, Budget
from crawdad.core.errors import GatewayError
from crawdad.services.budgets.notation import parse_budget, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5usd/day", Budget("usd", "day", 5)),
        ("$5/day", Budget("usd", "day", 5)),
        ("$0.50 / month", Budget("usd", "month", 0.5)),
        ("5 USD per day", Budget("usd", "day", 5)),
        ("2M tokens/month", Budget("tokens", "month", 2_000_000)),
        ("1.5k tokens/minute", Budget("tokens", "minute", 1500)),
        ("60 requests/min", Budget("requests", "minute", 60)),
        ("100usd", Budget("usd", "total", 100)),
        ("1000 requests/total", Budget("requests", "total", 1000)),
    ],
)
def test_it_is_understood(text: str, expected: Budget) -> None:
    assert parse_budget(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "5", "usd", "-5usd/day", "5usd/year", "5eur/day", "nan usd", "inf usd/day", "1e9 tokens", "$5 tokens/day",
     "5usd/day/day", "５usd/day", "5usd\n/day; drop", "9" * 400 + "usd", "5 usd day", "0x5usd"],
)  # fmt: skip
def test_other_things_are_refused_in_words(text: str) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_budget(text)
    assert "5usd/day" in refused.value.message()


@given(st.sampled_from(UNITS), st.sampled_from(PERIODS), st.integers(1, 10**12))
def test_what_is_written_is_read_back(unit: str, period: str, limit: int) -> None:
    budget = Budget(unit, period, float(limit))  # type: ignore[arg-type]
    assert parse_budget(written(budget)) == budget


@given(st.text(max_size=80))
def test_any_text_is_a_budget_or_refused(text: str) -> None:
    with suppress(GatewayError):
        assert parse_budget(text).limit >= 0

"""The scenarios of the clock."""

from __future__ import annotations

import pytest

from tests.drill.play import Company, play_or_skip
from tests.drill.scenario import Scenario
from tests.drill.scenarios import clock, of_module


@pytest.mark.parametrize("scenario", of_module(clock), ids=lambda each: each.name)
def test_clock(company: Company, scenario: Scenario) -> None:
    play_or_skip(company, scenario)

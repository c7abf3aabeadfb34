"""The scenarios of processes."""

from __future__ import annotations

import pytest

from tests.drill.play import Company, play_or_skip
from tests.drill.scenario import Scenario
from tests.drill.scenarios import of_module, process


@pytest.mark.parametrize("scenario", of_module(process), ids=lambda each: each.name)
def test_process(company: Company, scenario: Scenario) -> None:
    play_or_skip(company, scenario)

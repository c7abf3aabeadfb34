"""The scenarios of the disk."""

from __future__ import annotations

import pytest

from tests.drill.play import Company, play_or_skip
from tests.drill.scenario import Scenario
from tests.drill.scenarios import disk, of_module


@pytest.mark.parametrize("scenario", of_module(disk), ids=lambda each: each.name)
def test_disk(company: Company, scenario: Scenario) -> None:
    play_or_skip(company, scenario)

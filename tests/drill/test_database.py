"""The scenarios of the database."""

from __future__ import annotations

import pytest

from tests.drill.play import Company, play_or_skip
from tests.drill.scenario import Scenario
from tests.drill.scenarios import database, of_module


@pytest.mark.parametrize("scenario", of_module(database), ids=lambda each: each.name)
def test_database(company: Company, scenario: Scenario) -> None:
    play_or_skip(company, scenario)

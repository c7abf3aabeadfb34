"""The scenarios of the plugins."""

from __future__ import annotations

import pytest

from tests.drill.play import Company, play_or_skip
from tests.drill.scenario import Scenario
from tests.drill.scenarios import of_module, plugins


@pytest.mark.parametrize("scenario", of_module(plugins), ids=lambda each: each.name)
def test_plugins(company: Company, scenario: Scenario) -> None:
    play_or_skip(company, scenario)

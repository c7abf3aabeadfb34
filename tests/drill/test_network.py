"""The scenarios of the network."""

from __future__ import annotations

import pytest

from tests.drill.play import Company, play_or_skip
from tests.drill.scenario import Scenario
from tests.drill.scenarios import network, of_module


@pytest.mark.parametrize("scenario", of_module(network), ids=lambda each: each.name)
def test_network(company: Company, scenario: Scenario) -> None:
    play_or_skip(company, scenario)

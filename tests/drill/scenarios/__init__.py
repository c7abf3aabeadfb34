"""The scenarios, by what is at fault."""

from __future__ import annotations

from types import ModuleType

from tests.drill.scenario import Scenario
from tests.drill.scenarios import clock, configuration, database, disk, network, plugins, process

__all__ = ["ALL", "clock", "configuration", "database", "disk", "network", "of_module", "plugins", "process"]


def of_module(module: ModuleType) -> list[Scenario]:
    """A module's scenarios in their order."""
    return [each for each in vars(module).values() if isinstance(each, Scenario)]


ALL = [
    each for module in (process, plugins, configuration, database, disk, network, clock) for each in of_module(module)
]

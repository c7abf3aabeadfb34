"""The order of all tests, and what every test process does at its end."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.scheduling import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")

_LONGEST_FIRST = (
    *("e2e_openclaw_cli", "ui", "drill", "e2e_clis", "durability", "cluster", "app", "attacks", "e2e", "channels"),
    *("docs", "support_tests", "api", "plugins", "adapters", "store", "services", "core", "wire"),
)
"""By what a file of a suite takes: what comes last is short, and so several workers end at about the same time."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without the collector of garbage, and let it never look at them: they and their modules are a million
    objects, none of which goes before the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them in order; within a suite they stay as they are."""
    here = Path(__file__).parent
    places = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    files = {item.path for item in items}
    order = {file: places.get(file.relative_to(here).parts[0], len(places)) for file in files}
    items.sort(key=lambda item: order[item.path])


def pytest_sessionfinish() -> None:
    """The gateways of the last tests are gone, too."""
    if server := sys.modules.get("tests.support.server"):
        server.finish_ending()

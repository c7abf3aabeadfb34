"""One gateway of a test module with somebody signed in to its panel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway, settings


@pytest.fixture(scope="module")
def panel() -> Iterator[Panel]:
    with running_gateway(settings({})) as gateway:
        found = Panel(gateway)
        try:
            yield found
        finally:
            found.close()

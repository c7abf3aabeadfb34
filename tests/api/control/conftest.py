"""One gateway for the tests that change nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import Gateway, running_gateway, settings


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as running:
        yield running

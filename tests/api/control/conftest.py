"""One gateway for the tests that change nothing of it; the published schema for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.protocol_schema import NotInstalled, installed_schema
from tests.support.server import Gateway, running_gateway, settings


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _schema() -> None:
    with suppress(NotInstalled):  # `test_schema` says that it is not there
        installed_schema()

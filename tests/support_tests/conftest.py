"""The upstreams, each served once per test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.scripted import ScriptedUpstream


@pytest.fixture(scope="session")
def scripted() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def faulty() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as upstream:
        yield upstream

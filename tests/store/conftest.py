"""What all tests of the store share."""

from collections.abc import AsyncIterator

import pytest

from tests.store.clusters import Link, Pair, pair
from tests.support.services import database, database_url, postgres_url, redis_prefix

__all__ = ["database", "database_url", "postgres_url", "redis_prefix"]


@pytest.fixture(params=["in-process", pytest.param("redis", marks=pytest.mark.redis)])
async def clusters(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """A cluster as two processes see it: in-process (both are the same), then through Redis."""
    async with pair(request) as made:
        yield made


@pytest.fixture
async def link(redis_prefix: str) -> AsyncIterator[Link]:
    """A way to Redis that can be cut."""
    made = Link()
    await made.mend()
    yield made
    await made.cut()

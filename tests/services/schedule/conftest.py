"""What tests of the schedule share."""

from collections.abc import AsyncIterator

import pytest

from crawdad.store.database import Database
from tests.support.fakes import FakeClock
from tests.support.schedule import Office, office
from tests.support.services import database, database_url, postgres_url

__all__ = ["database", "database_url", "postgres_url"]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that begins on 1 January 2026, midnight UTC."""
    return FakeClock(1_767_225_600.0)


@pytest.fixture
async def desk(database: Database, clock: FakeClock) -> AsyncIterator[Office]:
    """One process with a scheduler."""
    async with office(database, clock) as opened:
        yield opened

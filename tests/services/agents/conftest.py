"""What the tests of agents share."""

from tests.support.services import database_url, postgres_url

__all__ = ["database_url", "postgres_url"]

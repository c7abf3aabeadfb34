"""What all tests of the store share."""

from tests.support.services import database, database_url, postgres_url, redis_prefix

__all__ = ["database", "database_url", "postgres_url", "redis_prefix"]

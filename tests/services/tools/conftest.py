"""What tests of tools share."""

from tests.support.services import database, database_url, postgres_url

__all__ = ["database", "database_url", "postgres_url"]
